"""Who pays: every figure of the example in docs/measures.md, and the cases around it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.core.flows import Flow
from offtake.measures.who_pays import WhoPays
from tests.measures.ledger import Ledger, four_parties, on_device, random_ledger


def figures(ledger: Ledger) -> dict[str, dict[str, float]]:
    """Figure -> party -> USD of the first path."""
    outputs = WhoPays.build(ledger.book()).reduce(on_device(ledger.record()))
    assert set(outputs) == set(WhoPays.outputs)
    return {
        name: dict(zip(ledger.names, np.asarray(value)[:, 0].tolist(), strict=True))
        for name, value in outputs.items()
    }


def test_four_parties_by_hand():
    # Discount factors at 25 %: 1, 0.8, 0.64, 0.512.
    got = figures(four_parties())
    assert got["fronted"] == pytest.approx(
        {"bank": 100.0, "company": 0.0, "customer": 0.0, "vendor": 0.0}
    )
    # Bank: 40 x 0.8 + 20 x 0.64 + 2 x 0.512.
    assert got["returned"]["bank"] == pytest.approx(32.0 + 12.8 + 1.024)
    assert got["loss"] == pytest.approx(
        {"bank": 54.176, "company": 0.0, "customer": 0.0, "vendor": 0.0}
    )
    assert got["net"] == pytest.approx(
        {
            "bank": 54.176,
            "customer": 40 * 0.8 + 30 * 0.64 + 12 * 0.512,  # 57.344
            "vendor": -(115 + 10 * 0.8 + 10 * 0.64 + 10 * 0.512),  # -134.520
            "company": 15 + 10 * 0.8,  # its own cash, spent: 25 -> 10 -> 0
        }
    )
    # Bank: 3.7 of interest and 57 of principal at the end; the 22 unpaid in year 2 are among them.
    # Company: what the customer's default took from it, 20 in year 2 and 8 in year 3.
    assert got["shortfall"] == pytest.approx(
        {"bank": 60.7 * 0.512, "company": 20 * 0.64 + 8 * 0.512, "customer": 0.0, "vendor": 0.0}
    )
    assert got["unreturned"]["bank"] == pytest.approx(100 - 62)


def test_a_loan_that_runs_past_the_horizon_is_open_not_lost():
    ledger = four_parties()
    ledger.publish("loan", balance=57.0, accelerated=0.0)
    got = figures(ledger)
    assert got["open"]["bank"] == pytest.approx(57 * 0.512)
    assert got["loss"]["bank"] == pytest.approx(54.176 - 29.184)
    assert got["returned"]["bank"] == pytest.approx(45.824)
    assert got["unreturned"]["bank"] == 0.0  # 38 are out and 57 are open


def test_a_holding_is_open_at_what_it_states():
    ledger = Ledger({"company": "internal", "fund": "external", "shop": "external"}, 3, rate=0.25)
    ledger.claim("shares", "fund", "company", Flow.CAPITAL_IN, paid={0: 100.0})
    ledger.claim("spend", "company", "shop", Flow.CAPITAL_COST, paid={0: 90.0})
    ledger.claim("shares", "company", "fund", Flow.DISTRIBUTION, paid={1: 10.0}, form="residual")
    ledger.publish("shares", holding=75.0)
    got = figures(ledger)
    # 75 in two years at 25 % are 48; 10 in one are 8.
    assert got["open"] == pytest.approx({"fund": 48.0, "company": 0.0, "shop": 0.0})
    assert got["loss"]["fund"] == pytest.approx(100 - 48 - 8)
    assert got["unreturned"]["fund"] == pytest.approx(100 - 75 - 10)


def test_a_guarantor_pays_and_recovers():
    ledger = Ledger(
        {"company": "internal", "parent": "internal", "bank": "external", "customer": "external"},
        periods=3,
        rate=0.25,
    )
    ledger.cash("parent", 50.0)
    ledger.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={0: 40.0})
    ledger.claim("spend", "company", "customer", Flow.CAPITAL_COST, paid={0: 40.0})
    ledger.claim("loan", "company", "bank", Flow.PRINCIPAL, paid={1: 40.0})
    ledger.claim("promise", "parent", "company", Flow.SUPPORT, paid={1: 40.0}, form="support")
    ledger.claim("sales", "customer", "company", Flow.SALE, paid={2: 15.0})
    ledger.claim(
        "promise",
        "company",
        "parent",
        Flow.SUPPORT,
        form="recovery",
        claimed={1: 40.0, 2: 40.0},
        paid={1: 0.0, 2: 15.0},
    )
    got = figures(ledger)
    assert got["supports"]["parent"] == pytest.approx(32.0)
    assert got["fronted"]["parent"] == 0.0
    assert got["returned"]["parent"] == pytest.approx(15 * 0.64)
    assert got["loss"]["parent"] == pytest.approx(32.0 - 9.6)
    assert got["returned"]["bank"] == pytest.approx(32.0)
    assert got["loss"]["bank"] == pytest.approx(8.0)  # repaid in full, but without interest
    assert got["unreturned"]["bank"] == 0.0
    assert got["shortfall"]["parent"] == pytest.approx(25 * 0.64)
    assert got["loss"]["company"] == 0.0
    assert got["returned"]["company"] == 0.0  # what it drew is not its own money coming back


def underwritten() -> Ledger:
    """A note whose floor the state adds to, for a premium: 100 in, 60 and 30 back in two years."""
    ledger = Ledger(
        {"issuer": "internal", "state": "external", "holder": "external", "town": "external"},
        periods=3,
        rate=0.25,
    )
    ledger.claim("note", "holder", "issuer", Flow.CAPITAL_IN, paid={0: 100.0})
    ledger.claim("spend", "issuer", "town", Flow.CAPITAL_COST, paid={0: 95.0})
    ledger.claim("note", "issuer", "state", Flow.RUNNING_COST, paid={0: 5.0})
    ledger.claim("sales", "town", "issuer", Flow.SALE, paid={1: 60.0})
    ledger.claim("note", "issuer", "holder", Flow.PRINCIPAL, paid={1: 60.0})
    ledger.claim("note", "state", "holder", Flow.SUPPORT, paid={2: 30.0})
    return ledger


def test_a_support_claimed_by_formula_is_a_support():
    got = figures(underwritten())
    assert got["supports"] == pytest.approx(
        {"issuer": 0.0, "state": 30 * 0.64, "holder": 0.0, "town": 0.0}
    )
    assert got["returned"]["state"] == pytest.approx(5.0)  # its premium
    assert got["loss"]["state"] == pytest.approx(30 * 0.64 - 5.0)
    assert got["unreturned"]["state"] == pytest.approx(25.0)
    # The floor brings the holder its money back.
    assert got["returned"]["holder"] == pytest.approx(60 * 0.8 + 30 * 0.64)
    assert got["loss"]["holder"] == pytest.approx(100 - 48 - 19.2)
    assert got["loss"]["issuer"] == got["returned"]["issuer"] == 0.0


def test_a_premium_under_another_contract_is_not_returned():
    ledger = underwritten()
    ledger.claim("permit", "town", "state", Flow.RUNNING_COST, paid={1: 7.0})
    assert figures(ledger)["returned"]["state"] == pytest.approx(5.0)


def test_what_is_paid_as_a_sale_is_trade():
    """A backstop pays for idle hours: it buys them, and has what it paid and was paid in `net`."""
    ledger = Ledger({"owner": "internal", "backstop": "external"}, periods=2, rate=0.25)
    ledger.claim("cover", "backstop", "owner", Flow.SALE, paid={1: 10.0})
    ledger.claim("cover", "owner", "backstop", Flow.RUNNING_COST, paid={1: 4.0})
    got = figures(ledger)
    assert got["supports"]["backstop"] == got["loss"]["backstop"] == 0.0
    assert got["returned"]["backstop"] == 0.0
    assert got["net"]["backstop"] == pytest.approx(6 * 0.8)


def test_draws_of_committed_money_are_fronted():
    ledger = Ledger({"company": "internal", "fund": "external", "vendor": "external"}, periods=2)
    ledger.claim("equity", "fund", "company", Flow.CAPITAL_IN, paid={0: 30.0}, form="support")
    ledger.claim("order", "company", "vendor", Flow.CAPITAL_COST, paid={0: 30.0})
    got = figures(ledger)
    assert got["fronted"]["fund"] == 30.0
    assert got["supports"]["fund"] == 0.0
    assert got["loss"]["fund"] == 30.0


def test_an_account_is_its_owner():
    ledger = Ledger(
        {"company": "internal", "reserve": "account", "bank": "external", "customer": "external"},
        periods=3,
        owners={"reserve": "company"},
    )
    ledger.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={0: 100.0})
    ledger.claim("fill", "company", "reserve", Flow.CAPITAL_IN, paid={0: 10.0})
    ledger.claim("order", "company", "customer", Flow.CAPITAL_COST, paid={0: 90.0})
    ledger.claim("fill", "reserve", "company", Flow.SUPPORT, paid={1: 10.0}, form="support")
    ledger.claim("loan", "company", "bank", Flow.INTEREST, paid={1: 10.0})
    got = figures(ledger)
    for figure in ("fronted", "supports", "returned", "loss", "net", "shortfall"):
        assert got[figure]["reserve"] == 0.0
    assert got["fronted"]["company"] == 0.0
    assert got["supports"]["company"] == 0.0
    assert got["net"]["company"] == 0.0


def test_receipts_of_a_supplier_are_not_returned():
    ledger = Ledger({"company": "internal", "vendor": "external"}, periods=2)
    ledger.cash("company", 10.0)
    ledger.claim("order", "company", "vendor", Flow.FEE, paid={0: 10.0})
    got = figures(ledger)
    assert got["returned"]["vendor"] == 0.0
    assert got["net"]["vendor"] == -10.0


def shortfall_of(publishes: tuple[str, ...], payer: str, claimed: list[float], paid: list[float]):
    ledger = Ledger({"firm": "internal", "other": "internal", "client": "external"}, periods=3)
    ledger.cash("firm", 1e3)
    months = dict(enumerate(claimed))
    given = dict(enumerate(paid))
    ledger.claim("deal", payer, "other", Flow.SALE, claimed=months, paid=given)
    ledger.publish("deal", **dict.fromkeys(publishes, 0.0))
    return figures(ledger)["shortfall"]["other"]


@pytest.mark.parametrize(
    ("publishes", "payer", "claimed", "paid", "short", "why"),
    [
        (("arrears",), "firm", [10, 16, 22], [4, 4, 4], 18, "carried: owed at the end"),
        (("arrears",), "firm", [10, 16, 12], [4, 14, 12], 0, "late is not short"),
        (("arrears",), "firm", [10, 6, 0], [4, 0, 0], 6, "given up after a month"),
        (("outstanding",), "firm", [10, 2, 0], [4, 2, 0], 4, "cancelled, but for a fee"),
        ((), "firm", [10, 10, 10], [4, 4, 4], 18, "not carried: lost each month"),
        (("arrears",), "client", [10, 10, 10], [4, 4, 4], 18, "a default settles what it leaves"),
        (("outstanding",), "client", [10, 6, 6], [4, 0, 0], 6, "an order is claimed from anybody"),
        (("arrears",), "firm", [10, 10, 10], [10, 10, 10 - 1e-9], 0, "rounding is not a shortfall"),
    ],
)
def test_what_is_promised_is_short_once(publishes, payer, claimed, paid, short, why):
    assert shortfall_of(publishes, payer, claimed, paid) == pytest.approx(short, abs=1e-12), why


def test_an_unpaid_fee_that_returns_as_interest_is_one_promise():
    ledger = Ledger({"firm": "internal", "bank": "external"}, periods=2)
    ledger.claim("loan", "firm", "bank", Flow.FEE, claimed={0: 5.0}, paid={0: 0.0})
    ledger.claim("loan", "firm", "bank", Flow.INTEREST, claimed={1: 5.5}, paid={1: 0.0})
    ledger.publish("loan", balance=0.0)
    assert figures(ledger)["shortfall"]["bank"] == pytest.approx(5.5)


@given(seed=st.integers(0, 2**32 - 1), rate=st.floats(0.0, 0.5))
def test_net_sums_to_zero_and_promises_are_kept_or_lost(seed, rate):
    ledger = random_ledger(seed, rate)
    record = ledger.record()
    outputs = WhoPays.build(ledger.book()).reduce(on_device(record))
    net = np.asarray(outputs["net"])
    gross = 1.0 + record.months.paid.sum(axis=(0, 1))
    assert np.all(np.abs(net.sum(axis=0)) <= 1e-12 * gross)
    for name in ("fronted", "supports", "returned", "open", "loss", "shortfall", "unreturned"):
        assert np.all(np.asarray(outputs[name]) >= 0.0), name
    invested = np.asarray(outputs["fronted"] + outputs["supports"])
    assert np.all(np.asarray(outputs["loss"]) <= invested)


def test_the_page_shows_what_is_computed(repository):
    page = (repository / "docs" / "measures.md").read_text(encoding="utf-8")
    table = page.split("<!-- four parties: who pays -->")[1].split("\n\n")[0].strip().splitlines()
    header, _, *rows = ([cell.strip() for cell in row.strip("|").split("|")] for row in table)
    got = figures(four_parties())
    assert [row[0] for row in rows] == list(four_parties().names)
    for party, *cells in rows:
        for figure, cell in zip(header[1:], cells, strict=True):
            assert got[figure][party] == pytest.approx(float(cell)), (party, figure)
