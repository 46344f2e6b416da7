"""Random networks of claims: one composition, any structure.

Four parties with limited cash and three without. Fourteen plain claims (eight between the four,
three from outside, three to the outside), two residual ones, four supports in two tiers of which
two recover what they paid. Who owes whom at which rank, and all amounts, are drawn.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from offtake.engine.clear import UNLIMITED, Cleared
from tests.engine.networks import Claims
from tests.reference import clearing as reference

INTERNAL, PARTIES = 4, 7
INNER, INCOMING, OUTGOING = 8, 3, 3
PLAIN = INNER + INCOMING + OUTGOING
RANKS, RECOVERY_RANK, RESIDUAL_RANK = 4, 7, 9
FLAVOURS = ("ample", "poor", "no cash", "nobody solvent", "equal amounts", "tiny and huge")
PATHS_PER_FLAVOUR = 2
PATHS = PATHS_PER_FLAVOUR * len(FLAVOURS)


@dataclass(frozen=True)
class Structure:
    """Who owes whom at which rank."""

    claims: tuple[tuple[int, int, int], ...]
    """payer, payee, rank"""
    residuals: tuple[tuple[int, int], ...]
    """payer, payee"""
    supports: tuple[tuple[int, tuple[int, int], int, int, bool], ...]
    """supporter, claims protected, its own rank, tier, whether it recovers"""


@dataclass
class Amounts:
    """All leaves [.., P] USD or shares."""

    claims: NDArray
    residuals: NDArray
    limits: NDArray
    weights: NDArray
    cash: NDArray
    minimum: NDArray
    payout: NDArray


@st.composite
def structures(draw: Any) -> Structure:
    """Any structure of the fixed composition."""
    rank = st.integers(1, RANKS)
    inside, outside = st.integers(0, INTERNAL - 1), st.integers(INTERNAL, PARTIES - 1)
    payers = [draw(inside) for _ in range(INNER)] + [draw(outside) for _ in range(INCOMING)]
    payers += [draw(inside) for _ in range(OUTGOING)]
    # Four pairs of claims, each of one payer, for the supports to protect; some pairs overlap.
    pairs = ((0, 1), (2, 3), (INNER, INNER + 1), (PLAIN - 2, PLAIN - 1))
    for first, second in pairs:
        payers[second] = payers[first]
    claims: list[tuple[int, int, int]] = []
    for k, payer in enumerate(payers):
        if k < INNER:
            payee = (payer + draw(st.integers(1, INTERNAL - 1))) % INTERNAL
        else:
            payee = draw(inside if payer >= INTERNAL else outside)
        claims.append((payer, payee, draw(rank)))
    supports: list[tuple[int, tuple[int, int], int, int, bool]] = []
    for number in range(4):
        pair = draw(st.sampled_from(pairs))
        others = [party for party in range(PARTIES) if party != payers[pair[0]]]
        supporter = draw(st.sampled_from(others))
        supports.append((supporter, pair, draw(rank), 1 + number // 2, number % 2 == 0))
    owner = draw(inside)
    residuals = (
        (draw(inside), draw(outside)),
        (owner, (owner + draw(st.integers(1, INTERNAL - 1))) % INTERNAL),
    )
    return Structure(tuple(claims), residuals, tuple(supports))


def amounts(seed: int) -> Amounts:
    """Amounts of all flavours, two paths each."""
    random = np.random.default_rng(seed)
    parts = [_flavour(random, name) for name in FLAVOURS for _ in range(PATHS_PER_FLAVOUR)]
    return Amounts(*(np.stack(leaf, axis=-1) for leaf in zip(*parts, strict=True)))


def _flavour(random: np.random.Generator, name: str) -> tuple[NDArray, ...]:
    size = {"tiny and huge": lambda n: 10.0 ** random.uniform(-3, 10, n)}.get(
        name, lambda n: random.choice([0.0, 1.0, 10.0, 3.7, 25.0], n) + random.random(n)
    )
    claims, limits = size(PLAIN), size(4)
    cash = {"ample": 30.0, "poor": 4.0, "tiny and huge": 1e6}.get(name, 0.0) * random.random(4)
    payout = np.ones(PARTIES)
    payout[INTERNAL:] = random.choice([0.0, 0.4, 1.0, 1.0, 1.0], PARTIES - INTERNAL)
    if name == "equal amounts":
        claims, limits = np.full(PLAIN, 10.0), random.choice([0.0, 5.0, 1e9], 4)
    if name == "nobody solvent":
        claims[INNER : INNER + INCOMING] *= 0.01
        claims[INNER + INCOMING :] += 20.0
    if name == "no cash":
        claims[INNER : INNER + INCOMING] = 0.0
        payout[INTERNAL:] = 1.0
    residuals = np.array([UNLIMITED, 5.0 * random.random()])
    minimum = random.choice([0.0, 0.0, 2.0], INTERNAL)
    weights = random.choice([0.0, 1.0, 3.0], 4)
    return claims, residuals, limits, weights, cash, minimum, payout


def build(structure: Structure) -> Claims:
    """The structure in the form that lowering reads."""
    network = Claims(INTERNAL, PARTIES, [0.0] * INTERNAL)
    for payer, payee, rank in structure.claims:
        network.owe(payer, payee, 0.0, rank)
    for payer, payee in structure.residuals:
        network.owe(payer, payee, 0.0, RESIDUAL_RANK, form="residual")
    for supporter, protected, rank, tier, recovers in structure.supports:
        network.support(
            supporter,
            structure.claims[protected[0]][0],
            tuple(f"c{k}" for k in protected),
            0.0,
            tier,
            rank=rank,
            recovery_rank=RECOVERY_RANK if recovers else None,
        )
    return network


def run(structure: Structure, amounts: Amounts) -> tuple[Claims, Cleared]:
    """The network and what the engine pays."""
    network = build(structure)
    rows = np.zeros((len(network.names), amounts.cash.shape[1]))
    rows[:PLAIN] = amounts.claims
    rows[PLAIN : PLAIN + 2] = amounts.residuals
    return network, network.clear(
        amounts.payout,
        amounts=rows,
        limits=amounts.limits,
        weights=amounts.weights,
        cash=amounts.cash,
        minimum=amounts.minimum,
    )


def places(network: Claims) -> tuple[list[int], dict[int, int]]:
    """Place of every support among the claims, and of its recovery."""
    support = [k for k, line in enumerate(network.lines) if line.form == "support"]
    back = {
        j: k + 1
        for j, k in enumerate(support)
        if k + 1 < len(network.lines) and network.lines[k + 1].form == "recovery"
    }
    return support, back


def run_reference(structure: Structure, given: Amounts) -> tuple[NDArray, NDArray]:
    """What the reference claims and pays, [C, P] in the order of the engine."""
    network = build(structure)
    support, back = places(network)
    keep = [k for k in range(len(network.lines)) if k not in support]
    results: list[tuple[NDArray, NDArray]] = []
    for p in range(given.cash.shape[1]):
        month = month_of(structure, given, p, network, keep, support, back)
        outcome = reference.clear(month)
        claimed, paid = np.zeros(len(network.lines)), np.zeros(len(network.lines))
        claimed[keep], paid[keep] = outcome.claimed, outcome.paid
        claimed[support], paid[support] = outcome.asked, outcome.drawn
        results.append((claimed, paid))
    return tuple(np.stack(leaf, axis=-1) for leaf in zip(*results, strict=True))  # type: ignore


def month_of(
    structure: Structure, given: Amounts, p: int, network: Claims,
    keep: list[int], support: list[int], back: dict[int, int],
) -> reference.Month:  # fmt: skip
    amount = np.zeros(len(keep))
    amount[:PLAIN], amount[PLAIN : PLAIN + 2] = given.claims[:, p], given.residuals[:, p]
    order = {k: i for i, k in enumerate(keep)}
    claims = [
        reference.Claim(
            int(line.payer[0]), int(line.payee[0]), int(line.rank[0]), a, line.form == "residual"
        )
        for line, a in zip((network.lines[k] for k in keep), amount, strict=True)
    ]
    supports = [
        reference.Support(
            who, rank, tier, given.limits[j, p], given.weights[j, p], pair,
            order[back[j]] if j in back else None,
        )
        for j, (who, pair, rank, tier, _) in enumerate(structure.supports)
    ]  # fmt: skip
    payout = {i: given.payout[i, p] for i in range(INTERNAL, PARTIES)}
    del support
    return reference.Month(claims, supports, given.cash[:, p], given.minimum[:, p], payout)
