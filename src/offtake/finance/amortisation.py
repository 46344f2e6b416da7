"""Principal due this period under the usual repayment profiles.

    linear    balance / n
    annuity   balance / factor(r, n) − r × balance        (level payment less interest)
    bullet    balance where n ≤ 1, else 0
    sculpted  balance × the schedule's share

with n the payments that remain, this period's included. Each starts from the balance that is really
outstanding, so a loan that was prepaid or is in arrears is spread afresh over what remains of its
term. The last payment (n ≤ 1) is the whole balance under every profile; nothing is due where no
payment remains (n ≤ 0): what is still unpaid then is an arrear, which the contract keeps.
"""

from __future__ import annotations

from enum import IntEnum

from offtake.core.arrays import Array, jnp
from offtake.finance.annuity import level_payment


class Profile(IntEnum):
    """Repayment profile, as the number that stands for it in arrays."""

    LINEAR = 0
    ANNUITY = 1
    BULLET = 2
    SCULPTED = 3


def linear_principal(balance: Array, remaining: Array) -> Array:
    """Principal due this period in equal parts.

    Args:
        balance: opening balance, USD, `[..., path]`.
        remaining: payments that remain, this period's included, `[..., path]`.

    Returns:
        Principal, USD, `[..., path]`.
    """
    return jnp.where(remaining > 0.0, balance / jnp.maximum(remaining, 1.0), 0.0)


def annuity_principal(balance: Array, rate: Array, remaining: Array) -> Array:
    """Principal due this period where principal and interest together are level.

    Args:
        balance: opening balance, USD, `[..., path]`.
        rate: rate of one period, 1/period, above −1, `[..., path]`. Where periods differ in length,
            the payment is level as if this period's rate held for all that remain.
        remaining: payments that remain, this period's included, `[..., path]`.

    Returns:
        Principal, USD, `[..., path]`.
    """
    payment = level_payment(balance, rate, jnp.maximum(remaining, 1.0))
    return jnp.where(remaining > 0.0, payment - rate * balance, 0.0)


def bullet_principal(balance: Array, remaining: Array) -> Array:
    """Principal due this period where all of it falls due with the last payment.

    Args:
        balance: opening balance, USD, `[..., path]`.
        remaining: payments that remain, this period's included, `[..., path]`.

    Returns:
        Principal, USD, `[..., path]`.
    """
    return jnp.where((remaining > 0.0) & (remaining <= 1.0), balance, 0.0)


def principal_due(profile: Array, balance: Array, rate: Array, remaining: Array) -> Array:
    """Principal due this period where each row has a repayment profile of its own.

    Args:
        profile: numbers of `Profile`, `[item, 1]` or of the shape of balance.
        balance: opening balance, USD, `[item, path]`.
        rate: rate of one period, 1/period, above −1, `[item, path]`.
        remaining: payments that remain, this period's included, `[item, path]`.

    Returns:
        Principal, USD, `[item, path]`.
    """
    linear = linear_principal(balance, remaining)
    annuity = annuity_principal(balance, rate, remaining)
    bullet = bullet_principal(balance, remaining)
    level_or_linear = jnp.where(profile == Profile.ANNUITY, annuity, linear)
    return jnp.where(profile == Profile.BULLET, bullet, level_or_linear)


def regular_principal(
    profile: Array, balance: Array, rate: Array, remaining: Array, share: Array
) -> Array:
    """Principal due this period apart from a balloon: none under a bullet profile.

    Args and result as of `principal_due`, and

        share: what a schedule asks for as a share of the balance, 1, `[item, path]`; used under a
            sculpted profile only.
    """
    principal = principal_due(profile, balance, rate, remaining)
    scheduled = jnp.where((remaining > 0.0) & (remaining <= 1.0), balance, share * balance)
    principal = jnp.where(profile == Profile.SCULPTED, scheduled, principal)
    return jnp.where(profile == Profile.BULLET, 0.0, principal)
