"""Arithmetic of the compute note: its prices, what becomes of its hours and of its credit.

Prices of an hour, I the index: in cash clip(I - spread, floor, cap); taken, I less the stated share
of what it exceeds the cap by.
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp
from offtake.core.flows import PAID_TOLERANCE
from offtake.finance.servicing import Debt, Service, Timing, due

# --------------------------------------------------------------------------------------- prices


def cash_price(index: Array, spread: Array, floor: Array, cap: Array) -> Array:
    """Cash for an hour, USD; the cap is not below the floor."""
    return jnp.minimum(jnp.maximum(index - spread, floor), jnp.maximum(cap, floor))


def excess_price(index: Array, cap: Array, share: Array) -> Array:
    """What a holder pays for an hour that it takes while the index exceeds the cap, USD."""
    return share * jnp.maximum(index - cap, 0.0)


# ---------------------------------------------------------------------------------------- hours


class Hours(NamedTuple):
    """Accounts of hours, [K, P] H100e-hours: entitled = taken + banked + expired + owed."""

    entitled: Array
    """due so far"""
    taken: Array
    """delivered, or settled in cash"""
    banked: Array
    """kept for later"""
    expired: Array
    """not taken and no longer kept"""
    owed: Array
    """neither delivered nor settled, since they fell due"""


class Split(NamedTuple):
    """What becomes of the hours of one period, [K, P] H100e-hours."""

    due: Array
    cash: Array
    """of those due, settled in cash"""
    delivered: Array
    """of those due, delivered"""
    missing: Array
    """of those due, asked for and not delivered"""
    kept: Array
    """of those due, not asked for"""
    drawn: Array
    """of banked hours, delivered"""
    waiting: Array
    """of banked hours, asked for and not delivered"""
    instead: Array
    """of those delivered, by the substitute"""


def no_hours(like: Array) -> Hours:
    """Accounts of zero in the shape of `like`, [K, P]."""
    return Hours(*[jnp.zeros_like(like)] * len(Hours._fields))


def asked(due_now: Array, banked: Array, takes: Array, need: Array) -> tuple[Array, Array]:
    """Hours that the holder asks for, of those due and of those banked; takes: 1.0 or 0.0."""
    now = takes * jnp.minimum(need, due_now)
    return now, takes * jnp.minimum(jnp.maximum(need - now, 0.0), banked)


def split(due_now: Array, banked: Array, takes: Array, need: Array, pool: Array) -> Split:
    """What becomes of the hours of a period.

    Args:
        due_now: hours due.
        banked: kept from before.
        takes: 1.0 where the holder takes compute, 0.0 for cash.
        need: hours that it can use.
        pool: hours that can be delivered.
    """
    now, before = asked(due_now, banked, takes, need)
    delivered = jnp.minimum(now, pool)
    drawn = jnp.minimum(before, jnp.maximum(pool - delivered, 0.0))
    cash = (1.0 - takes) * due_now
    return Split(
        due=due_now,
        cash=cash,
        delivered=delivered,
        missing=now - delivered,
        kept=jnp.maximum(due_now - cash - now, 0.0),
        drawn=drawn,
        waiting=before - drawn,
        instead=jnp.zeros_like(delivered),
    )


def replaced(now: Split, given: Array) -> Split:
    """Hours of a period once a substitute gave some of those that were missing."""
    return now._replace(delivered=now.delivered + given, missing=now.missing - given, instead=given)


# --------------------------------------------------------------------------------------- credit


class Credit(NamedTuple):
    """What one period asks for at the settlement price, [K, P] USD."""

    service: Service
    interest: Array
    """of interest due, what hours settle"""
    principal: Array
    """of principal scheduled, what hours settle"""


def credit(debt: Debt, rate: Array, worth: Array, last: Array) -> Credit:
    """Interest and principal of a period that hours of a given worth settle.

    Args:
        debt: at the start of the period.
        rate: growth of the period.
        worth: hours scheduled x settlement price, USD.
        last: True from maturity on: the rest is due in money.
    """
    left, earned = debt.balance - debt.overdue, debt.balance * rate
    whole = worth >= (left + earned) * (1.0 - PAID_TOLERANCE)  # rounding is not a debt
    principal = jnp.where(whole, left, jnp.maximum(worth - earned, 0.0))
    scheduled_ = jnp.where(whole | last, left, worth - earned)
    service = due(debt, rate, scheduled_, Timing(jnp.ones_like(whole)))
    going = debt.accelerated == 0.0
    by_hours = jnp.minimum(earned, worth)
    return Credit(service, jnp.where(going, by_hours, 0.0), jnp.where(going, principal, 0.0))


def over(part: Array, whole: Array, otherwise: float) -> Array:
    """Part of a whole; a given value where there is nothing."""
    return jnp.where(whole > 0.0, part / jnp.where(whole > 0.0, whole, 1.0), otherwise)


def met(claimed: Array, paid: Array) -> Array:
    """Share of a claim that was paid; all of it within the tolerance, and where nothing was due."""
    short = claimed - paid > PAID_TOLERANCE * claimed
    return jnp.where(short, over(paid, claimed, 1.0), 1.0)


def after(
    hours: Hours, now: Split, going: Array, kind: Array, cash: Array, limit: Array, gone: Array
) -> Hours:
    """Accounts after the period.

    Args:
        hours: before it.
        now: what became of its hours.
        going: True where the note was not called.
        kind: share of deliveries that were made.
        cash: share of what was owed in cash that was paid.
        limit: most that is banked, H100e-hours.
        gone: True where what is not paid is lost.
    """
    asked_in_cash = now.cash + now.missing + hours.owed
    settled = jnp.where(going, cash * asked_in_cash, cash * hours.banked)
    taken = settled + jnp.where(going, kind * (now.delivered + now.drawn), 0.0)
    owed = asked_in_cash - cash * asked_in_cash + (1.0 - kind) * now.delivered
    owed = jnp.where(going, owed, hours.owed)
    lost = jnp.where(gone, owed, 0.0)
    bank = hours.banked + now.kept - kind * now.drawn
    keeps = jnp.minimum(bank, jnp.maximum(limit, now.waiting))
    banked = jnp.where(going, keeps, hours.banked - cash * hours.banked)
    expired = jnp.where(going, bank - keeps, 0.0)
    return Hours(
        entitled=hours.entitled + jnp.where(going, now.due, 0.0),
        taken=hours.taken + taken,
        banked=banked,
        expired=hours.expired + expired + lost,
        owed=owed - lost,
    )
