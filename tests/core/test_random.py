"""Random streams: what every sampler must keep, and what each is for."""

import numpy as np
import pytest

from offtake.core.random import BLOCK, REPLICATES, SAMPLERS, Sampler, normals, turned, uniforms

PERIODS, PATHS = 12, 2 * BLOCK * REPLICATES
ROUNDING = 1e-12


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_chunks_and_lengths_move_no_draw(sampler: Sampler) -> None:
    whole = normals(1, "drivers.a", PERIODS, 0, PATHS, sampler)
    late = normals(1, "drivers.a", PERIODS, 18 * BLOCK, 3 * BLOCK, sampler)
    assert np.array_equal(late, whole[:, 18 * BLOCK : 21 * BLOCK])
    few = normals(1, "drivers.a", PERIODS, 0, 100, sampler)
    assert np.array_equal(few, whole[:, :100])
    numbers = uniforms(1, "number a", 0, PATHS, sampler)
    assert np.array_equal(
        uniforms(1, "number a", BLOCK, BLOCK, sampler), numbers[BLOCK : 2 * BLOCK]
    )


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_draws_are_standard_and_streams_independent(sampler: Sampler) -> None:
    """Every mean, variance and correlation within five standard errors of independent draws."""
    a = normals(1, "drivers.a", PERIODS, 0, PATHS, sampler)
    b = normals(1, "drivers.b", PERIODS, 0, PATHS, sampler)
    both = np.concatenate([a, b])
    assert np.abs(both.mean(axis=1)).max() < 5.0 / np.sqrt(PATHS)
    assert np.abs(both.var(axis=1) - 1.0).max() < 5.0 * np.sqrt(2.0 / PATHS)
    # antithetic halves make products of two draws repeat: half as many are independent
    among = np.corrcoef(both) - np.eye(2 * PERIODS)
    assert np.abs(among).max() < 5.0 * np.sqrt(2.0 / PATHS)
    u = uniforms(1, "number a", 0, PATHS, sampler)
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert abs(np.corrcoef(u, a[0])[0, 1]) < 5.0 * np.sqrt(2.0 / PATHS)


def test_the_second_half_of_a_block_mirrors_the_first() -> None:
    z = normals(3, "drivers.a", PERIODS, BLOCK, BLOCK, "antithetic")
    assert np.array_equal(z[:, BLOCK // 2 :], -z[:, : BLOCK // 2])
    u = uniforms(3, "number a", BLOCK, BLOCK, "antithetic")
    assert np.allclose(u[BLOCK // 2 :] + u[: BLOCK // 2], 1.0, rtol=0.0, atol=ROUNDING)


def test_sobol_points_of_a_block_lie_one_in_each_of_256_cells() -> None:
    u = uniforms(1, "number a", 5 * BLOCK, BLOCK, "sobol")
    assert sorted(np.floor(u * BLOCK).astype(int)) == list(range(BLOCK))


def test_a_group_of_sobol_blocks_fills_finer_cells() -> None:
    """Blocks 3 and 3 + 16 of one stream belong to one scrambled sequence of 512 points."""
    two = [uniforms(1, "number a", b * BLOCK, BLOCK, "sobol") for b in (3, 3 + REPLICATES)]
    cells = np.floor(np.concatenate(two) * 2 * BLOCK).astype(int)
    assert sorted(cells) == list(range(2 * BLOCK))


def test_steps_from_principal_components_are_independent_normals() -> None:
    q = turned(PERIODS)
    assert np.allclose(q @ q.T, np.eye(PERIODS), rtol=0.0, atol=ROUNDING)
    walk = np.tril(np.ones((PERIODS, PERIODS))) @ q
    explained = (walk**2).sum(axis=0)
    assert np.all(np.diff(explained) < 0.0)
    # Acworth, Broadie and Glasserman: the first component of a long walk explains 8 / pi^2
    assert explained[0] / explained.sum() == pytest.approx(8.0 / np.pi**2, abs=0.01)
