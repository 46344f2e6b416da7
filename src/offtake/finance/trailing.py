"""Trailing sums: what came in and what was due over the last year.

The service that cash flow has to cover is that of a facility and of all debt of the same borrower
that ranks senior to or equal with it (DESIGN §11).
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.flows import PAID_TOLERANCE
from offtake.finance.servicing import Debt, Service

PUBLISHED = ("balance", "service", "service_due", "accelerated", "arrears", "dscr", "owed")
"""What every loan publishes."""
NO_SERVICE = 1e9
"""Cover ratio where nothing was due."""


class Trailing(NamedTuple):
    """Cash flow and debt service of the last W periods, every leaf [W, K, P] USD."""

    cfads: Array
    service: Array


def no_history(window: Array, like: Array) -> Trailing:
    """Nothing yet. window: [W]; like: [K, P]."""
    zero = jnp.zeros((window.shape[0], *like.shape))
    return Trailing(zero, zero)


def remember(trailing: Trailing, t: Array, cfads: Array, own: Array, beside: Array) -> Trailing:
    """The history with period t in place of the one W periods ago.

    A period in which nothing, or less than 1e-9 of the whole, was due on the facility itself has no
    service: cover of a facility is measured while it is served.

    Args:
        trailing: history before.
        t: [] period, an integer.
        cfads: cash flow of the period, [K, P] USD.
        own: interest and principal scheduled on the facility, [K, P] USD.
        beside: the same of other debt that ranks senior to or equal with it, [K, P] USD.
    """
    place = t % trailing.cfads.shape[0]
    service = jnp.where(own > PAID_TOLERANCE * (own + beside), own + beside, 0.0)
    return Trailing(trailing.cfads.at[place].set(cfads), trailing.service.at[place].set(service))


def trailing_dscr(trailing: Trailing) -> Array:
    """Debt service cover ratio over the last year, [K, P]; `NO_SERVICE` where nothing was due.

    Cash flow counts only in periods in which service was due, so a facility that began to repay
    five months ago is measured on those five months (DESIGN §11: from the first repayment).
    """
    counted = trailing.service > 0.0
    service = jnp.sum(trailing.service, axis=0)
    cfads = jnp.sum(jnp.where(counted, trailing.cfads, 0.0), axis=0)
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
