"""Tracing: the example of docs/measures.md, circles, and what must hold of any payments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.core.flows import Flow
from offtake.measures.tracing import Traced, trace
from tests.measures.ledger import Ledger, four_parties, random_ledger


def traced(ledger: Ledger) -> Traced:
    record = ledger.record()
    return trace(ledger.book(), record.months.paid, record.months.cash, ledger.rate)


def use(result: Traced, name: str) -> dict[str, float]:
    amounts = result.amounts[result.uses.index(name), :, 0]
    return dict(zip(result.sources, amounts.tolist(), strict=True))


def own_money(result: Traced, party: str) -> tuple[float, float, float]:
    """Receipts, own money among them, and receipts netted, of the first path."""
    f = result.parties.index(party)
    return result.receipts[f, 0], result.own[f, 0], result.netted[f, 0]


def test_four_parties_by_hand():
    # Opening: 25 own and 100 of the bank, so 20 % and 80 %; 115 leave, 10 stay. Year 1: 2, 8 and 40
    # of the customer, so 4 %, 16 % and 80 %; all of it leaves. Later only the customer pays in.
    got = traced(four_parties())
    own, bank, customer, vendor = "company (opening cash)", "bank", "customer", "vendor"
    assert use(got, "vendor: capital cost") == pytest.approx(
        {own: 23.0, bank: 92.0, customer: 0.0, vendor: 0.0}
    )
    assert use(got, "vendor: running cost") == pytest.approx(
        {own: 0.32, bank: 1.28, customer: 6.4 + 6.4 + 5.12, vendor: 0.0}
    )
    assert use(got, "bank: interest") == pytest.approx(
        {own: 0.32, bank: 1.28, customer: 6.4 + 4.48 + 1.024, vendor: 0.0}
    )
    assert use(got, "bank: principal") == pytest.approx(
        {own: 0.96, bank: 3.84, customer: 19.2 + 8.32, vendor: 0.0}
    )
    assert sum(use(got, "company: cash at the horizon").values()) == pytest.approx(0.0)
    assert own_money(got, "bank") == pytest.approx((45.824, 5.12, 0.0))


@pytest.mark.parametrize("kind", ["external", "internal"])
def test_a_vendor_that_invests_10_and_sells_35(kind):
    # Its own money is 10 of the 35, whether it has other cash or pays the 10 out of the 35.
    order = {"lab": "internal", "vendor": kind, "customers": "external"}
    ledger = Ledger(order, periods=1)
    ledger.claim("stake", "vendor", "lab", Flow.CAPITAL_IN, paid={0: 10.0})
    ledger.claim("tokens", "customers", "lab", Flow.SALE, paid={0: 25.0})
    ledger.claim("chips", "lab", "vendor", Flow.CAPITAL_COST, paid={0: 35.0})
    receipts, own, netted = own_money(traced(ledger), "vendor")
    assert (receipts, own / receipts, netted) == pytest.approx((35.0, 10 / 35, 0.0))


def test_own_money_waits_in_balances():
    ledger = Ledger(
        {"lab": "internal", "vendor": "external", "customers": "external", "staff": "external"},
        periods=3,
    )
    ledger.claim("stake", "vendor", "lab", Flow.CAPITAL_IN, paid={0: 10.0})
    ledger.claim("tokens", "customers", "lab", Flow.SALE, paid={0: 25.0, 2: 21.0})
    ledger.claim("pay", "lab", "staff", Flow.RUNNING_COST, paid={1: 14.0})
    ledger.claim("chips", "lab", "vendor", Flow.CAPITAL_COST, paid={2: 42.0})
    # 35 in, 14 out, 21 left of which 6 are the vendor's; with 21 more of customers: 6 of 42.
    assert own_money(traced(ledger), "vendor")[:2] == pytest.approx((42.0, 6.0))


def test_only_capital_in_becomes_own_money():
    ledger = Ledger({"lab": "internal", "vendor": "external"}, periods=1)
    ledger.claim("rent", "vendor", "lab", Flow.SALE, paid={0: 10.0})
    ledger.claim("stake", "vendor", "lab", Flow.CAPITAL_IN, paid={0: 10.0})
    ledger.claim("chips", "lab", "vendor", Flow.CAPITAL_COST, paid={0: 20.0})
    assert own_money(traced(ledger), "vendor")[:2] == pytest.approx((20.0, 10.0))


def test_a_circle_without_a_source_is_netted():
    ledger = Ledger(
        {"a": "internal", "b": "internal", "c": "internal", "x": "external"}, periods=2, rate=0.25
    )
    ledger.cash("c", 5.0)
    ledger.claim("stake", "a", "b", Flow.CAPITAL_IN, paid={1: 40.0})
    ledger.claim("chips", "b", "a", Flow.CAPITAL_COST, paid={1: 40.0})
    ledger.claim("other", "c", "x", Flow.RUNNING_COST, paid={1: 5.0})
    got = traced(ledger)
    assert own_money(got, "a") == pytest.approx((0.0, 0.0, 32.0))
    assert own_money(got, "b") == pytest.approx((0.0, 0.0, 32.0))
    assert use(got, "x: running cost")["c (opening cash)"] == pytest.approx(4.0)
    assert got.amounts.sum() == pytest.approx(4.0)


def test_a_circle_that_a_cent_enters_is_traced():
    ledger = Ledger({"a": "internal", "b": "internal", "x": "external"}, periods=1)
    ledger.cash("a", 0.01)
    ledger.claim("stake", "a", "b", Flow.CAPITAL_IN, paid={0: 1e6})
    ledger.claim("chips", "b", "a", Flow.CAPITAL_COST, paid={0: 1e6})
    ledger.claim("cost", "a", "x", Flow.RUNNING_COST, paid={0: 0.01})
    got = traced(ledger)
    assert use(got, "x: running cost")["a (opening cash)"] == pytest.approx(0.01, rel=1e-12)
    assert own_money(got, "a") == pytest.approx((1e6, 1e6, 0.0))


def test_an_account_keeps_its_own_pool_and_its_owners_name():
    ledger = Ledger(
        {"firm": "internal", "reserve": "account", "bank": "external", "users": "external"},
        periods=2,
        owners={"reserve": "firm"},
    )
    ledger.cash("reserve", 10.0)
    ledger.claim("sales", "users", "firm", Flow.SALE, paid={0: 30.0})
    ledger.claim("fill", "firm", "reserve", Flow.CAPITAL_IN, paid={0: 30.0})
    ledger.claim("fill", "reserve", "firm", Flow.SUPPORT, paid={1: 20.0}, form="support")
    ledger.claim("loan", "firm", "bank", Flow.INTEREST, paid={1: 20.0})
    got = traced(ledger)
    assert "reserve" not in got.parties
    assert use(got, "bank: interest") == pytest.approx(
        {"bank": 0.0, "users": 15.0, "firm (opening cash)": 5.0}
    )
    assert use(got, "firm: cash at the horizon") == pytest.approx(
        {"bank": 0.0, "users": 15.0, "firm (opening cash)": 5.0}
    )
    assert own_money(got, "firm") == pytest.approx((30.0, 0.0, 0.0))


@given(seed=st.integers(0, 2**32 - 1))
def test_every_dollar_has_one_source(seed):
    ledger = random_ledger(seed, rate=0.0)
    record, got = ledger.record(), traced(ledger)
    scale = 1.0 + record.months.paid.sum(axis=(0, 1))
    paid = record.months.paid.sum(axis=0)
    for u, name in enumerate(got.uses):
        party, what = name.split(": ")
        index = ledger.names.index(party)
        if what == "cash at the horizon":
            mine = [i for i, n in enumerate(ledger.names) if ledger.owners.get(n, n) == party]
            whole = sum(record.months.cash[-1, i] for i in mine)
        else:
            whole = sum(
                paid[c]
                for c, line in enumerate(ledger.lines)
                if line.label.payee == index
                and Flow(line.label.flow).name.lower() == what.replace(" ", "_")
            )
        assert np.all(np.abs(got.amounts[u].sum(axis=0) - whole) <= 1e-9 * scale), name
    assert np.all(got.amounts >= 0.0)
    brought = got.amounts.sum(axis=0)
    for s, name in enumerate(got.sources):
        if name in ledger.names:
            index = ledger.names.index(name)
            whole = sum(paid[c] for c, n in enumerate(ledger.lines) if n.label.payer == index)
        else:
            owner = name.removesuffix(" (opening cash)")
            mine = [n for n in ledger.names if ledger.owners.get(n, n) == owner]
            whole = sum(np.broadcast_to(ledger.opening.get(n, 0.0), 3) for n in mine)
        assert np.all(np.abs(brought[s] - whole) <= 1e-9 * scale), name
    assert np.all(got.own >= 0.0)
    assert np.all(got.own <= got.receipts * (1.0 + 1e-9) + 1e-9)


@given(seed=st.integers(0, 2**32 - 1))
def test_the_month_solves_its_linear_system(seed):
    # One period, no cash: the compositions against numpy.linalg, from the definition.
    ledger = random_ledger(seed, rate=0.0, periods=1, paths=1)
    record, got = ledger.record(), traced(ledger)
    names, n = ledger.names, ledger.internal
    flow, brought = np.zeros((n, n)), np.zeros((n, len(got.sources)))
    for i in range(n):
        owner = ledger.owners.get(names[i], names[i])
        cash = float(np.asarray(ledger.opening.get(names[i], 0.0)).ravel()[0])
        brought[i, got.sources.index(f"{owner} (opening cash)")] += cash
    for c, line in enumerate(ledger.lines):
        payer, payee, amount = line.label.payer, line.label.payee, record.months.paid[0, c, 0]
        if payee < n and payer < n:
            flow[payer, payee] += amount
        elif payee < n:
            brought[payee, got.sources.index(names[payer])] += amount
    pool = brought.sum(axis=1) + flow.sum(axis=0)
    matrix = np.diag(pool) - flow.T
    if got.netted.max() > 0.0 or np.linalg.cond(matrix + np.diag(pool <= 0.0)) > 1e8:
        return
    made = np.linalg.solve(matrix + np.diag(1.0 * (pool <= 0.0)), brought)
    expected = np.zeros((len(got.uses), len(got.sources)))
    for c, line in enumerate(ledger.lines):
        payer, payee, amount = line.label.payer, line.label.payee, record.months.paid[0, c, 0]
        if payee >= n:
            what = Flow(line.label.flow).name.lower().replace("_", " ")
            u = got.uses.index(f"{names[payee]}: {what}")
            whose = made[payer] if payer < n else np.eye(len(got.sources))[payer - n]
            expected[u] += amount * whose
    out = [u for u, name in enumerate(got.uses) if not name.endswith("at the horizon")]
    assert np.abs(got.amounts[out, :, 0] - expected[out]).max(initial=0.0) <= 1e-9 * (
        1 + pool.sum()
    )
