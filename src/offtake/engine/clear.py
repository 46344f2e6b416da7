"""Clearing: all claims of a month are paid together from the cash that exists (DESIGN §5.4-5.6).

Payments solve, for every internal party i and rank r,

    g[i, r] = clip(c[i] + receipts[i] - sum of X[i, r'] over r' < r - floor, 0, X[i, r])

with X what is claimed, g what is paid, c opening cash, and floor the minimum cash where the slot
is residual. Equal ranks share pro rata: a claim k in slot (i, r) receives x[k] g / X. The solution
is the greatest fixed point [1, 2], found from above: plain rounds, which are exact on a network
without cycles after as many rounds as it is deep; a path that still moves after `ROUNDS_MAX`
is handed to Newton steps on the piecewise linear map (the fictitious default sequence of [1] solves
the same linear systems). The derivative is that of the fixed point, not of the rounds.

References:
    1. Eisenberg, L. and Noe, T. (2001). Systemic risk in financial systems. Management Science 47.
    2. Elsinger, H. (2009). Financial networks, cross holdings, and limited liability. OeNB WP 156.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from offtake.core.arrays import Array, jax, jnp, lax
from offtake.core.contract import IntArray
from offtake.engine.program import Network, Shape

ROUNDS_MAX = 64
ROUNDS_LIMIT = 1000
TOLERANCE = 1e-12
PAID_TOLERANCE = 1e-9
UNLIMITED = 1e15
"""USD; stands for "all of it" where a claim or a limit has no bound of its own."""


class Cleared(NamedTuple):
    """Outcome of one month's clearing."""

    claimed: Array
    """[C, P] claim as it stood: residual claims are what they took, supports what was called."""
    paid: Array
    """[C, P] paid on the claim, by the payer or a supporter; <= claimed."""
    residual: Array
    """[P] largest distance to the fixed point, as a share of the month's gross amounts."""
    violations: Array
    """[check, P] worst of each slot check over all clearings of the month (see `slot_checks`)."""


class Inputs(NamedTuple):
    """What one clearing works on. `own` excludes support lines, which pairs carry."""

    own: Array
    """[slots + 1, P] claimed by slot, supports apart; the last row is external payers."""
    inner: Array
    """[I, P] claims between internal parties."""
    base: Array
    """[N, P] opening cash and what external payers bring."""
    minimum: Array
    """[N, P] minimum cash, kept from residual claims."""
    scale: Array
    """[P] gross amounts of the month, USD."""


_Carry = tuple[Array, Array, Array, Array, Array]
_Offer = tuple[Array, Array, Array]
SLOT_CHECKS = ("cash_not_negative", "junior_paid_before_senior", "cash_held_while_short")


def _sum(values: Array, index: Array | IntArray, size: int) -> Array:
    """Rows of `values` added up by `index`: [rows, P] -> [size, P]."""
    return jax.ops.segment_sum(values, index, size)


def _shares(grid: Array, claimed: Array) -> Array:
    """Paid share of every slot [slots + 1, P]; 1 where nothing is claimed, and outside."""
    safe = jnp.where(claimed > 0.0, claimed, 1.0)
    share = jnp.where(claimed > 0.0, grid / safe, 1.0)
    flat = share.reshape(-1, share.shape[-1])
    return jnp.concatenate([flat, jnp.ones_like(flat[:1])])


class _Pairs(NamedTuple):
    """Some supported pairs: slots and parties at both ends; N or the last slot for 'outside'."""

    support_slot: Array | IntArray
    claim_slot: Array | IntArray
    recovery_slot: Array
    creditor: Array
    supporter: Array
    inside: Array
    """[S, 1] 1.0 where the claim's payer is internal"""
    share: Array
    """[S, P] payout share of an external supporter, else 1"""
    claim_share: Array
    """[S, P] payout share of the claim's payer where it is external, else 1"""


def _pairs(net: Network, shape: Shape, payout: Array, rows: IntArray | None = None) -> _Pairs:
    """All pairs, or those of `rows`."""
    chosen = slice(None) if rows is None else rows
    outside, n = shape.internal * shape.ranks, shape.internal
    claim, support = net.pair_claim[chosen], net.support[net.pair_support[chosen]]
    supporter, payer, recovery = net.payer[support], net.payer[claim], net.pair_recovery[chosen]
    return _Pairs(
        support_slot=net.slot[support],
        claim_slot=net.slot[claim],
        recovery_slot=jnp.where(recovery >= 0, net.slot[recovery], outside),
        creditor=jnp.minimum(net.payee[claim], n),
        supporter=jnp.where(recovery >= 0, jnp.minimum(supporter, n), n),
        inside=jnp.where(payer < n, 1.0, 0.0)[:, None],
        share=jnp.where((supporter >= n)[:, None], payout[supporter], 1.0),
        claim_share=jnp.where((payer >= n)[:, None], payout[payer], 1.0),
    )


def _drawn(share: Array, pairs: _Pairs, called: Array) -> Array:
    """[S, P] what supporters pay of what is called from them."""
    return called * share[pairs.support_slot] * pairs.share


def _readdressed(own: Array, pairs: _Pairs, called: Array, drawn: Array) -> Array:
    """[slots + 1, P] claimed by slot when what supporters pay is owed to them and not by slot."""
    index = jnp.concatenate([pairs.claim_slot, pairs.recovery_slot, pairs.support_slot])
    change = jnp.concatenate([-drawn * pairs.inside, drawn, called])
    return own + _sum(change, index, own.shape[0])


def _grid(shape: Shape, own: Array) -> Array:
    """[N, R, P] the slots of internal parties."""
    return jnp.maximum(own[:-1].reshape(shape.internal, shape.ranks, own.shape[-1]), 0.0)


def _available(
    net: Network, shape: Shape, inputs: Inputs, pairs: _Pairs, share: Array, drawn: Array
) -> Array:
    """[N, P] opening cash and all receipts; `pairs` holds those that reach an internal party."""
    n = shape.internal
    flows = inputs.inner * share[net.slot[net.inner]]
    relieved = drawn * (1.0 - share[pairs.claim_slot] * pairs.inside)
    recovered = drawn * share[pairs.recovery_slot] * pairs.claim_share
    extra = _sum(relieved, pairs.creditor, n + 1) + _sum(recovered, pairs.supporter, n + 1)
    return inputs.base + _sum(flows, net.payee[net.inner], n) + extra[:-1]


def _waterfall(net: Network, shape: Shape, available: Array, claimed: Array, low: Array) -> Array:
    """[N, R, P] cash paid down the ranks; residual slots leave the minimum cash `low` [N, P]."""
    left, paid = available, []
    for rank in range(shape.ranks):
        floor = jnp.where(net.slot_residual[:, rank][:, None], low, 0.0)
        free, asked = left - floor, claimed[:, rank]
        amount = jnp.where(free <= 0.0, 0.0, jnp.where(free >= asked, asked, free))
        paid.append(amount)
        left = left - amount
    return jnp.stack(paid, axis=1)


def _round(
    net: Network,
    shape: Shape,
    inputs: Inputs,
    pairs: _Pairs,
    own: Array,
    called: Array,
    state: Array,
) -> Array:
    """One application of the map whose greatest fixed point is the clearing: [2, N, R, P].

    The state holds what is paid and what is claimed by slot; both move when a supporter is short.
    `pairs` and `called` are those that can change from round to round; `own` holds the others.
    """
    share = _shares(state[0], state[1])
    drawn = _drawn(share, pairs, called)
    claimed = _grid(shape, _readdressed(own, pairs, called, drawn))
    available = _available(net, shape, inputs, pairs, share, drawn)
    return jnp.stack([_waterfall(net, shape, available, claimed, inputs.minimum), claimed])


def _distance(new: Array, old: Array) -> Array:
    return jnp.max(jnp.abs(new - old), axis=tuple(range(new.ndim - 1)))


def _wide(path: Array, like: Array) -> Array:
    """A flag per path [P] in the shape of an array whose paths are last."""
    return jnp.broadcast_to(path.reshape((1,) * (like.ndim - 1) + path.shape), like.shape)


def _newton_step(step: Callable[[Array], Array], state: Array) -> Array:
    """One Newton step on the piecewise linear map: the linear system of the set now short."""
    shape, size = state.shape, state[..., 0].size

    def flat(x: Array) -> Array:
        return step(x.reshape(shape)).reshape(size, -1)

    x = state.reshape(size, -1)
    value: Array
    tangent: Callable[[Array], Array]
    value, tangent = jax.linearize(flat, x)  # pyright: ignore[reportUnknownVariableType]
    basis = jnp.broadcast_to(jnp.eye(size)[:, :, None], (size, size, x.shape[-1]))
    matrix = jnp.eye(size)[None] - jnp.transpose(jax.vmap(tangent)(basis), (2, 1, 0))
    solve: Callable[[Array, Array], Array] = jnp.linalg.solve
    change = solve(matrix, (value - x).T[:, :, None])[:, :, 0].T
    better = jnp.where(jnp.isfinite(change), x + change, value)
    return jnp.maximum(better, 0.0).reshape(shape)


def _choose(
    flag: Array, yes: Callable[[Array], Array], no: Callable[[Array], Array], x: Array
) -> Array:
    """`yes(x)` or `no(x)`; only the one chosen is run."""
    chosen: Any = lax.cond(flag, yes, no, x)
    return chosen


def _iterate(step: Callable[[Array], Array], start: Array, scale: Array) -> Array:
    """Rounds from above until no path moves; a path that has settled is left alone.

    From round `ROUNDS_MAX` on every fourth round is a Newton step. A path counts as settled only
    when a plain round leaves it where it is, so what a Newton step proposes is always verified.
    """

    def unsettled(carry: tuple[Array, Array, Array]) -> Array:
        _, moving, count = carry
        return jnp.any(moving) & (count < ROUNDS_LIMIT)

    def once(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        state, moving, count = carry
        leap = (count >= ROUNDS_MAX) & (count % 4 == 0)

        def newton(x: Array) -> Array:
            return _newton_step(step, x)

        new = _choose(leap, newton, step, state)
        moved = leap | (_distance(new, state) > TOLERANCE * scale)
        return jnp.where(_wide(moving, new), new, state), moving & moved, count + 1

    moving = jnp.ones(scale.shape, bool)
    return lax.while_loop(unsettled, once, (start, moving, jnp.asarray(0)))[0]


def _neumann(linear: Callable[[Array], Array], right: Array) -> Array:
    """Solve J v - v = right by v <- J v - right.

    The series ends on a network without cycles and converges where the clearing vector is regular.
    """

    def once(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        v, _, count = carry
        new = linear(v) + v - right
        size = jnp.maximum(jnp.max(jnp.abs(new)), 1e-300)
        return new, jnp.max(jnp.abs(new - v)) > 1e-13 * size, count + 1

    def unsettled(carry: tuple[Array, Array, Array]) -> Array:
        return carry[1] & (carry[2] < ROUNDS_LIMIT)

    return lax.while_loop(unsettled, once, (-right, jnp.asarray(True), jnp.asarray(0)))[0]


def fixed_point(step: Callable[[Array], Array], start: Array, scale: Array) -> Array:
    """Greatest fixed point of `step` below `start`, with the derivative of the fixed point.

    Args:
        step: map [2, N, R, P] -> the same, increasing, path by path.
        start: [2, N, R, P] a point above the solution.
        scale: [P] gross amounts; the tolerance is `TOLERANCE` of them.
    """

    def solve(_: Callable[[Array], Array], first: Array) -> Array:
        return _iterate(step, first, scale)

    def tangent_solve(linear: Callable[[Array], Array], right: Array) -> Array:
        return lax.custom_linear_solve(linear, right, _neumann, _neumann)

    def distance(x: Array) -> Array:
        return step(x) - x

    return lax.custom_root(distance, start, solve, tangent_solve)


def _call(
    net: Network, shape: Shape, tier: Array, need: Array, limit: Array, weight: Array
) -> Array:
    """[S, P] what one tier calls: needs shared by weight within limits, the rest offered again."""
    claims, supports = net.pair_claim, net.pair_support
    count, size = net.support.shape[0], net.payer.shape[0]
    active = (net.tier[supports] == tier)[:, None]
    weights = jnp.where(active, weight[supports], 0.0)

    def offer(state: _Offer) -> _Offer:
        called, left, need = state
        w = jnp.where(left[supports] > 0.0, weights, 0.0)
        total = _sum(w, claims, size)[claims]
        ask = jnp.where(total > 0.0, need * w / jnp.where(total > 0.0, total, 1.0), 0.0)
        asked = _sum(ask, supports, count)
        scale = jnp.where(asked > left, left / jnp.where(asked > 0.0, asked, 1.0), 1.0)
        give = ask * scale[supports]
        left = left - _sum(give, supports, count)
        return called + give, left, need - _sum(give, claims, size)[claims]

    def again(state: tuple[_Offer, Array], _: None) -> tuple[tuple[_Offer, Array], None]:
        return lax.cond(state[1], _offered, lambda same: same, state), None

    def _offered(state: tuple[_Offer, Array]) -> tuple[_Offer, Array]:
        made = offer(state[0])
        return made, jnp.any((made[2] * weights > 0.0) & (made[1][supports] > 0.0))

    start = ((jnp.zeros_like(need), limit, need), jnp.asarray(True))
    return lax.scan(again, start, None, length=shape.overflow)[0][0][0]


def slot_checks(net: Network, available: Array, paid: Array, claimed: Array, scale: Array) -> Array:
    """[check, P] violations of one clearing as shares of the month's gross amounts.

    In the order of `SLOT_CHECKS`: a party with negative cash; money paid at a rank while an earlier
    one is short; cash kept while a claim that is not residual is short.
    """
    plain = jnp.where(net.slot_residual[:, :, None], 0.0, claimed - paid)
    senior_short = jnp.cumsum(plain, axis=1) - plain
    cash = available - jnp.sum(paid, axis=1)
    checks = (
        jnp.max(-cash, axis=0),
        jnp.max(jnp.minimum(senior_short, paid), axis=(0, 1)),
        jnp.max(jnp.minimum(jnp.sum(plain, axis=1), cash), axis=0),
    )
    return jnp.maximum(jnp.stack(checks), 0.0) / scale[None]


def clear(
    net: Network,
    shape: Shape,
    claims: Array,
    limit: Array,
    weight: Array,
    cash: Array,
    minimum: Array,
    payout: Array,
) -> Cleared:
    """Pay all claims of a month.

    Args:
        claims: [C, P] USD; support lines are zero here.
        limit: [J, P] undrawn limit of every support, USD.
        weight: [J, P] share of every support within its tier.
        cash: [N, P] opening cash of internal parties.
        minimum: [N, P] minimum cash, kept from residual claims.
        payout: [M, P] share of its claims that an external payer meets (1 unless in default).

    Returns:
        Claims as they stood, payments and checks. Payments are the greatest fixed point.
    """
    inputs, pairs = _inputs(net, shape, claims, cash, minimum, payout), _pairs(net, shape, payout)
    inner = _pairs(net, shape, payout, net.pair_inner)

    def tier(carry: _Carry, order: Array) -> tuple[_Carry, None]:
        def run(carry: _Carry) -> _Carry:
            _, called, _, need, worst = carry
            called = called + _call(net, shape, order, need, limit, weight)
            share, drawn, checks = _solve(net, shape, inputs, pairs, inner, called)
            need = _need(net, pairs, claims, share, drawn)
            return share, called, drawn, need, jnp.maximum(worst, checks)

        # A tier that nobody calls leaves the clearing as it is.
        wanted = jnp.where((net.tier[net.pair_support] == order)[:, None], carry[3], 0.0)
        return lax.cond((order == 0) | jnp.any(wanted > 0.0), run, lambda same: same, carry), None

    paths = claims.shape[-1]
    nothing = jnp.zeros((net.pair_claim.shape[0], paths))
    everything = jnp.ones((shape.internal * shape.ranks + 1, paths))
    worst = jnp.zeros((len(SLOT_CHECKS) + 1, paths))
    start = (everything, nothing, nothing, nothing, worst)
    (share, called, drawn, _, worst), _ = lax.scan(tier, start, jnp.asarray(net.tiers))
    claimed, paid = _book(net, shape, pairs, claims, payout, share, called, drawn)
    return Cleared(claimed, paid, worst[-1], worst[:-1])


def _inputs(
    net: Network, shape: Shape, claims: Array, cash: Array, minimum: Array, payout: Array
) -> Inputs:
    """What all clearings of the month share."""
    n = shape.internal
    outside = claims[net.outside] * payout[net.payer[net.outside]]
    ordinary = jnp.where(net.plain[:, None], claims, 0.0)
    return Inputs(
        own=_sum(claims, net.slot, n * shape.ranks + 1),
        inner=claims[net.inner],
        base=cash + _sum(outside, net.payee[net.outside], n),
        minimum=minimum,
        scale=jnp.maximum(jnp.sum(ordinary, axis=0) + jnp.sum(cash, axis=0), 1.0),
    )


def _solve(
    net: Network, shape: Shape, inputs: Inputs, pairs: _Pairs, inner: _Pairs, called: Array
) -> tuple[Array, Array, Array]:
    """One clearing: paid share of slots, what supporters paid [S, P], checks [check + 1, P]."""
    # Pairs outside the network have a fixed effect: what an external supporter pays is known.
    mine = called[net.pair_inner]
    fixed = called.at[net.pair_inner].set(0.0)
    own = _readdressed(inputs.own, pairs, fixed, fixed * pairs.share)

    def step(state: Array) -> Array:
        return _round(net, shape, inputs, inner, own, mine, state)

    top = _grid(shape, _readdressed(own, inner, mine, mine * inner.share))
    state = fixed_point(step, jnp.stack([top, top]), inputs.scale)
    share = _shares(state[0], state[1])
    available = _available(net, shape, inputs, inner, share, _drawn(share, inner, mine))
    checks = slot_checks(net, available, state[0], state[1], inputs.scale)
    distance = (_distance(step(state), state) / inputs.scale)[None]
    return share, _drawn(share, pairs, called), jnp.concatenate([checks, distance])


def _need(net: Network, pairs: _Pairs, claims: Array, share: Array, drawn: Array) -> Array:
    """[S, P] what is unpaid on the claim of each pair; nothing below the paid tolerance."""
    claim = net.pair_claim
    supported = _sum(drawn, claim, claims.shape[0])[claim]
    owed = claims[claim] - supported * pairs.inside
    paid = owed * share[pairs.claim_slot] * pairs.claim_share + supported
    need = claims[claim] - paid
    return jnp.where(need > PAID_TOLERANCE * claims[claim], need, 0.0)


def _book(
    net: Network,
    shape: Shape,
    pairs: _Pairs,
    claims: Array,
    payout: Array,
    share: Array,
    called: Array,
    drawn: Array,
) -> tuple[Array, Array]:
    """Claims and payments [C, P] as they are written down.

    A support is booked as paid by the supporter to the party it supports, and the protected claim
    as paid by that party: the same cash, and every claim keeps its two parties.
    """
    size = claims.shape[0]
    payers = jnp.where((net.payer >= shape.internal)[:, None], payout[net.payer], 1.0)
    paid_share = share[net.slot] * payers
    if not net.pair_claim.shape[0]:
        paid = claims * paid_share
        return jnp.where(net.plain[:, None], claims, paid), paid
    supported = _sum(drawn, net.pair_claim, size)
    recovery = jnp.where(net.pair_recovery >= 0, net.pair_recovery, size)
    claimed = claims + _sum(drawn, recovery, size + 1)[:-1]
    inside = _sum(drawn * pairs.inside, net.pair_claim, size)
    paid = (claimed - inside) * paid_share + supported
    support = net.support[net.pair_support]
    claimed = claimed + _sum(called, support, size)
    paid = paid + _sum(drawn, support, size)
    return jnp.where(net.plain[:, None], claimed, paid), paid
