"""Trailing sums: what came in and what was due over the last year.

The service that cash flow has to cover is that of a facility and of all debt of the same borrower
that ranks senior to or equal with it (DESIGN §11).
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray, Month
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.rows import inline
from offtake.finance.servicing import Debt, Service

PUBLISHED = ("balance", "service", "service_due", "accelerated", "arrears", "dscr", "owed")
"""What every loan publishes."""
NO_SERVICE = 1e9
"""Cover ratio where nothing was due."""


class Trailing(NamedTuple):
    """Cash flow and debt service of the last W periods, every leaf [W, K, P] USD."""

    cfads: Array
    service: Array
    pending: Array
    """[2, K, P] cash flow, and service of other debt, of the periods since the last date on which
    something was due"""


def no_history(window: Array, like: Array) -> Trailing:
    """Nothing yet. window: [W]; like: [K, P]."""
    zero = jnp.zeros((window.shape[0], *like.shape))
    return Trailing(zero, zero, jnp.zeros((2, *like.shape)))


def remember(
    trailing: Trailing,
    t: Array,
    cfads: Array,
    own: Array,
    beside: Array,
    between: Array | None = None,
) -> Trailing:
    """The history with period t in place of the one W periods ago.

    A period in which nothing, or less than 1e-9 of the whole, was due on the facility itself has no
    service: cover of a facility is measured while it is served. Periods between two dates of its
    timetable belong to the later one.

    Args:
        trailing: history before.
        t: [] period, an integer.
        cfads: cash flow of the period, [K, P] USD.
        own: interest and principal scheduled on the facility, [K, P] USD.
        beside: the same of other debt that ranks senior to or equal with it, [K, P] USD.
        between: True in periods between dates, [K, P]; None where every period is one.
    """
    pending = trailing.pending
    if between is not None:
        cfads, beside = cfads + pending[0], beside + pending[1]
        pending = jnp.where(between[None], jnp.stack([cfads, beside]), 0.0)
    place = t % trailing.cfads.shape[0]
    service = jnp.where(own > PAID_TOLERANCE * (own + beside), own + beside, 0.0)
    return Trailing(
        trailing.cfads.at[place].set(cfads), trailing.service.at[place].set(service), pending
    )


def trailing_dscr(trailing: Trailing) -> Array:
    """Debt service cover ratio over the last year, [K, P]; `NO_SERVICE` where nothing was due.

    Cash flow counts only in periods in which service was due, so a facility that began to repay
    five months ago is measured on those five months (DESIGN §11: from the first repayment).
    """
    counted = trailing.service > 0.0
    service = inline(trailing.service)
    cfads = inline(jnp.where(counted, trailing.cfads, 0.0))
    return jnp.where(service > 0.0, cfads / jnp.where(service > 0.0, service, 1.0), NO_SERVICE)


def breaches(trailing: Trailing, least: Array, before: Array) -> Array:
    """Periods in a row in which cover was below what a covenant asks, this one included, [K, P].

    Args:
        trailing: history up to this period.
        least: cover asked for, [K, P]; 0 asks for nothing.
        before: the count at the start of the period, [K, P].
    """
    needed = least * (1.0 - 1e-9)
    low = (needed > 0.0) & (trailing_dscr(trailing) < needed)
    return jnp.where(low, before + 1.0, 0.0)


def swept(
    share: Array, debt: Debt, service: Service, trailing: Trailing, cfads: IntArray, month: Month
) -> Array:
    """Most that a cash sweep asks for, [K, P] USD: a share of the excess of the period before.

    Excess is cash flow less the service of the loan and of debt that ranks senior or equal. Nothing
    is swept while something is overdue, after the loan was called, or where nothing was due on it.

    Args:
        share: of the excess, [K, P].
        debt: state at the start of the period.
        service: what is due in the period.
        trailing: history before the period.
        cfads: [K] registered total of the borrower's cash flow.
        month: the period.
    """
    last = (month.period - 1) % trailing.service.shape[0]
    before = trailing.service[last]
    excess = jnp.maximum(trailing.cfads[last] - before, 0.0)
    clean = (before > 0.0) & (debt.arrears + debt.overdue == 0.0) & (debt.accelerated == 0.0)
    return jnp.where(clean, jnp.minimum(share * excess, debt.balance - service.principal), 0.0)


def published(
    debt: Debt, trailing: Trailing, service_due: Array, service: Service
) -> dict[str, Array]:
    """What every loan publishes at the start of a period, name -> [K, P].

    Args:
        debt: state at the start of the period.
        trailing: history before the period.
        service_due: interest and principal scheduled for the period, USD [K, P].
        service: what is due in the period.
    """
    return {
        "balance": debt.balance,
        "service": debt.scheduled,
        "service_due": service_due,
        "accelerated": debt.accelerated,
        "arrears": debt.arrears + debt.overdue,
        "dscr": trailing_dscr(trailing),
        "owed": debt.balance + service.interest,
    }
