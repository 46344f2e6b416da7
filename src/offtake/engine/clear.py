"""Clearing: all claims of a month are paid together from the cash that exists (DESIGN §5.4-5.6).

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
solution. The derivative is that of the fixed point, not of the rounds.

References:
    1. Eisenberg, L. and Noe, T. (2001). Systemic risk in financial systems. Management Science 47.
    2. Elsinger, H. (2009). Financial networks, cross holdings, and limited liability. OeNB WP 156.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.rows import added, highest, ratio, some, total
from offtake.engine.fixed_point import choose, distance, fixed_point, same
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


class _Pairs(NamedTuple):
    """Some pairs of a support and a claim it protects, and what was called of them."""

    claim: Array | IntArray
    """[S] claim"""
    slot: Array | IntArray
    """[S] slot of the support"""
    creditor: Array
    """[S] party that the claim is owed to, N for any external one"""
    supporter: Array | IntArray
    """[S] party that pays the support"""
    backs: Array
    """[S, P] share of what is called that the supporter pays where it is external; else 1"""
    called: Array
    """[S, P] USD"""
    others: Array
    """[C, P] what pairs that are not among these offer to claims, USD"""


class _Market(NamedTuple):
    """What all clearings of a month work on."""

    net: Network
    shape: Shape
    claims: Array
    """[C, P] USD; support lines are zero."""
    own: Array
    """[slots + 1, P] claimed by slot, supports apart; the last row is external payers."""
    base: Array
    """[N, P] opening cash and what external payers bring."""
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


def _shares(paid: Array, top: Array) -> Array:
    """[slots + 1, P] paid share of every slot; 1 where nothing is claimed, and for outside."""
    flat = ratio(paid, top).reshape(-1, paid.shape[-1])
    return jnp.concatenate([flat, jnp.ones_like(flat[:1])])


def _pairs(m: _Market, called: Array, inner: bool) -> _Pairs:
    """All pairs, or those that can change within a clearing: money comes from or goes inside."""
    net, size = m.net, m.claims.shape[0]
    backs = m.meets[net.support[net.pair_support]]
    rows = net.pair_inner if inner else slice(None)
    claim, support = net.pair_claim[rows], net.support[net.pair_support[rows]]
    return _Pairs(
        claim=claim,
        slot=net.slot[support],
        creditor=jnp.minimum(net.payee[claim], m.shape.internal),
        supporter=net.payer[support],
        backs=backs[rows],
        called=called[rows],
        others=added((called * backs).at[rows].set(0.0), net.pair_claim, size),
    )


def _backing(m: _Market, share: Array, pairs: _Pairs) -> _Backing:
    """What supports pay, given paid shares [slots + 1, P]."""
    claim = pairs.claim
    able = pairs.called * share[pairs.slot] * pairs.backs
    offered = (pairs.others + added(able, claim, m.claims.shape[0]))[claim]
    short = m.claims[claim] * (1.0 - share[m.net.slot[claim]] * m.meets[claim])
    part = jnp.minimum(ratio(short, offered), 1.0)
    return _Backing(pairs.called * part, able * part, jnp.maximum(short - offered, 0.0))


def _claims_and_cash(m: _Market, share: Array, pairs: _Pairs) -> tuple[Array, Array]:
    """[N, R, P] claimed by slot and [N, P] opening cash with all receipts; arguments as above."""
    net, n = m.net, m.shape.internal
    flows = m.claims[net.inner] * share[net.slot[net.inner]]
    own, cash = m.own, m.base + added(flows, net.payee[net.inner], n)
    if pairs.called.shape[0]:
        asked, drawn, _ = _backing(m, share, pairs)
        own = own + added(asked, pairs.slot, own.shape[0])
        cash = cash + added(drawn, pairs.creditor, n + 1)[:-1]
    return own[:-1].reshape(n, m.shape.ranks, own.shape[-1]), cash


def _waterfall(m: _Market, available: Array, claimed: Array) -> Array:
    """[N, R, P] cash paid down the ranks; residual slots leave the minimum cash."""
    left, paid = available, list[Array]()
    for rank in range(m.shape.ranks):
        floor = jnp.where(m.net.slot_residual[:, rank][:, None], m.minimum, 0.0)
        free, asked = left - floor, claimed[:, rank]
        amount = jnp.where(free <= 0.0, 0.0, jnp.where(free >= asked, asked, free))
        paid.append(amount)
        left = left - amount
    return jnp.stack(paid, axis=1)


def _circulation(m: _Market, pairs: _Pairs, backing: _Backing, rate: Array) -> Array:
    """[N, N, P] what i receives of one more dollar of j; rate [slots + 1, P] per dollar claimed.

    Where supporters make a claim whole its creditor does not feel what the payer pays. That such a
    supporter pays less is left out: a system that feels too little errs on the safe side.
    """
    net, n = m.net, m.shape.internal
    weight = m.claims[net.inner] * rate[net.slot[net.inner]]
    cell = net.payee[net.inner] * n + net.payer[net.inner]
    if pairs.called.shape[0]:
        partly = jnp.where((backing.short > 0.0) | (backing.drawn <= 0.0), 1.0, 0.0)
        weight = weight * jnp.ones_like(m.claims).at[pairs.claim].min(partly)[net.inner]
        weight = jnp.concatenate([weight, backing.asked * partly * rate[pairs.slot]])
        inside = (pairs.creditor < n) & (pairs.supporter < n)
        there = jnp.where(inside, pairs.creditor * n + pairs.supporter, n * n)
        cell = jnp.concatenate([cell, there])
    return added(weight, cell, n * n + 1)[:-1].reshape(n, n, -1)


def _leap(m: _Market, state: Array, top: Array, pairs: _Pairs) -> Array:
    """A Newton step on the cash of the parties, stopped at the first party that runs dry.

    A slot is marginal where it is paid in part: there one more dollar of cash is one more paid.
    With M[i, j] the share of what j pays in its marginal slot that goes to i, (I - M) d = change of
    cash in one round. While every marginal slot is paid something the map lies below its tangent,
    so cash + d is above the solution; beyond that it might not be, hence the stop.
    """
    claimed, cash = _claims_and_cash(m, _shares(state, top), pairs)
    paid = _waterfall(m, cash, claimed)
    share = _shares(ratio(paid, claimed) * top, top)
    empty = NEGLIGIBLE * m.scale[None]
    marginal = (paid > empty[None]) & (paid < claimed - empty[None])
    rate = jnp.where(marginal, 1.0 / jnp.where(marginal, claimed, 1.0), 0.0)
    rate = jnp.concatenate([rate.reshape(-1, rate.shape[-1]), jnp.zeros_like(rate[:1, 0])])
    matrix = _circulation(m, pairs, _backing(m, share, pairs), rate)
    fall = _claims_and_cash(m, share, pairs)[1] - cash
    fall = jnp.where(fall < -empty, fall, 0.0)
    # A little less than M keeps the system regular on a closed cycle and errs on the safe side.
    system = jnp.eye(m.shape.internal)[None] - (1.0 - 1e-11) * jnp.moveaxis(matrix, -1, 0)
    solved = jnp.linalg.solve(system, fall.T[:, :, None])  # pyright: ignore
    step = jnp.moveaxis(jnp.asarray(solved)[:, :, 0], 0, -1)
    room = jnp.sum(jnp.where(marginal, paid, 0.0), axis=1)
    dries = (room > 0.0) & (step < -room)
    reach = jnp.min(jnp.where(dries, room / jnp.where(dries, -step, 1.0), 1.0), axis=0)
    cash = jnp.maximum(cash + reach[None] * step, 0.0)
    return ratio(_waterfall(m, cash, claimed), claimed) * top


def _solve(m: _Market, called: Array) -> tuple[Array, Array, Array]:
    """One clearing: paid shares [slots + 1, P], what claims are short of, checks [check, P]."""
    pairs = _pairs(m, called, inner=True)
    top = m.own + added(pairs.called, pairs.slot, m.own.shape[0])
    top = top[:-1].reshape(m.shape.internal, m.shape.ranks, top.shape[-1])

    def step(state: Array) -> Array:
        claimed, cash = _claims_and_cash(m, _shares(state, top), pairs)
        return ratio(_waterfall(m, cash, claimed), claimed) * top

    def leap(state: Array) -> Array:
        return _leap(m, state, top, pairs)

    state = fixed_point(step, leap, top, m.scale)
    share = _shares(state, top)
    claimed, cash = _claims_and_cash(m, share, pairs)
    checks = slot_checks(m.net, cash, ratio(state, top) * claimed, claimed, m.scale)
    again = ratio(_waterfall(m, cash, claimed), claimed) * top
    apart = distance(again, state) / m.scale
    everyone = _pairs(m, called, inner=False)
    able = called * share[everyone.slot] * everyone.backs
    short = m.claims * (1.0 - share[m.net.slot] * m.meets)
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

    nothing = jnp.zeros((claims.shape[0], need.shape[1]))
    first = offer((nothing, limit, need, jnp.asarray(True)))
    return lax.scan(again, first, None, length=m.shape.overflow - 1)[0][0]


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
    (share, called, _, worst), _ = lax.scan(tier, start, jnp.asarray(net.tiers))
    return _book(m, share, _backing(m, share, _pairs(m, called, inner=False)), worst)


def _market(
    net: Network, shape: Shape, claims: Array, cash: Array, minimum: Array, payout: Array
) -> _Market:
    """What all clearings of the month share; arguments as of `clear`."""
    n = shape.internal
    ordinary = jnp.where(net.plain[:, None], claims, 0.0)
    meets = jnp.where((net.payer >= n)[:, None], payout[net.payer], 1.0)
    outside = claims[net.outside] * meets[net.outside]
    return _Market(
        net,
        shape,
        claims,
        own=added(claims, net.slot, n * shape.ranks + 1),
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
