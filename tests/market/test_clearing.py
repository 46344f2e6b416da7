"""The market against programmes of HiGHS, by its conditions, and by brute force."""

import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy.integrate import quad
from scipy.optimize import linprog

from offtake.core.arrays import jax, jnp
from offtake.market.clearing import ByPrice, Fixed
from offtake.market.curves import Demand
from offtake.market.surplus import surplus
from tests.market.cases import asked, clear, draw, lift
from tests.market.programme import Programme

# The Newton step leaves rounding; a bracket that holds two unequal costs would leave 1e-7.
ROUNDING = 1e-9


@pytest.mark.parametrize("seed", range(8))
def test_no_market_could_reach_more_surplus(seed):
    case = draw(seed)
    found = clear(ByPrice(case.weight), case)
    programme = Programme(case)
    bound = programme.bound(cap=case.cap)
    reached = programme.worth(found.cleared.firm, found.cleared.waited, case.cap) - found.cost
    # The bound comes from tangents and lies above the optimum by what is left between them.
    assert reached <= bound * (1.0 + 1e-9)
    assert reached >= bound * (1.0 - 2e-6)


@pytest.mark.parametrize("seed", range(120))
def test_what_runs_is_what_is_served(seed):
    case = draw(seed)
    for rule in (ByPrice(case.weight), *fixed_rules(case)):
        found = clear(rule, case)
        scale = case.level.sum()
        assert (found.supply >= found.load - ROUNDING * scale).all()
        total = case.weight @ (found.supply - found.load)
        assert total == pytest.approx(found.cleared.waited.sum(), abs=ROUNDING * scale)
        assert (found.cleared.firm <= found.cleared.asked * (1 + ROUNDING)).all()
        assert (found.cleared.waited <= found.cleared.would_wait * (1 + ROUNDING)).all()


@pytest.mark.parametrize("seed", range(120))
def test_complementarity(seed):
    """Cheaper runs in full, dearer not at all; below the choke price all are served."""
    case = draw(seed)
    found = clear(ByPrice(case.weight), case).cleared
    price = found.price[None]
    run = found.run
    assert (run[case.cost[:, None] < price * (1 - 1e-6)] > 1 - 1e-7).all()
    assert (run[case.cost[:, None] > price * (1 + 1e-6)] < 1e-7).all()
    assert (price <= case.cap).all()
    served = found.firm / np.where(found.asked > 0.0, found.asked, 1.0)
    below = (case.choke[:, None] > price * (1 + 1e-6)) & ~found.short[None] & (found.asked > 0.0)
    assert (served[below] > 1 - 1e-7).all()
    assert found.price[found.short] == pytest.approx(case.cap, rel=1e-12)
    # What waits never pays more than what does not, and pays its least price.
    if found.waited.sum() > 0.0:
        assert found.valley <= found.price.min() * (1 + 1e-12)


def test_the_cases_meet_every_kind_of_margin():
    """Smooth, at a cohort's cost, at a choke price, at the cap, with waiting demand in blocks."""
    seen = dict.fromkeys(("smooth", "cost", "choke", "cap", "waits", "two prices"), 0)
    for seed in range(200):
        case = draw(seed)
        found = clear(ByPrice(case.weight), case).cleared
        partial = (found.run > 1e-6) & (found.run < 1 - 1e-6)
        served = found.firm / np.where(found.asked > 0.0, found.asked, 1.0)
        half = (served > 1e-6) & (served < 1 - 1e-6) & ~found.short[None]
        seen["cost"] += bool(partial.any())
        seen["choke"] += bool(half.any())
        seen["cap"] += bool(found.short.any())
        seen["smooth"] += not (partial.any() or half.any() or found.short.any())
        seen["waits"] += bool(found.waited.sum() > 0.0)
        seen["two prices"] += len(np.unique(found.price.round(9))) > 1
    assert min(seen.values()) >= 10, seen


def fixed_rules(case):
    order = np.random.default_rng(case.segments).permutation(case.segments)
    return (Fixed(case.weight, np.zeros(0, np.int64)), Fixed(case.weight, order))


@pytest.mark.parametrize("seed", range(60))
def test_ration_is_the_largest_equal_share(seed):
    """One programme per block: most equal share; then most of what waits in what is left."""
    case = draw(seed)
    rule = fixed_rules(case)[0]
    found = clear(rule, case)
    price = min(case.fixed, case.cap)
    offered = _offered(case, price)
    want = asked(case, price)
    left = np.zeros(len(case.weight))
    for j in range(len(case.weight)):
        whole = float(case.firm[:, j] @ want)
        best = linprog([-1.0], [[whole]], [offered], bounds=[(0.0, 1.0)], method="highs")
        assert found.load[j] == pytest.approx(best.x[0] * whole, rel=1e-9, abs=1e-9)
        left[j] = offered - best.x[0] * whole
    most = min(case.weight @ left, case.waiting @ want)
    assert found.cleared.waited.sum() == pytest.approx(most, rel=1e-7, abs=1e-7)
    assert found.cost == pytest.approx(_least_cost(case, found.supply), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_priority_is_the_programme_of_each_segment_in_turn(seed):
    """A programme per segment with what earlier ones got held: firm in order, then waiting."""
    case = draw(seed)
    rule = fixed_rules(case)[1]
    found = clear(rule, case)
    price = min(case.fixed, case.cap)
    want = asked(case, price)
    b = len(case.weight)
    room = np.full(b, _offered(case, price))
    for s in rule.order:
        most = case.firm[s] * want[s]
        best = linprog(
            -case.weight, bounds=[(0.0, min(m, r)) for m, r in zip(most, room, strict=True)]
        )
        assert found.cleared.firm[s] == pytest.approx(best.x, rel=1e-9, abs=1e-9)
        room = np.maximum(room - best.x, 0.0)
    total = float(case.weight @ room)
    for s in rule.order:
        best = linprog([-1.0], bounds=[(0.0, min(case.waiting[s] * want[s], total))])
        assert found.cleared.waited[s] == pytest.approx(best.x[0], rel=1e-7, abs=1e-7)
        total -= best.x[0]
    assert found.cost == pytest.approx(_least_cost(case, found.supply), rel=1e-4, abs=1e-5)


def _offered(case, price):
    share = np.clip((price - case.lowest) / (case.highest - case.lowest), 0.0, 1.0)
    return float(case.capacity @ (case.cost <= price) + case.outside @ share)


def _least_cost(case, load):
    """Cheapest way to run a load, outside fleets cut into 4,000 pieces; USD/h."""
    total = 0.0
    pieces = 4000
    middle = (np.arange(pieces) + 0.5) / pieces
    for want, hours in zip(load, case.weight, strict=True):
        costs = np.concatenate(
            [
                case.cost,
                *(
                    low + (high - low) * middle
                    for low, high in zip(case.lowest, case.highest, strict=True)
                ),
            ]
        )
        sizes = np.concatenate(
            [case.capacity, *(np.full(pieces, k / pieces) for k in case.outside)]
        )
        for k in np.argsort(costs):
            used = min(sizes[k], want)
            total, want = total + hours * used * costs[k], want - used
    return total


@pytest.mark.parametrize("seed", range(40))
def test_merit_order_by_brute_force(seed):
    """The price is the least of all candidates at which supply covers demand."""
    case = draw(seed, waits=False)
    found = clear(ByPrice(case.weight), case)
    for j in range(len(case.weight)):
        grid = np.concatenate(
            [np.geomspace(1e-3, case.cap, 20_000), case.cost, case.choke * (1 + 1e-12)]
        )
        grid = np.sort(grid[grid <= case.cap])
        enough = [p for p in grid if _offered(case, p) >= case.firm[:, j] @ asked(case, p)]
        least = enough[0] if enough else case.cap
        # One step of the grid, 5e-4 of the price.
        assert found.cleared.price[j] == pytest.approx(least, rel=6e-4)


@pytest.mark.parametrize("seed", range(20))
def test_surplus_is_the_area_under_the_curves(seed):
    case = draw(seed)
    demand, supply = lift(case)
    cap, fixed = np.array([case.cap]), np.array([case.fixed])
    for rule in (ByPrice(case.weight), *fixed_rules(case)):
        cleared = rule.clear(demand, supply, cap, fixed)
        gains = surplus(demand, supply, cleared, case.weight)
        found = clear(rule, case)
        c = found.cleared
        for s in range(case.segments):
            area = 0.0
            places = [
                (h, case.firm[s, j], c.price[j], c.firm[s, j]) for j, h in enumerate(case.weight)
            ]
            places.append((1.0, case.waiting[s], float(c.valley), c.waited[s]))
            for h, scale, price, served in places:
                want = scale * asked(case, price)[s]
                if want > 0.0 and price < case.choke[s]:
                    curve = quad(
                        lambda p, s=s: case.level[s] * p ** -case.elasticity[s],
                        price,
                        case.choke[s],
                    )
                    area += h * scale * curve[0] * served / want
            assert gains.consumer[s, 0] == pytest.approx(case.mark_up[s] * area, rel=1e-6, abs=1e-9)
        revenue = case.weight @ (found.supply * c.price)
        producer = float(gains.cohorts.sum() + gains.outside.sum())
        assert producer == pytest.approx(revenue - found.cost, rel=1e-9, abs=1e-9 * revenue)


def test_elasticity_of_one_is_the_limit():
    """The integral has no pole at one."""

    def demand(e):
        one = np.ones((1, 1))
        return Demand(40.0 * one, e * one, 9.0 * one, one[None], 0.0 * one, one)

    price = np.array([[1.5]])
    near = [float(demand(1.0 + d).beyond(price)[0, 0, 0]) for d in (-1e-7, 0.0, 1e-7)]
    assert near[1] == pytest.approx(40.0 * np.log(6.0), rel=1e-12)
    assert near[0] == pytest.approx(near[1], rel=1e-6)
    assert near[2] == pytest.approx(near[1], rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_the_derivative_is_that_of_the_root(seed):
    """Reverse mode against central bumps, of prices and of what is served, by every input."""
    case = draw(seed)
    demand, supply = lift(case)
    cap, fixed = jnp.array([case.cap]), jnp.array([case.fixed])
    weight = np.random.default_rng(seed).normal(size=3)

    for rule in (ByPrice(case.weight), *fixed_rules(case)):

        def value(inputs, rule=rule):
            d, s, at, held = inputs
            out = rule.clear(d, s, at, held)
            return (
                weight[0] * jnp.sum(out.price)
                + weight[1] * jnp.sum(out.firm) / 10.0
                + weight[2] * (jnp.sum(out.run) + jnp.sum(out.waited) / 10.0)
            )

        inputs = jax.tree.map(jnp.asarray, (demand, supply, cap, fixed))
        slope = jax.grad(value)(inputs)
        flat, back = ravel_pytree(inputs)
        ravelled, _ = ravel_pytree(slope)
        run = jax.jit(lambda x, back=back, value=value: value(back(x)))
        for i in range(flat.shape[0]):
            step = 1e-6 * max(abs(float(flat[i])), 0.1)
            up, down, here = (float(run(flat.at[i].add(k * step))) for k in (1, -1, 0))
            if abs(up - 2 * here + down) > 1e-9:
                continue  # a trigger lies inside the bump
            bump = (up - down) / (2 * step)
            assert float(ravelled[i]) == pytest.approx(bump, rel=2e-4, abs=2e-4), i
