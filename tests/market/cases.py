"""Small random markets, and the programme that each must solve."""

from dataclasses import dataclass

import numpy as np

from offtake.market.clearing import Cleared, Rule
from offtake.market.curves import Demand, Supply


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

    @property
    def segments(self) -> int:
        """Number of segments."""
        return len(self.level)


def draw(seed: int, *, waits: bool = True) -> Case:
    """A market of up to 5 segments, 6 cohorts, 2 outside fleets and 4 blocks."""
    rng = np.random.default_rng(seed)
    s, f, r, b = (int(rng.integers(1, n + 1)) for n in (5, 6, 2, 4))
    weight = rng.dirichlet(np.full(b, 3.0))
    shape = rng.uniform(0.3, 1.7, (s, b))
    shape /= shape @ weight[:, None]
    share = rng.uniform(0.0, 0.9, s) * (rng.random(s) < 0.6) if waits else np.zeros(s)
    lowest = rng.uniform(0.2, 1.0, r)
    return Case(
        level=rng.uniform(5.0, 60.0, s),
        # Never near one, where the utility of a power curve is a logarithm.
        elasticity=np.where(rng.random(s) < 0.5, rng.uniform(0.2, 0.9, s), rng.uniform(1.1, 2, s)),
        choke=rng.uniform(0.8, 12.0, s),
        firm=(1.0 - share)[:, None] * shape,
        waiting=share,
        mark_up=rng.uniform(1.0, 2.0, s),
        capacity=rng.uniform(2.0, 40.0, f),
        cost=rng.uniform(0.1, 3.0, f),
        outside=rng.uniform(0.0, 40.0, r),
        lowest=lowest,
        highest=lowest + rng.uniform(0.2, 3.0, r),
        weight=weight,
        cap=float(rng.uniform(1.5, 10.0)),
        fixed=float(rng.uniform(0.3, 3.0)),
    )


def asked(case: Case, price: float) -> np.ndarray:
    """[S] H100e asked at a price, shape apart."""
    return np.where(price <= case.choke, case.level * price**-case.elasticity, 0.0)


def lift(case: Case) -> tuple[Demand, Supply]:
    """Demand and supply of a case as arrays with one path."""
    demand, supply = (
        [np.asarray(getattr(case, name))[..., None] for name in group._fields]
        for group in (Demand, Supply)
    )
    return Demand(*demand), Supply(*supply)  # type: ignore[arg-type]


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


def clear(rule: Rule, case: Case) -> Result:
    """Clear the market of a case."""
    demand, supply = lift(case)
    found = rule.clear(demand, supply, np.array([case.cap]), np.array([case.fixed]))
    cleared = Cleared(*(np.asarray(field)[..., 0] for field in found))
    spread = (case.highest - case.lowest)[:, None]
    z = cleared.outside
    outside = case.outside[:, None] * (case.lowest[:, None] * z + 0.5 * spread * z**2)
    inside = (case.cost * case.capacity)[:, None] * cleared.run
    return Result(
        cleared,
        case.capacity @ cleared.run + case.outside @ cleared.outside,
        cleared.firm.sum(axis=0),
        float(case.weight @ (inside.sum(axis=0) + outside.sum(axis=0))),
    )
