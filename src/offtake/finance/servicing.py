"""Servicing of a debt: what falls due, what stays unpaid, and when the lender loses patience.

A balance B is owed with interest i on the opening balance. Unpaid interest becomes an arrear that
bears interest at the same rate; unpaid principal stays in the balance and is due at once. When
something has been overdue for longer than the grace period the debt is accelerated: all of it is due
every period until it is paid (DESIGN §5.7, §5.8). "Unpaid" means short by more than 1e-9 of the claim.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp

PAID_TOLERANCE = 1e-9


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


class Service(NamedTuple):
    """What is due on a debt in one period, every leaf [K, P], USD."""

    interest: Array
    """interest of the period and arrears with interest on them"""
    principal: Array
    """principal due, overdue principal included; the whole balance once accelerated"""
    accrued: Array
    """interest of the period alone"""
    scheduled: Array
    """principal the schedule asks for, overdue principal apart"""


def no_debt(like: Array) -> Debt:
    """Debts of zero in the shape of `like`, [K, P]."""
    zero = jnp.zeros_like(like)
    return Debt(zero, zero, zero, zero, zero, zero)


def due(debt: Debt, rate: Array, scheduled: Array) -> Service:
    """What is due now.

    Args:
        debt: state at the start of the period.
        rate: interest of this period as a share of the balance, [K, P].
        scheduled: principal that the schedule asks for, overdue principal apart, USD [K, P].
    """
    accrued = debt.balance * rate
    interest = accrued + debt.arrears * (1.0 + rate)
    called = jnp.minimum(scheduled + debt.overdue, debt.balance)
    principal = jnp.where(debt.accelerated > 0.0, debt.balance, called)
    return Service(interest, jnp.maximum(principal, 0.0), accrued, scheduled)


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
    balance = jnp.maximum(debt.balance - paid_principal, 0.0)
    late = jnp.where((unpaid_interest > 0.0) | (unpaid_principal > 0.0), debt.late + 1.0, 0.0)
    called = jnp.where(late > grace, 1.0, 0.0)
    overdue = jnp.minimum(unpaid_principal, balance)
    accelerated = jnp.maximum(debt.accelerated, called)
    scheduled = service.accrued + service.scheduled
    return Debt(balance, overdue, unpaid_interest, late, accelerated, scheduled)


def _unpaid(claim: Array, paid: Array) -> Array:
    short = claim - paid
    return jnp.where(short > PAID_TOLERANCE * claim, short, 0.0)
