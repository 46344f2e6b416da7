"""Options of those who committed to pay for capacity: their terms, and when they are used.

A buyer gives hours up (for good, or by starting later) when what it saves is more than the fee:

    saved per hour = p max(k, u) - m (u + max(k - u, 0) q (1 - spread))
    gives up    if   saved per hour > fee x k p

p the contract's price; k its take-or-pay share; m the price of the same hour on the market; u the
share of those hours that would be needed; q the share of unused hours that may be resold. The hours
of a part s of capacity C are the ones needed last: with L needed after other contracts,

    u = clip((L - (1 - s) C) / (s C), 0, 1)

m and L are those of the month of choice, carried forward to the middle of the time given up at the
rates the buyer expects. Nothing looks into the path's future. The fee is that share of p k over the
hours of s C and the periods given up.

Rights to cancel and to step down may go by a fitted policy instead (`finance.giving_up`): hours are
given up where the policy's advantage at m, p and L, all of the month of choice, is above zero.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Lowerer, Numbers
from offtake.core.flows import ALL_THERE_IS, PAID_TOLERANCE
from offtake.finance.exercise import advantage, part_of, standing
from offtake.finance.span import after, between

NEVER = 1e9
"""Position of what has not been chosen, periods."""
ANY_NEED = ALL_THERE_IS
"""Need of a buyer that states none, H100e."""


class Choices(NamedTuple):
    """What the buyer chose so far, every leaf [K, P]."""

    start: Array
    """position of the start"""
    due: Array
    """1.0 once it was to be chosen whether to start later"""
    deferred: Array
    """1.0 where it starts later"""
    stepped: Array
    """position from which the capacity is smaller"""
    cancelled: Array
    """position at which the contract ends by choice"""


class Seen(NamedTuple):
    """What the buyer sees when it chooses, every leaf [K, P] but the month."""

    price: Array
    """of the contract, USD/H100e/h"""
    market: Array
    """price of such an hour on the market, USD/H100e/h"""
    need: Array
    """H100e"""
    served: Array
    """by contracts that serve first, H100e"""
    running: Array
    """True where something may be chosen: the contract has not ended, the plan has opened"""
    t: Array
    """the period that closes"""
    hours: Array
    """of that period"""
    years: Array
    """of that period"""
    policies: Mapping[str, Array]
    """right to give up -> its fitted policy, [K, 10, P], USD/H100e/h"""


def offered_by(at: Lowerer, contracts: Sequence[tuple[str, ...]]) -> IntArray:
    """[K, contracts] observations of the hours that contracts offer; zero where there are fewer.

    Args:
        at: what `lower` may ask.
        contracts: [K] ids of those that serve first.
    """
    most = max([1, *map(len, contracts)])
    found = np.full((len(contracts), most), at.observe("zero"))
    for k, names in enumerate(contracts):
        for j, name in enumerate(names):
            found[k, j] = at.observe(f"contracts.{name}.offered_hours")
    return found


def nothing_chosen(start: Array) -> Choices:
    """Choices at the start of the plan; start: position, periods."""
    zero, never = jnp.zeros_like(start), jnp.full_like(start, NEVER)
    return Choices(start, zero, zero, never, never)


def in_term(chosen: Choices, term: Array, t: Array) -> Array:
    """Share of period t within the term, `[..., path]`; term: periods."""
    last = jnp.minimum(chosen.start + term, chosen.cancelled)
    return between(jnp.maximum(chosen.start, 0.0), last, t)


def level(chosen: Choices, ramp: Array, part: Array, t: Array) -> Array:
    """Share of the capacity that is there within the term in period t, `[..., path]`.

    Args:
        ramp: periods from the start over which it comes in, counted in the middle of the period.
        part: share given up by a step-down.
    """
    some = ramp > 0.0
    come = jnp.clip((t - 0.5 - chosen.start) / jnp.where(some, ramp, 1.0), 0.0, 1.0)
    return jnp.where(some, come, 1.0) * (1.0 - part * after(chosen.stepped, t))


def use_of_last(needed: Array, capacity: Array, part: Array) -> Array:
    """Share of the last part of a capacity that is needed, `[..., path]`.

    Args:
        needed: H100e, `[..., path]`.
        capacity: H100e, `[..., path]`.
        part: share of the capacity that is in question, `[..., path]`.
    """
    size = part * capacity
    some = size > 0.0
    used = (needed - (capacity - size)) / jnp.where(some, size, 1.0)
    return jnp.where(some, jnp.clip(used, 0.0, 1.0), 0.0)


def gives_up(
    use: Array, price: Array, least: Array, market: Array, resold: Array, fee: Array
) -> Array:
    """Whether a buyer gives hours up, True or False, `[..., path]`.

    Args:
        use: share of the hours that would be used, `[..., path]`.
        price: of the contract, USD/H100e/h, `[..., path]`.
        least: share of the hours that is paid for in any case, `[..., path]`.
        market: price of such an hour on the market, USD/H100e/h, `[..., path]`.
        resold: what a paid and unused hour brings, as a share of the market's price, `[..., path]`.
        fee: share of take-or-pay payments, `[..., path]`.
    """
    idle = jnp.maximum(least - use, 0.0)
    saved = price * jnp.maximum(least, use) - market * (use + idle * resold)
    return saved > fee * least * price + PAID_TOLERANCE * price


def carried(now: Array, rate: Array, years: Array) -> Array:
    """What is expected of a value after some years, `[..., path]`; rate: 1/year above -1."""
    return now * jnp.exp(years * jnp.log1p(rate))


def worth_it(
    n: Numbers, seen: Seen, part: Array, fee: Array, wait: Array, time: Array
) -> tuple[Array, Array]:
    """Whether a part is given up for some time after a wait, and the fee, [K, P]."""
    ahead = seen.years * (wait + 0.5 * time)
    needed = carried(seen.need, n["need_outlook"], ahead) - seen.served
    use = use_of_last(needed, n["capacity"], part)
    resold = n["resale.share"] * (1.0 - n["resale.spread"])
    market = carried(seen.market, n["price_outlook"], ahead)
    least, price = n["take_or_pay"], seen.price
    wanted = gives_up(use, price, least, market, resold, fee) & (time > 0.0) & seen.running
    hours = part * n["capacity"] * seen.hours * time
    return wanted, fee * price * least * hours


def needed_share(n: Numbers, seen: Seen, kept: Array, part: Array) -> Array:
    """What of a part is needed in the month that closes, as a share of that and the part, [K, P].

    Args:
        n: numbers of the contracts.
        seen: what the buyer sees.
        kept: share of the capacity that is there.
        part: share of it that would be given up, the hours needed last.
    """
    needed = jnp.maximum(seen.need - seen.served - (kept - part) * n["capacity"], 0.0)
    return part_of(needed, needed + part * n["capacity"])


def choose(
    n: Numbers, has: Mapping[str, NDArray[np.bool_]], chosen: Choices, seen: Seen
) -> tuple[Choices, Array]:
    """Choices at the close of a period, and the fees they cost.

    Args:
        n: numbers of the contracts, those of options by their place.
        has: option -> whether the contract has it, [K, 1]; `fitted.<right>`: whether it goes by a
            policy.
        chosen: before.
        seen: what the buyer sees.

    Returns:
        Choices after; fees, USD [K, P].
    """
    t, end = seen.t, chosen.start + n["term"]
    open_still = chosen.cancelled >= NEVER
    kept = 1.0 - n["step_down.share"] * jnp.where(chosen.stepped < NEVER, 1.0, 0.0)

    def ends(right: str, part: Array) -> tuple[Array, Array]:
        notice = n[f"{right}.notice"]
        left = end - t - notice
        wanted, fee = worth_it(n, seen, part, n[f"{right}.fee"], notice, left)
        used = needed_share(n, seen, kept, part)
        gain = advantage(seen.policies[right], standing(seen.market, seen.price), used) > 0.0
        wanted = jnp.where(has[f"fitted.{right}"], gain & (left > 0.0) & seen.running, wanted)
        reached = t + notice >= chosen.start + n[f"{right}.earliest"]
        return wanted & reached & open_still & has[right], fee

    cancels, cancel_fee = ends("cancellation", kept)
    steps, step_fee = ends("step_down", n["step_down.share"])
    steps = steps & ~cancels & (chosen.stepped >= NEVER)
    reached = (
        (t + n["deferral.notice"] >= chosen.start)
        & has["deferral"]
        & (chosen.due < 0.5)
        & (t > 0.0)
    )
    whole = jnp.ones_like(end)
    wait = chosen.start - t
    later, defer_fee = worth_it(n, seen, whole, n["deferral.fee"], wait, n["deferral.by"])
    later = later & reached & (wait >= 0.0) & open_still & ~cancels
    after_it = Choices(
        start=chosen.start + jnp.where(later, n["deferral.by"], 0.0),
        due=jnp.where(reached, 1.0, chosen.due),
        deferred=jnp.where(later, 1.0, chosen.deferred),
        stepped=jnp.where(steps, t + n["step_down.notice"], chosen.stepped),
        cancelled=jnp.where(cancels, t + n["cancellation.notice"], chosen.cancelled),
    )
    parts = ((cancels, cancel_fee), (steps, step_fee), (later, defer_fee))
    return after_it, sum((jnp.where(yes, fee, 0.0) for yes, fee in parts), jnp.zeros_like(end))


def rest_of_commitment(n: Numbers, chosen: Choices, bill: Array, t: Array) -> Array:
    """Take-or-pay payments of the rest of the term at the capacity of now, USD [K, P].

    Args:
        n: numbers of the contracts.
        chosen: what the buyer chose.
        bill: price of an H100e over a period, USD [K, P].
        t: [] period that closes.
    """
    last = jnp.minimum(chosen.start + n["term"], chosen.cancelled)
    there = n["capacity"] * level(chosen, n["ramp"], n["step_down.share"], t)
    return n["take_or_pay"] * there * bill * jnp.maximum(last - t, 0.0)


def told(chosen: Choices) -> Amounts:
    """What was chosen, as others may read it: name -> 1.0 once it was, [K, P]."""
    return {
        "deferred": chosen.deferred,
        "stepped_down": jnp.where(chosen.stepped < NEVER, 1.0, 0.0),
        "cancelled": jnp.where(chosen.cancelled < NEVER, 1.0, 0.0),
    }
