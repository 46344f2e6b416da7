"""Clearing: all claims of a month are paid together from the cash that exists (semantics §5.4-5.6).

Payments solve, for every internal party i and rank r,

    g[i, r] = clip(c[i] + receipts[i] - sum of X[i, r'] over r' < r - floor, 0, X[i, r])

with X what is claimed, g what is paid, c opening cash, and floor the minimum cash where the slot
is residual. Equal ranks share pro rata, so a claim k in slot (i, r) receives x[k] g / X.

A support that was called pays what its claim is short of in this same solution, at most what was
called; where calls turn out too large all supporters of the claim pay the same share of them. The
share g / X stays that of the whole rank: a claim beside a protected one neither gains nor loses by
the protection, and the protected one is made whole as far as limits and the supporters' cash go.
What a supporter paid it may claim back from the next month on (subrogation); in the month itself
that ranks behind the rest of the claim, which is short, and is paid nothing.

The solution is the greatest fixed point [1, 2], found from above: plain rounds, which are exact on
a network without cycles after as many rounds as it is deep; where money circles slowly, leaps on
the linear system of the slots that are paid in part (as the fictitious default sequence of [1]),
each stopped where a payer would run out of cash for that slot, so that no leap ends below the
solution. The derivative is that of the fixed point, not of the rounds. Rounds move only what one
party's payments do to another's: the key slots, from which money or support goes inside.

References:
    1. Eisenberg, L. and Noe, T. (2001). Systemic risk in financial systems. Management Science 47.
    2. Elsinger, H. (2009). Financial networks, cross holdings, and limited liability. OeNB WP 156.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.fixed_point import choose, distance, fixed_point, recomputed, same
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.rows import added, apart, highest, ratio, some, total
from offtake.engine.program import Network, Shape

NEGLIGIBLE = 1e-15
"""Share of the month's gross amounts below which a slot counts as empty, or as full."""
UNLIMITED = 1e21
"""USD; stands for an infinite claim or limit, far above the largest "share of all that is left"."""
SLOT_CHECKS = ("cash_not_negative", "junior_paid_before_senior", "cash_held_while_short")


class Cleared(NamedTuple):
    """Outcome of one month's clearing."""

    claimed: Array
    """[C, P] as it stood: of a residual what it took, of a support what was asked of it."""
    paid: Array
    """[C, P] paid on the claim, by the payer or a supporter; <= claimed."""
    residual: Array
    """[P] largest distance to the fixed point, as a share of the month's gross amounts."""
    violations: Array
    """[check, P] worst of each slot check over all clearings of the month (see `slot_checks`)."""


class _Due(NamedTuple):
    """What payers have to pay; every leaf [slots, P] USD."""

    claimed: Array
    senior: Array
    """claimed at earlier ranks, and the minimum cash that a residual slot leaves"""


class _Pairs(NamedTuple):
    """Some pairs of a support and a claim it protects, and what was called of them."""

    claim: Array | IntArray
    """[S] claim"""
    group: Array | IntArray
    """[S] the same number for pairs of one claim"""
    groups: int
    amount: Array
    """[S, P] claimed, USD"""
    meets: Array
    """[S, P] share of the claim that its payer meets where it is external; else 1"""
    owed: Array | IntArray
    """[S] where the paid share of the claim is found"""
    slot: Array | IntArray
    """[S] where that of the support is found"""
    support: Array | IntArray
    """[S] claim of the support"""
    creditor: Array
    """[S] party that the claim is owed to, N for any external one"""
    backs: Array
    """[S, P] share of what is called that the supporter pays where it is external; else 1"""
    called: Array
    """[S, P] USD"""
    others: Array
    """[S, P] what pairs that are not among these offer to the claim, USD"""


class _Market(NamedTuple):
    """What all clearings of a month work on."""

    net: Network
    shape: Shape
    claims: Array
    """[C, P] USD; support lines are zero."""
    inner: Array
    """[I, P] those between internal parties."""
    own: Array
    """[slots + 1, P] claimed by slot, supports apart; the last row is external payers."""
    base: Array
    """[N, P] opening cash and what external payers bring."""
    due: _Due
    """of slots, supports apart"""
    minimum: Array
    """[N, P] minimum cash, kept from residual claims."""
    scale: Array
    """[P] gross amounts of the month, USD."""
    meets: Array
    """[C, P] share of a claim that its payer meets where it is external; 1 for internal payers."""


class _Backing(NamedTuple):
    """What supports do for the claims they protect; every leaf [S, P] USD."""

    asked: Array
    """asked of supporters"""
    drawn: Array
    """paid by supporters"""
    short: Array
    """what the claim of the pair is still short of"""


_Offer = tuple[Array, Array, Array, Array]
"""Called [S, P], left of limits [J, P], needed [C, P], whether some of it can still be called."""
_Cleared = tuple[Array, Array, Array, Array]
"""Paid shares, what was called [S, P], what claims are short of [C, P], checks."""


def _with_outside(share: Array) -> Array:
    """[.. + 1, P] shares with that of external payers, 1, as their last row."""
    return jnp.concatenate([share, jnp.ones((1, share.shape[-1]))])


def _pairs(m: _Market, called: Array, inner: bool) -> _Pairs:
    """All pairs; or those that can change within a clearing, with shares of key slots alone."""
    net, size = m.net, m.claims.shape[0]
    backs = m.meets[net.support[net.pair_support]]
    rows = net.pair_inner if inner else slice(None)
    claim, support = net.pair_claim[rows], net.support[net.pair_support[rows]]
    owed, slot = net.slot[claim], net.slot[support]
    return _Pairs(
        claim=claim,
        group=net.inner_group if inner else claim,
        groups=len(net.inner_group) if inner else size,
        amount=m.claims[claim],
        meets=m.meets[claim],
        owed=net.place[owed] if inner else owed,
        slot=net.place[slot] if inner else slot,
        support=support,
        creditor=jnp.minimum(net.payee[claim], m.shape.internal),
        backs=backs[rows],
        called=called[rows],
        others=added((called * backs).at[rows].set(0.0), net.pair_claim, size)[claim],
    )


def _backing(share: Array, pairs: _Pairs) -> _Backing:
    """What supports pay, given paid shares."""
    able = pairs.called * share[pairs.slot] * pairs.backs
    offered = pairs.others + added(able, pairs.group, pairs.groups)[pairs.group]
    short = pairs.amount * (1.0 - share[pairs.owed] * pairs.meets)
    part = jnp.minimum(ratio(short, offered), 1.0)
    return _Backing(pairs.called * part, able * part, jnp.maximum(short - offered, 0.0))


def _due(net: Network, shape: Shape, own: Array, minimum: Array) -> _Due:
    """All slots, given what is claimed [slots + 1, P] and minimum cash [N, P]."""
    claimed = own[:-1].reshape(shape.internal, shape.ranks, own.shape[-1])
    each = apart(claimed, [1] * shape.ranks, axis=1)
    before = [jnp.zeros_like(each[0])]
    for rank in each[:-1]:
        before.append(before[-1] + rank)
    floor = jnp.where(net.slot_residual[:, :, None], minimum[:, None], 0.0)
    senior = jnp.concatenate(before, axis=1) + floor
    return _Due(claimed.reshape(-1, own.shape[-1]), senior.reshape(-1, own.shape[-1]))


def _due_with(m: _Market, asked: Array, support: Array | IntArray) -> _Due:
    """All slots, given what is asked [S, P] of supports."""
    if not m.shape.backed:
        return m.due
    asks = added(asked, m.net.slot[support], m.own.shape[0])
    return _due(m.net, m.shape, m.own + asks, m.minimum)


def _cash(m: _Market, share: Array, pairs: _Pairs) -> tuple[Array, Array]:
    """[N, P] opening cash with all receipts, [S, P] asked of supports; shares of key slots."""
    net, n = m.net, m.shape.internal
    flows = m.inner * share[net.place[net.slot[net.inner]]]
    cash = m.base + added(flows, net.payee[net.inner], n)
    if not pairs.called.shape[0]:
        return cash, pairs.called
    asked, drawn, _ = _backing(share, pairs)
    return cash + added(drawn, pairs.creditor, n + 1)[:-1], asked


def _waterfall(due: _Due, cash: Array) -> Array:
    """[slots, P] paid, given cash [slots, P] of the payer; residual slots are its last ones."""
    free = cash - due.senior
    return jnp.where(free <= 0.0, 0.0, jnp.where(free >= due.claimed, due.claimed, free))


def _circulation(m: _Market, pairs: _Pairs, backing: _Backing, rate: Array) -> Array:
    """[N, N, P] what i receives of one more dollar of j; rate [key + 1, P] per dollar claimed.

    Where supporters make a claim whole its creditor does not feel what the payer pays. That such a
    supporter pays less is left out: a system that feels too little errs on the safe side.
    """
    net, n = m.net, m.shape.internal
    weight = m.inner * rate[net.place[net.slot[net.inner]]]
    cell = net.payee[net.inner] * n + net.payer[net.inner]
    if pairs.called.shape[0]:
        partly = jnp.where((backing.short > 0.0) | (backing.drawn <= 0.0), 1.0, 0.0)
        weight = weight * jnp.ones_like(m.claims).at[pairs.claim].min(partly)[net.inner]
        weight = jnp.concatenate([weight, backing.asked * partly * rate[pairs.slot]])
        supporter = net.payer[pairs.support]
        inside = (pairs.creditor < n) & (supporter < n)
        there = jnp.where(inside, pairs.creditor * n + supporter, n * n)
        cell = jnp.concatenate([cell, there])
    return added(weight, cell, n * n + 1)[:-1].reshape(n, n, -1)


def _leap(m: _Market, share: Array, pairs: _Pairs) -> Array:
    """A Newton step on the cash of the parties, stopped at the first party that runs dry.

    A slot is marginal where it is paid in part: there one more dollar of cash is one more paid.
    With M[i, j] the share of what j pays in its marginal slot that goes to i, (I - M) d = change of
    cash in one round. While every marginal slot is paid something the map lies below its tangent,
    so cash + d is above the solution; beyond that it might not be, hence the stop. From and to the
    paid shares of key slots.
    """
    n, ranks, key = m.shape.internal, m.shape.ranks, m.net.key
    cash, asked = _cash(m, share, pairs)
    due = _due_with(m, asked, pairs.support)
    paid = _waterfall(due, jnp.repeat(cash, ranks, axis=0))
    share = _with_outside(ratio(paid, due.claimed)[key])
    empty = NEGLIGIBLE * m.scale[None]
    marginal = (paid > empty) & (paid < due.claimed - empty)
    rate = jnp.where(marginal, 1.0 / jnp.where(marginal, due.claimed, 1.0), 0.0)
    rate = jnp.concatenate([rate[key], jnp.zeros_like(rate[:1])])
    matrix = _circulation(m, pairs, _backing(share, pairs), rate)
    fall = _cash(m, share, pairs)[0] - cash
    fall = jnp.where(fall < -empty, fall, 0.0)
    # A little less than M keeps the system regular on a closed cycle and errs on the safe side.
    system = jnp.eye(n)[None] - (1.0 - 1e-11) * jnp.moveaxis(matrix, -1, 0)
    solved = jnp.linalg.solve(system, fall.T[:, :, None])  # pyright: ignore
    step = jnp.moveaxis(jnp.asarray(solved)[:, :, 0], 0, -1)
    room = jnp.sum(jnp.where(marginal, paid, 0.0).reshape(n, ranks, -1), axis=1)
    dries = (room > 0.0) & (step < -room)
    reach = jnp.min(jnp.where(dries, room / jnp.where(dries, -step, 1.0), 1.0), axis=0)
    cash = jnp.maximum(cash + reach[None] * step, 0.0)
    return ratio(_waterfall(due, jnp.repeat(cash, ranks, axis=0)), due.claimed)[key]


def _settled(m: _Market, pairs: _Pairs) -> tuple[Array, Array]:
    """[key slots, P] what the rounds settle on, as paid of the most that may be claimed there."""
    net, payer = m.net, m.net.key // m.shape.ranks
    top = m.own[net.key]
    if m.shape.backed:
        most = added(pairs.called, net.slot[pairs.support], m.own.shape[0])
        top = top + most[net.key]

    def share(state: Array) -> Array:
        return _with_outside(ratio(state, top))

    fixed = _Due(m.due.claimed[net.key], m.due.senior[net.key])

    def step(state: Array) -> Array:
        cash, asked = _cash(m, share(state), pairs)
        if not m.shape.backed:
            return _waterfall(fixed, cash[payer])
        due = _due_with(m, asked, pairs.support)
        due = _Due(due.claimed[net.key], due.senior[net.key])
        return ratio(_waterfall(due, cash[payer]), due.claimed) * top

    def leap(state: Array) -> Array:
        return _leap(m, share(state), pairs) * top

    return (fixed_point(step, leap, top, m.scale) if net.key.shape[0] else top), top


def _solve(m: _Market, called: Array) -> tuple[Array, Array, Array]:
    """One clearing: paid shares [slots + 1, P], what claims are short of, checks [check, P]."""
    net, (n, ranks) = m.net, (m.shape.internal, m.shape.ranks)
    pairs = _pairs(m, called, inner=True)
    state, top = _settled(m, pairs)
    cash, asked = _cash(m, _with_outside(ratio(state, top)), pairs)
    due = _due_with(m, asked, pairs.support)
    paid = _waterfall(due, jnp.repeat(cash, ranks, axis=0))
    inside = ratio(paid, due.claimed)
    share = _with_outside(inside)
    by_rank = [each.reshape(n, ranks, -1) for each in (paid, due.claimed)]
    checks = slot_checks(net, cash, by_rank[0], by_rank[1], m.scale)
    apart = distance(inside[net.key] * top, state) / m.scale
    everyone = _pairs(m, called, inner=False)
    able = called * share[everyone.slot] * everyone.backs
    short = m.claims * (1.0 - share[net.slot] * m.meets)
    short = jnp.maximum(short - added(able, everyone.claim, short.shape[0]), 0.0)
    return share, short, jnp.concatenate([checks, apart[None]])


def _call(m: _Market, tier: Array, need: Array, limit: Array, weight: Array) -> Array:
    """[S, P] what one tier calls: needs [C, P] shared by weight within limits, the rest again."""
    claims, supports = m.net.pair_claim, m.net.pair_support
    count, size = m.net.support.shape[0], m.net.payer.shape[0]
    weights = jnp.where((m.net.tier[supports] == tier)[:, None], weight[supports], 0.0)

    def offer(state: _Offer) -> _Offer:
        called, left, need, _ = state
        w = jnp.where(left[supports] > 0.0, weights, 0.0)
        whole = added(w, claims, size)[claims]
        ask = need[claims] * w / jnp.where(whole > 0.0, whole, 1.0)
        asked = added(ask, supports, count)
        full = asked >= left
        give = ask * jnp.where(full, ratio(left, asked), 1.0)[supports]
        # Exactly nothing is left of a limit that is used up: a cent more would keep its weight.
        left = jnp.where(full, 0.0, left - added(give, supports, count))
        need = need - added(give, claims, size)
        more = some((need[claims] * weights > 0.0) & (left[supports] > 0.0))
        return called + give, left, need, more

    def again(state: _Offer, _: None) -> tuple[_Offer, None]:
        return choose(state[3], offer, same, state), None

    def rounds(state: _Offer) -> _Offer:
        return lax.scan(recomputed(again), state, None, length=m.shape.overflow - 1)[0]

    nothing = jnp.zeros((claims.shape[0], need.shape[1]))
    first = offer((nothing, limit, need, jnp.asarray(True)))
    return choose(first[3], rounds, same, first)[0]


def slot_checks(net: Network, available: Array, paid: Array, claimed: Array, scale: Array) -> Array:
    """[check, P] violations of one clearing as shares of the month's gross amounts.

    In the order of `SLOT_CHECKS`: a party with negative cash; money paid at a rank while an earlier
    one is short; cash kept while a claim that is not residual is short.
    """
    cash, short, junior = available, jnp.zeros_like(available), jnp.zeros_like(available)
    for rank in range(paid.shape[1]):
        junior = jnp.maximum(junior, jnp.minimum(short, paid[:, rank]))
        left = jnp.where(net.slot_residual[:, rank, None], 0.0, claimed[:, rank] - paid[:, rank])
        cash, short = cash - paid[:, rank], short + left
    rows = jnp.concatenate([-cash, junior, jnp.minimum(short, cash)])
    return highest(rows, np.repeat(np.arange(len(SLOT_CHECKS)), len(cash)), 3) / scale[None]


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
    """
    m = _market(net, shape, claims, cash, minimum, payout)

    def tier(carry: _Cleared, order: Array) -> tuple[_Cleared, None]:
        # Nothing is called for what counts as paid.
        need = jnp.where(carry[2] > PAID_TOLERANCE * claims, carry[2], 0.0)
        mine = (net.tier[net.pair_support] == order)[:, None]
        used = (order == 0) | some(mine & (need[net.pair_claim] > 0.0))

        def run(carry: _Cleared) -> _Cleared:
            called = carry[1] + _call(m, order, need, limit, weight)
            share, short, checks = _solve(m, called)
            return share, called, short, jnp.maximum(carry[3], checks)

        # A tier that nobody needs leaves the clearing as it is.
        return choose(used, run, same, carry), None

    nothing = jnp.zeros((net.pair_claim.shape[0], claims.shape[-1]))
    worst = jnp.zeros((len(SLOT_CHECKS) + 1, claims.shape[-1]))
    start = (jnp.ones_like(m.own), nothing, jnp.zeros_like(claims), worst)
    (share, called, _, worst), _ = lax.scan(recomputed(tier), start, jnp.asarray(net.tiers))
    return _book(m, share, _backing(share, _pairs(m, called, inner=False)), worst)


def _market(
    net: Network, shape: Shape, claims: Array, cash: Array, minimum: Array, payout: Array
) -> _Market:
    """What all clearings of the month share; arguments as of `clear`."""
    n = shape.internal
    ordinary = jnp.where(net.plain[:, None], claims, 0.0)
    meets = jnp.where((net.payer >= n)[:, None], payout[net.payer], 1.0)
    outside = claims[net.outside] * meets[net.outside]
    own = added(claims, net.slot, n * shape.ranks + 1)
    return _Market(
        net,
        shape,
        claims,
        inner=claims[net.inner],
        own=own,
        due=_due(net, shape, own, minimum),
        base=cash + added(outside, net.payee[net.outside], n),
        minimum=minimum,
        scale=jnp.maximum(total(ordinary) + total(cash), 1.0),
        meets=meets,
    )


def _book(m: _Market, share: Array, backing: _Backing, worst: Array) -> Cleared:
    """Claims and payments as they are written down.

    A support is booked as paid by the supporter to the party it supports, and the protected claim
    as paid by that party: the same cash, and every claim keeps its two parties.
    """
    net, size = m.net, m.claims.shape[0]
    claimed, paid = m.claims, m.claims * share[net.slot] * m.meets
    if net.pair_claim.shape[0]:
        asked, drawn, _ = backing
        support = net.support[net.pair_support]
        recovery = jnp.where(net.pair_recovery >= 0, net.pair_recovery, size)
        claimed = claimed + added(asked, support, size) + added(drawn, recovery, size + 1)[:-1]
        paid = paid + added(drawn, net.pair_claim, size) + added(drawn, support, size)
    return Cleared(jnp.where(net.plain[:, None], claimed, paid), paid, worst[-1], worst[:-1])
