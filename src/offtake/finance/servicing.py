"""Servicing of a debt: what falls due, what stays unpaid, and when the lender loses patience.

A balance B is owed with interest i on the opening balance. Unpaid interest becomes an arrear that
bears interest at the same rate; unpaid principal stays in the balance and is due at once. When
something has been overdue for longer than the grace period the debt is accelerated: all of it is
due every period until it is paid (§5.7, §5.8). "Unpaid" means short by more than 1e-9 of the
claim.

A debtor outside the plan that is in default pays the recovery share of every claim, and that
settles the claim: what is missing is written off and the debt is accelerated at once, so that the
rest of it is claimed, recovered and written off in the next period.

Where interest is not paid in every period (`finance.timetable`) it accrues, simple, until a date on
which it is paid or added to the balance. A payment that is less than the interest (a negative
amortiser) leaves the rest of the interest in the balance.
"""

from collections.abc import Mapping
from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.flows import PAID_TOLERANCE


class Debt(NamedTuple):
    """State of K debts, every leaf [K, P]."""

    balance: Array
    """principal outstanding, USD"""
    overdue: Array
    """principal that fell due and was not paid, part of the balance, USD"""
    arrears: Array
    """interest and fees that fell due and were not paid, USD"""
    late: Array
    """periods in a row with something overdue"""
    accelerated: Array
    """1.0 once the whole debt was called"""
    scheduled: Array
    """interest and principal that the schedule asked for in the last period, USD"""
    accrued: Array
    """interest earned since it was last due, USD"""


class Service(NamedTuple):
    """What is due on a debt in one period, every leaf [K, P], USD."""

    interest: Array
    """interest of the period and arrears with interest on them"""
    principal: Array
    """principal due, overdue principal included; the whole balance once accelerated"""
    accrued: Array
    """interest that the schedule asks for, arrears apart"""
    scheduled: Array
    """principal the schedule asks for, overdue principal apart"""
    waiting: Array
    """interest earned and not yet due"""
    capitalised: Array
    """interest that fell due and is added to the balance"""


def no_debt(like: Array) -> Debt:
    """Debts of zero in the shape of `like`, [K, P]."""
    zero = jnp.zeros_like(like)
    return Debt(*[zero] * len(Debt._fields))


class Timing(NamedTuple):
    """What becomes of interest in one period, every leaf [K, P]."""

    pays: Array
    """True where interest is due; it is always on a debt that was called"""
    capitalises: Array | None = None
    """True where interest that is due is added to the balance; None for nowhere"""
    bears: Array | None = None
    """what bears interest, USD; None for the balance"""


def due(debt: Debt, rate: Array, scheduled: Array, timing: Timing | None = None) -> Service:
    """What is due now.

    Args:
        debt: state at the start of the period.
        rate: interest of this period as a share of what bears it, [K, P].
        scheduled: principal that the schedule asks for, overdue principal apart, USD [K, P]; below
            zero where a payment is less than the interest.
        timing: None where interest on the balance is paid in every period.
    """
    going = debt.accelerated == 0.0
    accrued = debt.balance * rate
    waiting = capitalised = jnp.zeros_like(accrued)
    if timing is not None:
        bears = debt.balance if timing.bears is None else timing.bears
        earned = debt.accrued + bears * rate
        pays = timing.pays | ~going
        waiting = jnp.where(pays, 0.0, earned)
        short = jnp.clip(-scheduled, 0.0, jnp.maximum(earned - waiting, 0.0))
        if timing.capitalises is not None:
            short = jnp.where(timing.capitalises, earned - waiting, short)
        capitalised = jnp.where(going, short, 0.0)
        accrued = earned - waiting - capitalised
        scheduled = jnp.maximum(scheduled, 0.0)
    interest = accrued + debt.arrears * (1.0 + rate)
    called = jnp.minimum(scheduled + debt.overdue, debt.balance)
    principal = jnp.where(going, called, debt.balance)
    principal = jnp.maximum(principal, 0.0)
    return Service(interest, principal, accrued, scheduled, waiting, capitalised)


def serviced(
    debt: Debt, service: Service, paid_interest: Array, paid_principal: Array, grace: Array
) -> Debt:
    """State after payments of the period.

    Args:
        debt: state at the start of the period.
        service: what was due.
        paid_interest: paid on interest and arrears, USD [K, P].
        paid_principal: paid on principal, USD [K, P].
        grace: periods that something may be overdue before the debt is called, [K, P].
    """
    unpaid_interest = _unpaid(service.interest, paid_interest)
    unpaid_principal = _unpaid(service.principal, paid_principal)
    balance = jnp.maximum(debt.balance - paid_principal, 0.0) + service.capitalised
    late = jnp.where((unpaid_interest > 0.0) | (unpaid_principal > 0.0), debt.late + 1.0, 0.0)
    called = jnp.where(late > grace, 1.0, 0.0)
    overdue = jnp.minimum(unpaid_principal, balance)
    accelerated = jnp.maximum(debt.accelerated, called)
    scheduled = service.accrued + service.scheduled
    waiting = service.waiting
    return Debt(balance, overdue, unpaid_interest, late, accelerated, scheduled, waiting)


def recovered(debt: Debt, service: Service, paid_principal: Array, payout: Array) -> Debt:
    """State after payments by a debtor that meets only a share of its claims.

    Args:
        debt: state after payments (`serviced`).
        service: what was due.
        paid_principal: paid on principal, USD [K, P].
        payout: share of its claims that the debtor meets, [K, P]; below 1 only for a party outside
            the plan in default. Nothing changes where it is 1.
    """
    gone = payout < 1.0
    lost = jnp.minimum(jnp.maximum(service.principal - paid_principal, 0.0), debt.balance)
    owing = gone & (service.interest + debt.balance > 0.0)
    return debt._replace(
        balance=jnp.where(gone, debt.balance - lost, debt.balance),
        overdue=jnp.where(gone, 0.0, debt.overdue),
        arrears=jnp.where(gone, 0.0, debt.arrears),
        accelerated=jnp.maximum(debt.accelerated, jnp.where(owing, 1.0, 0.0)),
    )


class Settled(NamedTuple):
    """Debts after a period, every leaf [K, P]."""

    debt: Debt
    lost: Array
    """principal written off, USD"""


def settled(
    debt: Debt,
    service: Service,
    claimed: Mapping[str, Array],
    paid: Mapping[str, Array],
    grace: Array,
    payout: Array,
) -> Settled:
    """State after payments on the lines fee, interest and principal; an unpaid fee is an arrear.

    Args:
        debt: state at the start of the period.
        service: what was due.
        claimed: line -> USD [K, P].
        paid: line -> USD [K, P].
        grace: periods that something may be overdue before the debt is called, [K, P].
        payout: share of its claims that the debtor meets, [K, P] (`recovered`).
    """
    after = serviced(debt, service, paid["interest"], paid["principal"], grace)
    after = after._replace(arrears=after.arrears + _unpaid(claimed["fee"], paid["fee"]))
    left = recovered(after, service, paid["principal"], payout)
    return Settled(left, after.balance - left.balance)


def called(debt: Debt, breach: Array, grace: Array) -> Debt:
    """The debt, accelerated where a covenant has been broken for longer than the grace period.

    Args:
        debt: any state.
        breach: periods in a row in which it was broken, [K, P].
        grace: periods that it may be, [K, P].
    """
    now = jnp.where((breach > grace) & (debt.balance > 0.0), 1.0, 0.0)
    return debt._replace(accelerated=jnp.maximum(debt.accelerated, now))


def stops(debt: Debt) -> Array:
    """1.0 while a debt is accelerated and something is owed on it, [K, P]."""
    return debt.accelerated * jnp.where(debt.balance + debt.arrears > 0.0, 1.0, 0.0)


def _unpaid(claim: Array, paid: Array) -> Array:
    short = claim - paid
    return jnp.where(short > PAID_TOLERANCE * claim, short, 0.0)
