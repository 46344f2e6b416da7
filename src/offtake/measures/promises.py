"""Promises: every amount owed counted once, although a claim that is not paid is claimed again.

The claims of one contract (or part of it) with the same payer and payee are one promise q, since
a fee that is not paid may come back as interest. With x(t) claimed and p(t) paid on it,

    u(t) = x(t) - p(t), nothing where short by less than 1e-9 of the claim
    promised(t) = x(t) - κ min(u(t-1), x(t))          what is promised for the first time
    lost(t)     = max(0, u(t) - κ x(t+1))             what is not claimed again, so never paid
    u(-1) = 0,  x(T) = 0                              what is unpaid at the horizon is lost there

and Σ promised = Σ paid + Σ lost. κ is 1 where unpaid amounts are carried, else 0. Carried are

* supports and recoveries: they are called until the claim behind them is met;
* claims of a contract that publishes what it is owed (arrears, balance or outstanding), unless the
  payer is external. An external payer does not pay when it is in default, and its recovery share
  settles the claim (DESIGN §2). An order that publishes what is outstanding is claimed anyway.

A contract that drops an old amount and claims as much anew in the same month is taken to have
carried it, so `lost` is a lower bound there. Residual claims ask for what is left and promise
nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp, lax
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.labels import ClaimLabel, Labels
from offtake.core.measure import Book
from offtake.measures.owners import owner_of

OWED = ("arrears", "balance", "outstanding")
"""Published values in which a contract states what it carries."""


class Promises(NamedTuple):
    """Promises of a plan; Q of them, of at most W claims each."""

    claims: IntArray
    """[Q, W] claim; the first one again where there are fewer"""
    counted: NDArray[np.float64]
    """[Q, W] 1.0 for a claim, 0.0 for padding"""
    carried: NDArray[np.float64]
    """[Q] κ"""
    payer: NDArray[np.float64]
    """[Q, M] 1.0 for the party that owes; accounts merged into their owners"""
    payee: NDArray[np.float64]
    """[Q, M] 1.0 for the party that is owed"""


def promises_of(book: Book) -> Promises:
    """The promises of a plan; claims between a party and its own account are none."""
    owner, labels = owner_of(book), book.labels
    found: dict[tuple[str, str, int, int, bool], list[int]] = {}
    for c, claim in enumerate(labels.claims):
        payer, payee = int(owner[claim.payer]), int(owner[claim.payee])
        if claim.form != "residual" and payer != payee:
            key = (claim.contract, claim.part, payer, payee, claim.form == "support")
            found.setdefault(key, []).append(c)
    width = max([1, *(len(members) for members in found.values())])
    claims = [members + [members[0]] * (width - len(members)) for members in found.values()]
    counted = [[float(w < len(members)) for w in range(width)] for members in found.values()]
    party = np.eye(len(labels.parties))
    return Promises(
        claims=np.array(claims, np.int64).reshape(-1, width),
        counted=np.array(counted, np.float64).reshape(-1, width),
        carried=np.array(
            [float(_carried(labels, labels.claims[m[0]])) for m in found.values()], np.float64
        ),
        payer=party[np.array([key[2] for key in found], np.int64)],
        payee=party[np.array([key[3] for key in found], np.int64)],
    )


def _carried(labels: Labels, claim: ClaimLabel) -> bool:
    """Whether what is unpaid on a claim is claimed again."""
    if claim.form in ("support", "recovery"):
        return True
    part = f"/{claim.part}" if claim.part else ""
    stated = {v for v in OWED if f"contracts.{claim.contract}{part}.{v}" in labels.published}
    return bool(stated) and (claim.payer < labels.internal or "outstanding" in stated)


class Followed(NamedTuple):
    """What one period makes of promises, every leaf [Q, P] USD."""

    short: Array
    """u(t): unpaid at its close"""
    promised: Array
    """promised(t)"""
    dropped: Array
    """lost(t-1): unpaid at the close before and not claimed again"""


def nothing_owed(promises: Promises, paths: int) -> Array:
    """u(-1), [Q, P]."""
    return jnp.zeros((promises.claims.shape[0], paths))


def follow(promises: Promises, before: Array, claimed: Array, paid: Array) -> Followed:
    """Follow promises through one period; what is short after the last one is lost there.

    Args:
        promises: of the plan.
        before: u(t-1), [Q, P] USD.
        claimed: claims as they stood, [C, P] USD.
        paid: [C, P] USD.
    """
    asked, given = _sum(promises, claimed), _sum(promises, paid)
    carried = jnp.asarray(promises.carried)[:, None]
    short = asked - given
    return Followed(
        short=jnp.where(short > PAID_TOLERANCE * asked, short, 0.0),
        promised=asked - carried * jnp.minimum(before, asked),
        dropped=jnp.maximum(before - carried * asked, 0.0),
    )


def followed(promises: Promises, claimed: Array, paid: Array) -> tuple[Array, Array]:
    """Follow promises through all periods.

    Args:
        promises: of the plan.
        claimed: claims as they stood, [T, C, P] USD.
        paid: [T, C, P] USD.

    Returns:
        What is promised for the first time in each period, and what is left unpaid at its close and
        never paid, each [T, Q, P] USD.
    """

    def month(short: Array, now: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        after = follow(promises, short, *now)
        return after.short, (after.promised, after.dropped)

    owed = nothing_owed(promises, claimed.shape[-1])
    left, (promised, dropped) = lax.scan(month, owed, (claimed, paid))
    # What is dropped in a period was left unpaid at the close before it.
    return promised, jnp.concatenate([dropped[1:], left[None]])


def _sum(promises: Promises, amounts: Array) -> Array:
    """[C, P] by claim -> [Q, P] by promise."""
    total = nothing_owed(promises, amounts.shape[-1])
    for w in range(promises.claims.shape[1]):
        counted = jnp.asarray(promises.counted)[:, w]
        total = total + amounts[promises.claims[:, w]] * counted[:, None]
    return total
