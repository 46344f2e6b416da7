"""Funding: the example of docs/measures.md, a published funding gap, and what must add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake.core.flows import Flow
from offtake.measures.funding import Funding
from offtake.measures.owners import internal_owners
from tests.measures.ledger import Ledger, four_parties, on_device, random_ledger


def funding(ledger: Ledger) -> dict[str, np.ndarray]:
    outputs = Funding.build(ledger.book()).reduce(on_device(ledger.record()))
    assert set(outputs) == set(Funding.outputs)
    for name, value in outputs.items():
        assert value.ndim == len(Funding.outputs[name].dims) + 1, name
    return {name: np.asarray(value) for name, value in outputs.items()}


def test_four_parties_by_hand():
    # Years: 2026 (the opening and the first period), 2027, 2028.
    got = funding(four_parties())
    # 2026: promised 115 + 10 + 10 + 30 = 165, earned 40, liquidity 25, the loan 100.
    # 2027: promised 10 + 7 + 35 = 52, earned 30. 2028: 10 + (5.7 + 57 - 22) = 50.7, earned 12.
    assert got["need"][0, :, 0] == pytest.approx([100.0, 22.0, 38.7])
    assert got["gap"][0, :, 0] == pytest.approx([0.0, 22.0, 38.7])
    assert got["unfunded"][0, :, 0] == pytest.approx([0.0, 22.0, 38.7])
    assert got["cash"][0, :, 0] == pytest.approx([0.0, 0.0, 0.0])
    sources, uses = got["received"][0, :, :, 0], got["spent"][0, :, :, 0]
    assert sources[Flow.SALE] == pytest.approx([40.0, 30.0, 12.0])
    assert sources[Flow.CAPITAL_IN] == pytest.approx([100.0, 0.0, 0.0])
    assert sources.sum() == pytest.approx(182.0)
    assert uses[Flow.CAPITAL_COST] == pytest.approx([115.0, 0.0, 0.0])
    assert uses[Flow.RUNNING_COST] == pytest.approx([10.0, 10.0, 10.0])
    assert uses[Flow.INTEREST] == pytest.approx([10.0, 7.0, 2.0])
    assert uses[Flow.PRINCIPAL] == pytest.approx([30.0, 13.0, 0.0])
    assert uses.sum() == pytest.approx(207.0)


def lab() -> Ledger:
    """HSBC's note of November 2025 on OpenAI, bn USD: free cash flow -282 to 2030 (revenue 510 and
    rent 792 stand for it), liquidity 17.5, injections and sales of shares 26, facilities 24.
    """
    ledger = Ledger(
        {"lab": "internal", "landlords": "external", "users": "external", "markets": "external"},
        periods=2,
        kinds={"injections": "common_equity", "facilities": "revolver", "round": "equity_raise"},
    )
    ledger.cash("lab", 17.5)
    ledger.claim("users", "users", "lab", Flow.SALE, paid={1: 510.0})
    ledger.claim("injections", "markets", "lab", Flow.CAPITAL_IN, paid={1: 26.0}, form="support")
    ledger.claim("facilities", "markets", "lab", Flow.CAPITAL_IN, paid={1: 24.0}, form="support")
    ledger.claim("round", "markets", "lab", Flow.CAPITAL_IN, paid={1: 100.0}, form="support")
    ledger.claim("rent", "lab", "landlords", Flow.RUNNING_COST, claimed={1: 792.0}, paid={1: 677.5})
    ledger.publish("rent", arrears=0.0)
    return ledger


def test_a_published_funding_gap():
    # 282 - 26 - 24 - 17.5: the note's components; its own total is 207.
    got = funding(lab())
    assert got["need"][0, 0, 0] == pytest.approx(282.0 - 17.5)
    assert got["gap"][0, 0, 0] == pytest.approx(214.5)
    assert got["unfunded"][0, 0, 0] == pytest.approx(114.5)  # of which 100 were raised


def test_what_one_year_leaves_unpaid_is_no_gap_of_the_next():
    ledger = Ledger({"firm": "internal", "landlord": "external", "users": "external"}, periods=4)
    ledger.claim(
        "rent",
        "firm",
        "landlord",
        Flow.RUNNING_COST,
        claimed={1: 10.0, 2: 20.0, 3: 14.0},
        paid={1: 0.0, 2: 16.0, 3: 14.0},
    )
    ledger.claim("sales", "users", "firm", Flow.SALE, paid={2: 16.0, 3: 14.0})
    ledger.publish("rent", arrears=0.0)
    got = funding(ledger)
    assert got["gap"][0, :, 0] == pytest.approx([10.0, 0.0, 0.0])
    assert got["unfunded"][0, :, 0] == pytest.approx([10.0, 0.0, 0.0])


def test_money_left_over_lowers_the_need_of_the_next_year():
    ledger = Ledger({"firm": "internal", "vendor": "external", "bank": "external"}, periods=3)
    ledger.claim("loan", "bank", "firm", Flow.CAPITAL_IN, paid={1: 30.0})
    ledger.claim("order", "firm", "vendor", Flow.CAPITAL_COST, paid={1: 20.0, 2: 10.0})
    got = funding(ledger)
    assert got["need"][0, :, 0] == pytest.approx([20.0, 0.0])
    assert got["cash"][0, :, 0] == pytest.approx([10.0, 0.0])


@given(seed=st.integers(0, 2**32 - 1))
def test_sources_less_uses_are_the_change_of_cash_and_the_gap_is_accounted_for(seed):
    ledger = random_ledger(seed)
    ledger.kinds = {"deal0": "equity_raise", "deal1": "equity_raise"}
    record, book = ledger.record(), ledger.book()
    got = funding(ledger)
    measure = Funding.build(book)
    scale = 1.0 + record.months.paid.sum()
    opening = measure.holds @ record.values[measure.opening]
    change = (got["received"] - got["spent"]).sum(axis=1)
    before = np.concatenate([opening[:, None], got["cash"][:, :-1]], axis=1)
    assert np.abs(before + change - got["cash"]).max() <= 1e-12 * scale

    years = [np.flatnonzero(measure.year == y) for y in range(len(measure.last))]
    paid = np.stack([record.months.paid[t].sum(axis=0) for t in years])
    owner = dict(zip(ledger.names, ledger.names, strict=True)) | ledger.owners
    raised = np.zeros_like(got["gap"])
    residual = np.zeros_like(got["gap"])
    for c, line in enumerate(ledger.lines):
        payer, payee = (owner[ledger.names[i]] for i in (line.label.payer, line.label.payee))
        for a, party in enumerate(internal_owners(book)):
            name, claim = ledger.names[party], line.label
            capital = claim.form == "support" or (
                claim.flow == Flow.CAPITAL_IN and claim.form != "recovery"
            )
            if payer != payee and payee == name and capital and claim.contract in ledger.kinds:
                raised[a] += paid[:, c]
            if payer != payee and payer == name and claim.form == "residual":
                residual[a] += paid[:, c]
    explained = raised + got["unfunded"] - got["cash"] - residual
    open_gap = (got["gap"] > 1e-9 * scale) & (got["unfunded"] > 0.0)
    assert np.abs(np.where(open_gap, explained - got["gap"], 0.0)).max() <= 1e-9 * scale
