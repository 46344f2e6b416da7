"""Small random markets, drawn in groups that clear together, one market per path."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from offtake.core.arrays import jax
from offtake.market.clearing import ByPrice, Cleared, Fixed, Rule
from offtake.market.curves import Demand, Supply

SEGMENTS, COHORTS, FLEETS = 4, 5, 2
"""Size of every case; some of a case have nothing to ask or to offer."""
CASES = 100
"""Cases of each number of blocks."""
BLOCKS = (1, 3, 4)
RULES = ("price", "ration", "priority")


@dataclass
class Case:
    """One market of one path; arrays as in `offtake.market.curves`, paths left out."""

    level: np.ndarray
    elasticity: np.ndarray
    choke: np.ndarray
    firm: np.ndarray
    waiting: np.ndarray
    mark_up: np.ndarray
    capacity: np.ndarray
    cost: np.ndarray
    outside: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    weight: np.ndarray
    cap: float
    fixed: float


@cache
def weights(blocks: int) -> np.ndarray:
    """[B] share of hours, unequal."""
    return np.random.default_rng(blocks).dirichlet(np.full(blocks, 3.0))


@cache
def draw(blocks: int, number: int) -> Case:
    """A market; every third one has nobody who waits."""
    rng = np.random.default_rng([blocks, number])
    s, f, r, weight = SEGMENTS, COHORTS, FLEETS, weights(blocks)
    shape = rng.uniform(0.3, 1.7, (s, blocks))
    shape /= (shape @ weight)[:, None]
    share = rng.uniform(0.0, 0.9, s) * (rng.random(s) < 0.6) * (number % 3 > 0)
    lowest = rng.uniform(0.2, 1.0, r)
    return Case(
        level=rng.uniform(5.0, 60.0, s) * (rng.random(s) < 0.75),
        # Never near one, where the utility of a power curve is a logarithm.
        elasticity=np.where(rng.random(s) < 0.5, rng.uniform(0.2, 0.9, s), rng.uniform(1.1, 2, s)),
        choke=rng.uniform(0.8, 12.0, s),
        firm=(1.0 - share)[:, None] * shape,
        waiting=share,
        mark_up=rng.uniform(1.0, 2.0, s),
        capacity=rng.uniform(2.0, 40.0, f) * (rng.random(f) < 0.7),
        cost=rng.uniform(0.1, 3.0, f),
        outside=rng.uniform(0.0, 40.0, r) * (rng.random(r) < 0.8),
        lowest=lowest,
        highest=lowest + rng.uniform(0.2, 3.0, r),
        weight=weight,
        cap=float(rng.uniform(1.5, 10.0)),
        fixed=float(rng.uniform(0.3, 3.0)),
    )


def asked(case: Case, price: float) -> np.ndarray:
    """[S] H100e asked at a price, shape apart."""
    return np.where(price <= case.choke, case.level * price**-case.elasticity, 0.0)


Inputs = tuple[Demand, Supply, np.ndarray, np.ndarray]


@cache
def inputs(blocks: int) -> Inputs:
    """Demand, supply, cap and fixed price of all cases of a group, one per path."""
    cases = [draw(blocks, i) for i in range(CASES)]

    def stacked(name: str) -> np.ndarray:
        return np.stack([np.asarray(getattr(case, name)) for case in cases], axis=-1)

    demand = Demand(*(stacked(name) for name in Demand._fields))  # type: ignore[arg-type]
    supply = Supply(*(stacked(name) for name in Supply._fields))  # type: ignore[arg-type]
    return demand, supply, stacked("cap"), stacked("fixed")


def rule_of(kind: str, blocks: int) -> Rule:
    """The rule; the order of priority is the same for all cases of a group."""
    if kind == "price":
        return ByPrice(weights(blocks))
    order = np.random.default_rng(blocks).permutation(SEGMENTS) if kind == "priority" else []
    return Fixed(weights(blocks), np.array(order, np.int64))


@cache
def cleared(kind: str, blocks: int) -> Cleared:
    """All cases of a group, cleared; paths last."""
    rule = rule_of(kind, blocks)
    found = jax.jit(rule.clear)(*inputs(blocks))
    return Cleared(*(np.asarray(field) for field in found))  # type: ignore[arg-type]


@dataclass
class Result:
    """What a market said, paths left out."""

    cleared: Cleared
    supply: np.ndarray
    """[B] H100e that run"""
    load: np.ndarray
    """[B] firm demand served, H100e"""
    cost: float
    """cash cost of all that runs, USD/h"""


def result(kind: str, blocks: int, number: int) -> Result:
    """One case of a group."""
    case = draw(blocks, number)
    one = Cleared(*(field[..., number] for field in cleared(kind, blocks)))
    run, z = np.asarray(one.run), np.asarray(one.outside)
    spread = (case.highest - case.lowest)[:, None]
    outside = case.outside[:, None] * (case.lowest[:, None] * z + 0.5 * spread * z**2)
    inside = (case.cost * case.capacity)[:, None] * run
    return Result(
        one,
        case.capacity @ run + case.outside @ z,
        np.asarray(one.firm).sum(axis=0),
        float(case.weight @ (inside.sum(axis=0) + outside.sum(axis=0))),
    )
