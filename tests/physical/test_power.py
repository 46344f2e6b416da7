"""Sources of power: the merit order by hand, against a linear programme, and shared sources."""

import numpy as np
import pytest
from scipy.optimize import linprog

from offtake.core.arrays import jnp
from offtake.physical.power import Offer, Sources


def sources(links: list[tuple[int, int]], count: int, must: list[float] | None = None) -> Sources:
    """Sources: rows for capacity, factor and heat rate; observed price, fuel and other cost."""
    width = max(sum(s == site for s, _ in links) for site, _ in links)
    rivals = np.zeros((len(links), width), np.int64)
    rival, earlier = np.zeros(rivals.shape, bool), np.zeros(rivals.shape, bool)
    for e, (site, _) in enumerate(links):
        for w, k in enumerate([k for k, (other, _) in enumerate(links) if other == site]):
            rivals[e, w], rival[e, w], earlier[e, w] = k, k != e, k < e
    sites = 1 + max(site for site, _ in links)
    return Sources(
        capacity=np.arange(count),
        factor=np.arange(count, 2 * count),
        heat_rate=np.arange(2 * count, 3 * count),
        price=np.arange(count),
        fuel=np.arange(count, 2 * count),
        other_cost=np.arange(2 * count, 3 * count),
        link_site=np.array([site for site, _ in links]),
        link_source=np.array([source for _, source in links]),
        must_take=np.array(must or [0.0] * len(links)),
        rivals=rivals,
        rival=rival,
        earlier=earlier,
        linked=np.ones(sites),
    )


def offer(
    of: Sources,
    capacity: list[float],
    price: list[float],
    facility: list[float],
    *,
    factor: list[float] | None = None,
    heat: list[float] | None = None,
    fuel: list[float] | None = None,
    other: list[float] | None = None,
) -> Offer:
    """What sources give to sites whose phases need `facility` MW, PUE 1.25."""
    n = len(capacity)
    values = [*capacity, *(factor or [1.0] * n), *(heat or [1.0] * n)]
    seen = [*price, *(fuel or [0.0] * n), *(other or [0.0] * n)]
    power = np.array([facility, facility])[:, :, None] / np.array([1.25, 1.0])[:, None, None]
    column = [jnp.array(x)[:, None] for x in (values, seen)]
    return of.offer(*column, jnp.ones((n, 1)), jnp.asarray(power), jnp.array([70.0]))


def test_merit_order_by_hand():
    """The example of docs/plant.md."""
    given = offer(
        sources([(0, 0), (0, 1), (0, 2)], 3, [0.0, 1.0, 0.0]),
        [45.0, 20.0, 30.0],
        [55.0, 48.0, 0.0],
        [70.0],
        factor=[1.0, 0.35, 0.92],
        heat=[1.0, 1.0, 9.5],
        fuel=[0.0, 0.0, 4.0],
        other=[2.0, 0.0, 4.0],
    )
    np.testing.assert_allclose(np.asarray(given.price)[:, 0], [57.0, 48.0, 42.0])
    drawn = given.draw(jnp.full((1, 1), 70.0))
    np.testing.assert_allclose(np.asarray(drawn.link_mw)[:, 0], [35.4, 7.0, 27.6])
    np.testing.assert_allclose(np.asarray(drawn.price), 50.19, atol=5e-3)  # the page has two digits
    # Of a little it all is what must be taken, and of nothing the price is that of the first MWh.
    np.testing.assert_allclose(np.asarray(given.draw(jnp.full((1, 1), 5.0)).price), 48.0)
    np.testing.assert_allclose(np.asarray(given.draw(jnp.zeros((1, 1))).price), 48.0)


def test_a_site_runs_on_what_it_has():
    given = offer(sources([(0, 0), (0, 1)], 2), [30.0, 20.0], [50.0, 60.0], [80.0])
    np.testing.assert_allclose(np.asarray(given.power)[:, 0, 0], [64.0 * 50 / 80, 50.0])
    given = offer(sources([(0, 0), (0, 1)], 2), [30.0, 90.0], [50.0, 60.0], [80.0])
    np.testing.assert_allclose(np.asarray(given.power)[:, 0, 0], [64.0, 80.0])


def test_a_shared_source_is_divided_by_need():
    given = offer(sources([(0, 0), (1, 0), (1, 1)], 2), [40.0, 10.0], [50.0, 60.0], [30.0, 50.0])
    np.testing.assert_allclose(np.asarray(given.link_mw)[:, 0], [15.0, 25.0, 10.0])
    np.testing.assert_allclose(np.asarray(given.power)[1, :, 0], [15.0, 35.0])


@pytest.mark.parametrize("seed", range(20))
def test_the_order_is_the_cheapest_way(seed: int):
    """Cost of what a site draws equals that of a linear programme (HiGHS)."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    capacity, price = rng.uniform(0.0, 50.0, n), np.round(rng.uniform(-10.0, 90.0, n), -1)
    wanted = float(rng.uniform(0.0, 1.0) * capacity.sum())
    given = offer(
        sources([(0, k) for k in range(n)], n), list(capacity), list(price), [capacity.sum()]
    )
    drawn = given.draw(jnp.full((1, 1), wanted))
    best = linprog(price, A_eq=np.ones((1, n)), b_eq=[wanted], bounds=[(0, c) for c in capacity])
    cost = float(np.sum(np.asarray(drawn.link_mw)[:, 0] * price))
    assert best.status == 0
    # The programme's own feasibility tolerance is 1e-7 of a MW, at prices below 100.
    assert abs(cost - best.fun) <= 1e-4
    np.testing.assert_allclose(np.asarray(drawn.link_mw).sum(), wanted)
