"""The market against programmes of HiGHS, by its conditions, and by brute force."""

from typing import Any

import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy.integrate import quad
from scipy.optimize import linprog

from offtake.core.arrays import jax, jnp
from offtake.market.curves import Demand
from offtake.market.surplus import surplus
from tests.market.cases import BLOCKS, CASES, RULES, asked, cleared, draw, inputs, result, rule_of
from tests.market.programme import Programme

# The Newton step leaves rounding; a bracket that holds two unequal costs would leave 1e-7.
ROUNDING = 1e-9
GROUPS = [(blocks, number) for blocks in BLOCKS for number in range(CASES)]


@pytest.mark.parametrize(("blocks", "number"), [(1, 0), (1, 1), (3, 2), (3, 4), (4, 1), (4, 3)])
def test_no_market_could_reach_more_surplus(blocks, number):
    case = draw(blocks, number)
    found = result("price", blocks, number)
    programme = Programme(case)
    bound = programme.bound(cap=case.cap)
    reached = programme.worth(found.cleared.firm, found.cleared.waited, case.cap) - found.cost
    # The bound comes from tangents and lies above the optimum by what is left between them.
    assert reached <= bound * (1.0 + 1e-9)
    assert reached >= bound * (1.0 - 2e-6)


@pytest.mark.parametrize("rule", RULES)
def test_what_runs_is_what_is_served(rule):
    for blocks, number in GROUPS:
        case, found = draw(blocks, number), result(rule, blocks, number)
        scale = case.level.sum() + 1.0
        assert (found.supply >= found.load - ROUNDING * scale).all()
        total = case.weight @ (found.supply - found.load)
        assert total == pytest.approx(found.cleared.waited.sum(), abs=ROUNDING * scale)
        assert (found.cleared.firm <= found.cleared.asked * (1 + ROUNDING)).all()
        assert (found.cleared.waited <= found.cleared.would_wait * (1 + ROUNDING)).all()


@pytest.mark.parametrize("blocks", BLOCKS)
def test_complementarity(blocks):
    """Cheaper runs in full, dearer not at all; below the choke price all are served."""
    for number in range(CASES):
        case, found = draw(blocks, number), result("price", blocks, number).cleared
        price = found.price[None]
        there = case.capacity[:, None] > 0.0
        assert (found.run[there & (case.cost[:, None] < price * (1 - 1e-6))] > 1 - 1e-7).all()
        assert (found.run[there & (case.cost[:, None] > price * (1 + 1e-6))] < 1e-7).all()
        assert (price <= case.cap).all()
        some = found.asked > 0.0
        served = found.firm / np.where(some, found.asked, 1.0)
        below = (case.choke[:, None] > price * (1 + 1e-6)) & ~found.short[None] & some
        assert (served[below] > 1 - 1e-7).all()
        assert found.price[found.short] == pytest.approx(case.cap, rel=1e-12)
        # What waits pays the least price of all.
        if found.waited.sum() > 0.0:
            assert found.valley <= found.price.min() * (1 + 1e-12)


def test_the_cases_meet_every_kind_of_margin():
    """Smooth, at a cohort's cost, at a choke price, at the cap, with waiting demand in blocks."""
    seen = dict.fromkeys(("smooth", "cost", "choke", "cap", "waits", "two prices"), 0)
    for blocks, number in GROUPS:
        found = result("price", blocks, number).cleared
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


def _offered(case, price):
    share = np.clip((price - case.lowest) / (case.highest - case.lowest), 0.0, 1.0)
    return float(case.capacity @ (case.cost <= price) + case.outside @ share)


def _least_cost(case, load):
    """Cheapest way to run a load, outside fleets cut into 4,000 pieces; USD/h."""
    pieces, total = 4000, 0.0
    middle = (np.arange(pieces) + 0.5) / pieces
    ends = zip(case.lowest, case.highest, strict=True)
    costs = np.concatenate([case.cost, *(low + (high - low) * middle for low, high in ends)])
    cut = [np.full(pieces, k / pieces) for k in case.outside]
    sizes = np.concatenate([case.capacity, *cut])
    order = np.argsort(costs)
    for want, hours in zip(load, case.weight, strict=True):
        before = np.concatenate([[0.0], np.cumsum(sizes[order])[:-1]])
        used = np.clip(want - before, 0.0, sizes[order])
        total += hours * float(used @ costs[order])
    return total


@pytest.mark.parametrize("blocks", BLOCKS)
def test_ration_is_the_largest_equal_share(blocks):
    """One programme per block: most equal share; then most of what waits in what is left."""
    for number in range(20):
        case, found = draw(blocks, number), result("ration", blocks, number)
        price = min(case.fixed, case.cap)
        offered, want = _offered(case, price), asked(case, price)
        left = np.zeros(blocks)
        for j in range(blocks):
            whole = float(case.firm[:, j] @ want)
            best = linprog([-1.0], [[whole]], [offered], bounds=[(0.0, 1.0)], method="highs")
            assert found.load[j] == pytest.approx(best.x[0] * whole, rel=1e-9, abs=1e-9)
            left[j] = offered - best.x[0] * whole
        most = min(case.weight @ left, case.waiting @ want)
        assert found.cleared.waited.sum() == pytest.approx(most, rel=1e-7, abs=1e-7)
        # Pieces of a fleet are a four-thousandth of it.
        least = _least_cost(case, found.supply)
        assert found.cost == pytest.approx(least, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_priority_is_the_programme_of_each_segment_in_turn(blocks):
    """A programme per segment with what earlier ones got held: firm in order, then waiting."""
    order = rule_of("priority", blocks).order  # type: ignore[union-attr]
    for number in range(15):
        case, found = draw(blocks, number), result("priority", blocks, number)
        price = min(case.fixed, case.cap)
        want, room = asked(case, price), np.full(blocks, _offered(case, price))
        for s in order:
            limits = [(0.0, min(m, r)) for m, r in zip(case.firm[s] * want[s], room, strict=True)]
            best = linprog(-case.weight, bounds=limits)
            assert found.cleared.firm[s] == pytest.approx(best.x, rel=1e-9, abs=1e-9)
            room = np.maximum(room - best.x, 0.0)
        total = float(case.weight @ room)
        for s in order:
            best = linprog([-1.0], bounds=[(0.0, min(case.waiting[s] * want[s], total))])
            assert found.cleared.waited[s] == pytest.approx(best.x[0], rel=1e-7, abs=1e-7)
            total -= best.x[0]
        least = _least_cost(case, found.supply)
        assert found.cost == pytest.approx(least, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("blocks", BLOCKS)
def test_merit_order_by_brute_force(blocks):
    """The price is the least of all candidates at which supply covers demand."""
    for number in range(0, 45, 3):  # nobody waits in these
        case, found = draw(blocks, number), result("price", blocks, number)
        even = np.geomspace(1e-3, case.cap, 20_000)
        grid = np.sort(np.concatenate([even, case.cost, case.choke * (1 + 1e-12)]))
        grid = grid[grid <= case.cap][:, None]
        share = np.clip((grid - case.lowest) / (case.highest - case.lowest), 0.0, 1.0)
        offered = (case.cost <= grid) @ case.capacity + share @ case.outside
        curve = np.where(grid <= case.choke, case.level * grid**-case.elasticity, 0.0)
        for j in range(blocks):
            enough = grid[offered >= curve @ case.firm[:, j], 0]
            costs = np.concatenate([case.cost, case.lowest])
            there = np.concatenate([case.capacity, case.outside]) > 0.0
            floor = min(costs[there].min(initial=np.inf), case.cap)
            least = max(enough[0] if len(enough) else case.cap, floor)
            # One step of the grid, 5e-4 of the price.
            assert found.cleared.price[j] == pytest.approx(least, rel=6e-4)


@pytest.mark.parametrize("rule", RULES)
def test_surplus_is_the_area_under_the_curves(rule):
    blocks = 3
    demand, supply, cap, fixed = inputs(blocks)
    weight = rule_of(rule, blocks).weight
    told = rule_of(rule, blocks)
    gains = jax.jit(lambda d, s, c, f: surplus(d, s, told.clear(d, s, c, f), weight))(
        demand, supply, cap, fixed
    )
    for number in range(30):
        case, found = draw(blocks, number), result(rule, blocks, number)
        c = found.cleared
        for s in range(len(case.level)):
            parts = [
                (case.weight[j], case.firm[s, j], c.price[j], c.firm[s, j]) for j in range(blocks)
            ]
            parts.append((1.0, case.waiting[s], float(c.valley), c.waited[s]))
            area = sum(_area(case, s, *part) for part in parts)
            mine = case.mark_up[s] * area
            assert gains.consumer[s, number] == pytest.approx(mine, rel=1e-6, abs=1e-9)
        revenue = case.weight @ (found.supply * c.price)
        producer = float(gains.cohorts[:, number].sum() + gains.outside[number])
        assert producer == pytest.approx(revenue - found.cost, rel=1e-9, abs=1e-9 * revenue)


def _area(case, s, hours, scale, price, served):
    """Gain of those served at a price, any of those who ask, by quadrature; USD/h."""
    want = scale * asked(case, price)[s]
    if want <= 0.0 or price >= case.choke[s]:
        return 0.0
    level, e = case.level[s], case.elasticity[s]
    curve = quad(lambda p: level * p**-e, price, case.choke[s])[0]
    return hours * scale * curve * served / want


def test_elasticity_of_one_is_the_limit():
    """The integral has no pole at one."""

    def demand(e: float) -> Demand:
        one = jnp.ones((1, 1))
        return Demand(40.0 * one, e * one, 9.0 * one, one[None], 0.0 * one, one)

    price = jnp.array([[1.5]])
    near = [float(demand(1.0 + d).beyond(price)[0, 0, 0]) for d in (-1e-7, 0.0, 1e-7)]
    assert near[1] == pytest.approx(40.0 * np.log(6.0), rel=1e-12)
    assert near[0] == pytest.approx(near[1], rel=1e-6)
    assert near[2] == pytest.approx(near[1], rel=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_the_derivative_is_that_of_the_root(rule):
    """Reverse mode against central bumps, of prices and of what is served, by every input.

    Cases are independent of one another, so one bump moves an input of all of them at once.
    """
    told = rule_of(rule, 3)

    def each(given: Any) -> Any:
        out = told.clear(*given)
        served = jnp.sum(out.firm, axis=(0, 1)) / 10.0 + jnp.sum(out.waited, axis=0) / 10.0
        return 0.7 * jnp.sum(out.price, axis=0) - 1.3 * served + jnp.sum(out.run, axis=(0, 1))

    given = jax.tree.map(jnp.asarray, inputs(3))
    run = jax.jit(each)
    slope = jax.jit(jax.grad(lambda x: jnp.sum(each(x))))(given)
    leaves, tree = jax.tree.flatten(given)
    slopes = jax.tree.leaves(slope)
    here, compared = np.asarray(run(given)), 0
    asks = cleared(rule, 3).firm.sum(axis=(0, 1)) > 0.0
    for k, leaf in enumerate(leaves):
        flat, _ = ravel_pytree(leaf)
        rows = flat.reshape(-1, CASES)
        for i in range(rows.shape[0]):
            start = np.asarray(rows[i])
            step = 1e-6 * np.maximum(np.abs(start), 0.1)
            up, down = (
                _moved(run, tree, leaves, k, rows.at[i].add(sign * step)) for sign in (1.0, -1.0)
            )
            # A second difference shows that a trigger lies in the bump. What is absent cannot be
            # less, and where nobody asks the price is the floor, which is no root.
            calm = (np.abs(up - 2.0 * here + down) < 1e-9) & (start != 0.0) & asks
            bump = (up - down) / (2.0 * step)
            mine = np.asarray(slopes[k]).reshape(-1, CASES)[i]
            compared += int(calm.sum())
            np.testing.assert_allclose(mine[calm], bump[calm], rtol=5e-4, atol=5e-4)
    assert compared > 0.5 * CASES * sum(np.asarray(leaf).size // CASES for leaf in leaves)


def _moved(run, tree, leaves, k, rows):
    """The outcome with one leaf replaced."""
    changed = [*leaves[:k], rows.reshape(leaves[k].shape), *leaves[k + 1 :]]
    return np.asarray(run(jax.tree.unflatten(tree, changed)))
