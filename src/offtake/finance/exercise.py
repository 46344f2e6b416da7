"""When a party uses an option that a contract gives it: rules, one function each.

    renews  = needs >= 1/2  and  market x (1 + switching cost) >= rent
    takes   = worth - excess >= cash,   or of a fitted policy:   advantage >= 0
    cancels = saved > fee (`finance.commitment`),   or of a fitted policy:   advantage > 0
    prepays = rate - offered >= saving

Everything a rule looks at is known when the choice falls due; nothing is the path's future. What
saves less than 1e-9 of the rent does not make a tenant move.
"""

from offtake.core.arrays import Array, jnp
from offtake.core.flows import PAID_TOLERANCE

HALF = 0.5
"""Share of the site from which a tenant still needs it."""


def renews(market: Array, rent: Array, switching_cost: Array, needs: Array) -> Array:
    """Whether a tenant renews a lease, 1.0 or 0.0, `[..., path]`.

    Args:
        market: rent of another site as good, USD per year, `[..., path]`.
        rent: rent of this one over the time to come, USD per year, `[..., path]`.
        switching_cost: of moving, as a share of the market rent, `[..., path]`.
        needs: share of the site that the tenant still needs, `[..., path]`.
    """
    cheaper_to_stay = market * (1.0 + switching_cost) >= rent * (1.0 - PAID_TOLERANCE)
    return jnp.where(cheaper_to_stay & (needs >= HALF), 1.0, 0.0)


def takes_delivery(worth: Array, excess: Array, cash: Array) -> Array:
    """Whether the holder of a compute note takes compute and not cash, 1.0 or 0.0, `[..., path]`.

    Args:
        worth: of an hour of compute to the holder, USD, `[..., path]`.
        excess: what the holder would pay for an hour above the cap, USD, `[..., path]`.
        cash: what it would get instead, USD, `[..., path]`.
    """
    return jnp.where(worth - excess >= cash * (1.0 - PAID_TOLERANCE), 1.0, 0.0)


def converts(worth: Array, owed: Array) -> Array:
    """Whether a holder would rather have shares than what it is owed, 1.0 or 0.0, `[..., path]`.

    Args:
        worth: of the shares, USD, `[..., path]`.
        owed: what it gives up for them, USD, `[..., path]`.
    """
    return jnp.where(worth > owed * (1.0 + PAID_TOLERANCE), 1.0, 0.0)


def prepays(rate: Array, offered: Array, saving: Array) -> Array:
    """Whether a borrower prepays a loan out of a cheaper one, 1.0 or 0.0, `[..., path]`.

    Args:
        rate: of the loan, per year, `[..., path]`.
        offered: what the other one costs, fees and premium spread over the time, `[..., path]`.
        saving: that is worth the trouble, per year, `[..., path]`.
    """
    return jnp.where(rate - offered >= saving - PAID_TOLERANCE, 1.0, 0.0)


def advantage(policy: Array, z: Array, n: Array) -> Array:
    """What a fitted policy expects of using an option, USD per hour, `[K, path]`.

        sum over k < 5 of (p_k + p_{5+k} n) z^k

    Args:
        policy: p, `[K, 10, path]`, USD/H100e/h.
        z: where a price stands against that of the contract, see `standing`.
        n: share that counts too.
    """
    degree = policy.shape[1] // 2
    powers = jnp.stack([z**k for k in range(degree)], axis=1)
    alone = jnp.sum(policy[:, :degree] * powers, axis=1)
    return alone + n * jnp.sum(policy[:, degree:] * powers, axis=1)


def standing(seen: Array, price: Array) -> Array:
    """Where a price that is seen stands against the contract's, -1 to 1; 0 without either."""
    return part_of(seen - price, seen + price)


def part_of(part: Array, whole: Array) -> Array:
    """Part of a whole; 0 where there is nothing."""
    return jnp.where(whole > 0.0, part / jnp.where(whole > 0.0, whole, 1.0), 0.0)
