"""Clearing against published and hand-worked cases (DESIGN §5.4-5.6).

Parties are numbers; those below `internal` have limited cash.
"""

import numpy as np
import pytest

from offtake.engine.clear import UNLIMITED, Cleared
from tests.engine.networks import Claims


def paid(network: Claims, cleared: Cleared) -> dict[str, float]:
    """What was paid on every claim of the first path."""
    return {name: float(cleared.paid[k, 0]) for k, name in enumerate(network.names)}


def claimed(network: Claims, cleared: Cleared) -> dict[str, float]:
    return {name: float(cleared.claimed[k, 0]) for k, name in enumerate(network.names)}


def in_order(cleared: Cleared) -> np.ndarray:
    assert float(np.max(cleared.residual)) <= 1e-12
    assert float(np.max(cleared.violations)) <= 1e-12
    return np.asarray(cleared.paid)[:, 0]


# ------------------------------------------------------------------------- Eisenberg and Noe (2001)


def three_banks(cash: list[float]) -> Claims:
    """The three banks of Elsinger, Lehar and Summer (2006): who owes whom."""
    network = Claims(3, 3, cash)
    for payer, payee, amount in ((0, 2, 2.0), (1, 0, 3.0), (1, 2, 1.0), (2, 0, 3.0), (2, 1, 1.0)):
        network.owe(payer, payee, amount)
    return network


def test_published_example_of_three_banks():
    """Total payments (2, 28/15, 52/15); banks 2 and 3 are in default."""
    flows = in_order(three_banks([1.0, 1.0, 1.0]).clear())
    totals = [flows[0], flows[1] + flows[2], flows[3] + flows[4]]
    np.testing.assert_allclose(totals, [2.0, 28 / 15, 52 / 15], rtol=0, atol=1e-13)
    np.testing.assert_allclose(flows[1] / flows[2], 3.0, rtol=1e-13)  # pro rata


def test_two_parties_without_cash_take_the_greatest_solution():
    """Each owes the other 1 and has nothing: every p in [0, 1] solves it (their section 2.4)."""
    network = Claims(2, 2, [0.0, 0.0])
    network.owe(0, 1, 1.0)
    network.owe(1, 0, 1.0)
    np.testing.assert_array_equal(in_order(network.clear()), [1.0, 1.0])


def test_unequal_claims_without_cash_take_the_smaller():
    """10 against 4: 4 goes round; what is owed beyond it cannot come from anywhere."""
    network = Claims(2, 2, [0.0, 0.0])
    network.owe(0, 1, 10.0)
    network.owe(1, 0, 4.0)
    np.testing.assert_array_equal(in_order(network.clear()), [4.0, 4.0])


def test_value_of_equity_adds_up_to_the_cash_that_exists():
    """What all parties are worth after clearing is what they had before it (their section 3)."""
    network = three_banks([1.0, 0.3, 0.7])
    flows = in_order(network.clear())
    wealth = np.array(network.cash)
    for line, amount in zip(network.lines, flows, strict=True):
        wealth[line.payer[0]] -= amount
        wealth[line.payee[0]] += amount
    assert wealth.min() >= -1e-13
    assert wealth.sum() == pytest.approx(2.0, abs=1e-14)


def test_payments_increase_are_concave_and_do_not_expand_in_cash():
    """Their lemma 5, along a line of cash that takes the parties out of default."""
    line = np.linspace(0.0, 3.0, 12)
    cash = np.stack([line, 0.2 + line, 0.1 + 0.7 * line])
    cleared = three_banks([0.0, 0.0, 0.0]).clear(cash=cash)
    totals = np.asarray(cleared.paid)
    totals = np.stack([totals[0], totals[1] + totals[2], totals[3] + totals[4]])
    step = np.diff(totals, axis=1)
    assert step.min() >= -1e-14
    assert np.diff(step, axis=1).max() <= 1e-13
    assert np.all(step.sum(axis=0) <= 4.0 * np.diff(cash.sum(axis=0)))
    short = np.array([2.0, 4.0, 4.0])[:, None] - totals
    assert list(short[:, 0] > 0.0) == [False, True, True]
    assert np.all(short[:, -1] <= 1e-14)


def test_default_spreads_as_far_as_buffers_are_thin():
    """A chain: the first fails, the second has a buffer of 2, so the third is short by 1."""
    network = Claims(4, 5, [7.0, 2.0, 0.0, 50.0])
    for payer in range(3):
        network.owe(payer, payer + 1, 10.0)
    network.owe(3, 4, 10.0)
    np.testing.assert_allclose(in_order(network.clear()), [7.0, 9.0, 9.0, 10.0], atol=1e-14)


# --------------------------------------------------------------------------------- ranks and cycles


def test_seniority_worked_by_hand():
    """Cash 10: senior 6 in full, then 4 of 8 pro rata between 6 and 2, nothing for the last.

    The creditor of the 6 owes 5 at its first rank and 3 at its second: it has 3 + 1 = 4.
    """
    network = Claims(2, 6, [10.0, 1.0])
    network.owe(0, 2, 6.0, rank=100)
    network.owe(0, 1, 6.0, rank=200)
    network.owe(0, 3, 2.0, rank=200)
    network.owe(0, 2, 5.0, rank=300)
    network.owe(1, 4, 5.0, rank=10)
    network.owe(1, 5, 3.0, rank=20)
    np.testing.assert_allclose(in_order(network.clear()), [6.0, 3.0, 1.0, 0.0, 4.0, 0.0], atol=0)


def test_ranks_matter_by_order_alone():
    cash = [10.0]
    plain, spread = Claims(1, 4, cash), Claims(1, 4, cash)
    for network, ranks in ((plain, (1, 2, 3)), (spread, (7, 150, 9000))):
        for payee, rank in enumerate(ranks, start=1):
            network.owe(0, payee, 4.0, rank)
    np.testing.assert_array_equal(in_order(plain.clear()), [4.0, 4.0, 2.0])
    np.testing.assert_array_equal(in_order(plain.clear()), in_order(spread.clear()))


def test_duplicate_ranks_share_pro_rata_whatever_their_order():
    amounts = np.array([5.0, 1.0, 3.0, 5.0, 0.0])
    flows = []
    for order in (range(5), reversed(range(5))):
        network = Claims(1, 6, [7.0])
        places = list(order)
        for k in places:
            network.owe(0, k + 1, amounts[k], rank=100)
        flows.append(in_order(network.clear())[np.argsort(places)])
    np.testing.assert_allclose(flows[0], 0.5 * amounts, atol=1e-15)
    np.testing.assert_allclose(flows[0], flows[1], atol=1e-15)


def test_everyone_insolvent():
    """Nobody can pay in full: by symmetry 1 comes in for each, half of what is paid leaves."""
    network = Claims(3, 4, [1.0, 1.0, 1.0])
    for payer in range(3):
        network.owe(payer, (payer + 1) % 3, 50.0)
        network.owe(payer, 3, 50.0)
    flows = in_order(network.clear())
    # p = 1 + p / 2 in all, hence p = 2 of each 100: 1 round the cycle and 1 out of it.
    np.testing.assert_allclose(flows, 1.0, atol=1e-13)


def test_cycle_at_a_senior_rank_turns_without_cash_and_juniors_get_nothing():
    network = Claims(2, 3, [0.0, 0.0])
    network.owe(0, 1, 10.0, rank=1)
    network.owe(1, 0, 10.0, rank=1)
    network.owe(0, 2, 5.0, rank=2)
    np.testing.assert_array_equal(in_order(network.clear()), [10.0, 10.0, 0.0])


def test_cycle_at_a_junior_rank_does_not_turn_where_seniors_take_all():
    network = Claims(2, 3, [3.0, 0.0])
    network.owe(0, 2, 5.0, rank=1)
    network.owe(0, 1, 10.0, rank=2)
    network.owe(1, 0, 10.0, rank=1)
    # If x comes back to the first, 3 + x - 5 goes round again: 10, 8, 6, 4, 2, nothing.
    np.testing.assert_allclose(in_order(network.clear()), [3.0, 0.0, 0.0], atol=1e-13)


def test_no_claims_at_all():
    network = Claims(2, 3, [4.0, 0.0])
    network.owe(0, 1, 0.0)
    np.testing.assert_array_equal(in_order(network.clear()), [0.0])


# ----------------------------------------------------------------------------------------- external


def test_external_payer_in_default_pays_its_share_of_every_claim():
    network = Claims(1, 4, [0.0])
    for payee, amount in ((0, 10.0), (2, 6.0)):
        network.owe(1, payee, amount)
    network.owe(0, 3, 9.0)
    flows = in_order(network.clear(payout=[1.0, 0.4, 1.0, 1.0]))
    np.testing.assert_allclose(flows, [4.0, 2.4, 4.0], atol=1e-15)


def test_external_parties_cut_cycles():
    """Money that an external party receives does not come back: it has no limit anyway."""
    network = Claims(1, 2, [0.0])
    network.owe(0, 1, 7.0)
    network.owe(1, 0, 5.0)
    np.testing.assert_allclose(in_order(network.clear()), [5.0, 5.0], atol=0)


# ----------------------------------------------------------------------------------------- residual


def test_residual_takes_what_is_left_above_the_minimum():
    network = Claims(1, 3, [10.0], minimum=[2.0])
    network.owe(0, 1, 3.0)
    network.owe(0, 2, UNLIMITED, rank=900, form="residual")
    cleared = network.clear()
    np.testing.assert_allclose(in_order(cleared), [3.0, 5.0], atol=1e-14)
    assert claimed(network, cleared)["c1"] == paid(network, cleared)["c1"]  # never short


def test_residual_leaves_the_minimum_to_ordinary_claims():
    """The minimum is kept from owners, not from creditors."""
    network = Claims(1, 3, [10.0], minimum=[8.0])
    network.owe(0, 1, 9.0)
    network.owe(0, 2, UNLIMITED, rank=900, form="residual")
    np.testing.assert_allclose(in_order(network.clear()), [9.0, 0.0], atol=0)


def test_residual_claims_have_caps_ranks_and_shares():
    """12 left: a sweep takes at most 3, the owners share 9 as 2 : 1."""
    network = Claims(1, 5, [20.0], minimum=[3.0])
    network.owe(0, 1, 5.0)
    network.owe(0, 2, 3.0, rank=800, form="residual")
    network.owe(0, 3, 2.0 * UNLIMITED, rank=900, form="residual")
    network.owe(0, 4, 1.0 * UNLIMITED, rank=900, form="residual")
    np.testing.assert_allclose(in_order(network.clear()), [5.0, 3.0, 6.0, 3.0], rtol=1e-14)


def test_distribution_reaches_an_owner_that_pays_on():
    network = Claims(2, 4, [10.0, 0.0])
    network.owe(0, 2, 4.0)
    network.owe(0, 1, UNLIMITED, rank=900, form="residual")
    network.owe(1, 3, 5.0)
    np.testing.assert_allclose(in_order(network.clear()), [4.0, 6.0, 5.0], atol=1e-14)


def test_residual_on_a_cycle_is_marked_as_lagged():
    """A tenant that owns part of its landlord could pay the rent out of its own distribution.

    The other owner, at the same rank, waits with it; a sweep at a rank of its own does not.
    """
    network = Claims(2, 3, [0.0, 0.0])
    network.owe(0, 1, 10.0)
    network.owe(1, 0, UNLIMITED, rank=900, form="residual")
    network.owe(1, 2, UNLIMITED, rank=900, form="residual")
    network.owe(1, 2, UNLIMITED, rank=800, form="residual")
    network.owe(0, 2, UNLIMITED, rank=900, form="residual")
    assert list(network.network().lagged[:5]) == [False, True, True, False, False]


# ----------------------------------------------------------------------------------------- supports


def test_support_pays_what_is_short_and_no_more():
    network = Claims(1, 4, [4.0])
    rent = network.owe(0, 1, 10.0)
    help_ = network.support(2, 0, (rent,), limit=100.0)
    cleared = network.clear()
    in_order(cleared)
    assert paid(network, cleared) == {rent: 10.0, help_: 6.0}
    assert claimed(network, cleared) == {rent: 10.0, help_: 6.0}


def test_tier_shares_by_weight_and_limits_overflow():
    """Need 12, weights 1 : 2 : 3 give 2, 4, 6; the third has 3, so 3 more are shared 1 : 2."""
    network = Claims(1, 5, [0.0])
    cost = network.owe(0, 1, 12.0)
    limits = {1.0: 100.0, 2.0: 100.0, 3.0: 3.0}
    lines = [
        network.support(2 + i, 0, (cost,), limit, weight=weight)
        for i, (weight, limit) in enumerate(limits.items())
    ]
    flows = paid(network, network.clear())
    assert [flows[name] for name in lines] == pytest.approx([3.0, 6.0, 3.0], abs=1e-14)
    assert flows[cost] == pytest.approx(12.0, abs=1e-14)


@pytest.mark.parametrize("limit", [1 / 3, 0.1, 7.7, 2 / 7])
def test_limit_that_is_used_up_leaves_no_need_uncovered(limit: float):
    """Whatever the rounding of a limit, the others of the tier cover the rest."""
    network = Claims(1, 6, [0.0])
    cost = network.owe(0, 1, 30.1)
    network.support(2, 0, (cost,), limit, weight=1.7)
    network.support(3, 0, (cost,), 2 * limit, weight=0.3)
    network.support(4, 0, (cost,), 1e9, weight=1.1)
    assert paid(network, network.clear())[cost] == pytest.approx(30.1, abs=1e-13)


def test_weight_of_zero_is_not_called():
    network = Claims(1, 4, [0.0])
    cost = network.owe(0, 1, 12.0)
    idle = network.support(2, 0, (cost,), 100.0, weight=0.0)
    active = network.support(3, 0, (cost,), 5.0)
    flows = paid(network, network.clear())
    assert (flows[idle], flows[active], flows[cost]) == (0.0, 5.0, 5.0)


def test_one_support_of_several_claims_splits_its_limit_by_need():
    network = Claims(1, 5, [0.0])
    first, second = network.owe(0, 1, 6.0), network.owe(0, 2, 2.0, rank=200)
    network.support(3, 0, (first, second), limit=4.0)
    flows = paid(network, network.clear())
    assert (flows[first], flows[second]) == (3.0, 1.0)


def test_guarantee_is_not_drawn_when_the_reserve_suffices():
    network = Claims(2, 5, [4.0, 6.0])
    service = network.owe(0, 2, 10.0)
    reserve = network.support(1, 0, (service,), limit=6.0, tier=1)
    guarantee = network.support(3, 0, (service,), limit=100.0, tier=2, recovery_rank=600)
    flows = paid(network, network.clear())
    assert (flows[service], flows[reserve], flows[guarantee]) == (10.0, 6.0, 0.0)


def test_later_tiers_pay_what_earlier_ones_leave():
    network = Claims(1, 6, [1.0])
    service = network.owe(0, 1, 10.0)
    lines = [
        network.support(2 + i, 0, (service,), limit, tier=i + 1)
        for i, limit in enumerate((2.0, 3.0, 100.0))
    ]
    flows = paid(network, network.clear())
    assert [flows[name] for name in lines] == pytest.approx([2.0, 3.0, 4.0], abs=1e-14)


def test_claim_beside_a_protected_one_neither_gains_nor_loses():
    """Cash 50 for two claims of 100: each gets 25 from it, the guarantor adds 75 to the first."""
    for recovery_rank in (None, 200):
        network = Claims(1, 4, [50.0])
        protected, beside = network.owe(0, 1, 100.0), network.owe(0, 2, 100.0)
        support = network.support(3, 0, (protected,), 1e9, recovery_rank=recovery_rank)
        flows = paid(network, network.clear())
        assert flows[protected] == pytest.approx(100.0, abs=1e-12)
        assert flows[beside] == pytest.approx(25.0, abs=1e-12)
        assert flows[support] == pytest.approx(75.0, abs=1e-12)


def test_supporter_takes_over_what_it_paid_and_ranks_behind_the_claim():
    """6 drawn now join the balance of 5; nothing comes back while the claim is short."""
    network = Claims(1, 4, [4.0])
    rent = network.owe(0, 1, 10.0)
    help_ = network.support(2, 0, (rent,), 100.0, recovery_rank=600)
    amounts = np.array(network.amounts)
    amounts[network.place(f"{help_}_recovery")] = 5.0
    cleared = network.clear(amounts=amounts)
    in_order(cleared)
    assert claimed(network, cleared)[f"{help_}_recovery"] == 11.0
    assert paid(network, cleared)[f"{help_}_recovery"] == 0.0


def test_supporter_recovers_at_its_rank_once_there_is_cash():
    network = Claims(2, 4, [13.0, 0.0])
    rent = network.owe(0, 2, 10.0)
    network.owe(0, 3, 8.0, rank=700)
    help_ = network.support(1, 0, (rent,), 100.0, recovery_rank=600)
    network.owe(1, 3, 1.0)
    amounts = np.array(network.amounts)
    amounts[network.place(f"{help_}_recovery")] = 2.0
    flows = paid(network, network.clear(amounts=amounts))
    assert flows == {"c0": 10.0, "c1": 1.0, "c2": 0.0, "c2_recovery": 2.0, "c4": 1.0}


def test_guarantor_that_is_itself_short():
    """It has 5 for a tax of 3 and a call of 8: 2 reach the creditor, the next tier adds 6."""
    network = Claims(2, 6, [2.0, 5.0])
    rent = network.owe(0, 2, 10.0)
    tax = network.owe(1, 3, 3.0, rank=1)
    weak = network.support(1, 0, (rent,), 100.0, tier=1, rank=2)
    strong = network.support(4, 0, (rent,), 100.0, tier=2)
    cleared = network.clear()
    assert paid(network, cleared) == pytest.approx({rent: 10.0, tax: 3.0, weak: 2.0, strong: 6.0})
    assert claimed(network, cleared)[weak] == pytest.approx(8.0)


def test_call_shares_the_rank_of_the_guarantors_other_claims():
    """5 for a loan of 8 and a call of 2 at one rank: half of each."""
    network = Claims(2, 5, [8.0, 5.0])
    rent = network.owe(0, 2, 10.0)
    loan = network.owe(1, 3, 8.0)
    help_ = network.support(1, 0, (rent,), 100.0)
    flows = paid(network, network.clear())
    assert flows == pytest.approx({rent: 9.0, loan: 4.0, help_: 1.0})


def test_guarantor_pays_its_creditor_out_of_what_it_is_owed():
    """The guarantor's own tenant is the creditor it makes whole: the call finances itself."""
    network = Claims(3, 4, [0.0, 0.0, 3.0])
    rent = network.owe(0, 2, 10.0)
    fee = network.owe(2, 1, 10.0)
    help_ = network.support(1, 0, (rent,), 100.0)
    flows = paid(network, network.clear())
    assert flows == pytest.approx({rent: 10.0, fee: 10.0, help_: 10.0})


def test_support_of_an_external_payer_in_default():
    """Recovery 40 %: the guarantor inside adds 60 and is left with 40; nothing is paid twice."""
    network = Claims(2, 4, [0.0, 100.0])
    rent = network.owe(2, 0, 100.0)
    help_ = network.support(1, 2, (rent,), 1e9, recovery_rank=600)
    loan = network.owe(1, 3, 90.0, rank=700)
    cleared = network.clear(payout=[1.0, 1.0, 0.4, 1.0])
    in_order(cleared)
    flows = paid(network, cleared)
    assert flows == pytest.approx({rent: 100.0, help_: 60.0, f"{help_}_recovery": 0.0, loan: 40.0})
    assert claimed(network, cleared)[f"{help_}_recovery"] == pytest.approx(60.0)


def test_supporter_outside_in_default_pays_its_share_of_the_call():
    network = Claims(1, 4, [0.0])
    rent = network.owe(0, 1, 10.0)
    weak = network.support(2, 0, (rent,), 100.0, tier=1)
    strong = network.support(3, 0, (rent,), 100.0, tier=2)
    flows = paid(network, network.clear(payout=[1.0, 1.0, 0.3, 1.0]))
    assert flows == pytest.approx({rent: 10.0, weak: 3.0, strong: 7.0})


def test_call_shrinks_when_the_payer_is_helped_by_others_in_the_same_tier():
    """The rent to the payer and its own loan are protected: once the rent is paid, it can pay."""
    network = Claims(2, 5, [0.0, 0.0])
    rent = network.owe(0, 1, 10.0)
    loan = network.owe(1, 2, 10.0)
    first = network.support(3, 0, (rent,), 100.0)
    second = network.support(4, 1, (loan,), 100.0)
    cleared = network.clear()
    assert paid(network, cleared) == {rent: 10.0, loan: 10.0, first: 10.0, second: 0.0}
    assert claimed(network, cleared)[second] == 0.0


def test_funding_draws_pro_rata_with_own_cash_first():
    """Equity and debt 30 : 70 meet what the builder's own 20 leaves of 120."""
    network = Claims(1, 4, [20.0])
    work = network.owe(0, 1, 120.0)
    equity = network.support(2, 0, (work,), 500.0, weight=30.0)
    debt = network.support(3, 0, (work,), 500.0, weight=70.0)
    flows = paid(network, network.clear())
    assert flows == pytest.approx({work: 120.0, equity: 30.0, debt: 70.0})


# -------------------------------------------------------------------------------------- slow cycles


@pytest.mark.parametrize("leak", [1e-2, 1e-3, 1e-4, 1e-6, 1e-9])
def test_money_that_hardly_leaves_a_cycle(leak: float):
    """Two parties owe each other 1 and the first owes a leak to the outside: 1 / leak rounds.

    The first has c = leak / 2; its claims share a rank; the second passes on what it gets. With
    q = 1 / (1 + leak) the second receives p = q (c + p).
    """
    network = Claims(2, 3, [0.5 * leak, 0.0])
    network.owe(0, 1, 1.0)
    network.owe(0, 2, leak)
    network.owe(1, 0, 1.0)
    cleared = network.clear()
    in_order(cleared)
    q = 1.0 / (1.0 + leak)
    expected = q * 0.5 * leak / (1.0 - q)
    flows = np.asarray(cleared.paid)[:, 0]
    # The answer is ill conditioned: a rounding error of 1e-16 in a payment counts 1 / leak times.
    np.testing.assert_allclose(flows[[0, 2]], expected, atol=max(1e-13, 1e-14 / leak))
    assert float(cleared.residual[0]) <= 1e-12


def test_slow_cycle_that_passes_from_one_rank_to_another():
    """Cash drains slowly through the junior rank, then through the senior one: two kinks."""
    leak = 1e-5
    network = Claims(2, 3, [0.0, 0.0])
    network.owe(0, 2, leak, rank=1)
    network.owe(0, 1, 1.0, rank=2)
    network.owe(0, 1, 1.0, rank=3)
    network.owe(1, 0, 2.0, rank=1)
    # Each round the senior takes leak from the cycle, until nothing is left in it.
    cleared = network.clear()
    np.testing.assert_allclose(in_order(cleared), 0.0, atol=1e-12)


def test_closed_cycle_beside_a_slow_one_keeps_turning():
    """A cycle that loses nothing stays at its greatest solution while another one drains away."""
    network = Claims(4, 5, [0.0] * 4)
    network.owe(0, 1, 3.0)
    network.owe(1, 0, 2.0)
    network.owe(2, 3, 1.0)
    network.owe(2, 4, 1e-4)
    network.owe(3, 2, 1.0)
    flows = in_order(network.clear())
    np.testing.assert_allclose(flows[:2], 2.0, atol=1e-12)
    np.testing.assert_allclose(flows[2:], 0.0, atol=1e-11)
