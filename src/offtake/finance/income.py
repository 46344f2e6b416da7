"""Who gets the income where machines work beside people: a normalised CES of the two.

Work H is done by people and by machine workers, g(t) of them per worker relative to the start, with
elasticity of substitution s between them; output needs work and other capital, whose share of
income is a and whose amount, like all other technology, is held fixed:

    H(t) / H(0) = [(1 - m) + m g^r]^(1 / r),   r = (s - 1) / s;   g^m where s = 1
    Y(t) / Y(0) = (H(t) / H(0))^(1 - a)
    labour's share = (1 - a) (1 - m) / [(1 - m) + m g^r]
    wage(t) / wage(0) = Y(t) / Y(0) x labour's share / labour's share at the start

where m is the share of machines in the income of work at the start: factors are paid what they add,
and the function is written through that point, so no parameter depends on a unit.

References:
    1. Arrow, K. J., Chenery, H. B., Minhas, B. S., Solow, R. M. (1961). Capital-labor substitution
       and economic efficiency. Review of Economics and Statistics 43(3).
    2. Klump, R., de La Grandville, O. (2000). Economic growth and the elasticity of substitution.
       American Economic Review 90(1) (normalisation).
"""

from typing import NamedTuple

from offtake.core.arrays import Array, jnp

FLAT = 1e-6
"""Below this |r| the limit of Cobb-Douglas stands for the CES."""


class Income(NamedTuple):
    """Shares of income and what follows from them, each [T, P]."""

    labour_share: Array
    capital_share: Array
    """of machines and all other capital"""
    output: Array
    """relative to the start"""
    wage: Array
    """relative to the start"""


def income(machines: Array, elasticity: Array, machine_share: Array, other: Array) -> Income:
    """Shares of income and output over time.

    Args:
        machines: [T, P] machine workers per worker relative to the start, above 0.
        elasticity: [P] between people and machines, above 0.
        machine_share: [P] of machines in the income of work at the start.
        other: [P] share of income of other capital.
    """
    power = (1.0 - 1.0 / jnp.maximum(elasticity, 1e-9))[None]
    logs = jnp.log(jnp.maximum(machines, 1e-300))
    people, share = (1.0 - machine_share)[None], machine_share[None]
    exponent = jnp.clip(power * logs, -600.0, 600.0)
    weight = people + share * jnp.exp(exponent)
    flat = jnp.abs(power) < FLAT
    work = jnp.where(flat, share * logs, jnp.log(weight) / jnp.where(flat, 1.0, power))
    rest = (1.0 - other)[None]
    output = jnp.exp(rest * work)
    labour = rest * people / weight
    first = rest * people
    safe = jnp.where(first > 0.0, first, 1.0)
    return Income(labour, 1.0 - labour, output, output * labour / safe)
