"""Likelihoods of events outside, against probabilities worked out by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from offtake.core.arrays import jax, jnp
from offtake.market.credit import Credit
from offtake.market.process import Regimes

HAZARD, RHO = 0.3, 0.6
YEARS = np.array([0.0, 0.25, 0.25, 0.25])


def credit() -> Credit:
    """One party; stream 0 is its own, 1 the driver's; rows: recovery, correlation, hazard."""
    return Credit(
        party=np.array([0]),
        hazard=np.array([0]),
        recovery=np.array([0]),
        stream=np.array([0]),
        driver_stream=np.array([[1]]),
        correlation=np.array([[1]]),
    )


def shocks(own: list[float], driver: list[float]) -> np.ndarray:
    return np.stack([own, driver], axis=1)[..., None]


def likelihood(own: list[float], driver: list[float], rho: float, hazard: float) -> float:
    values = jnp.asarray([[0.4], [rho]])
    rates = jnp.full((4, 1, 1), hazard)
    return float(credit().log_likelihood(values, YEARS, shocks(own, driver), rates)[0])


def survival(driver: float, rho: float = RHO, hazard: float = HAZARD) -> float:
    quantile = norm.ppf(-np.expm1(-hazard * 0.25))
    return float(norm.cdf(-(quantile - rho * driver) / np.sqrt(1.0 - rho**2)))


def test_a_party_that_survives() -> None:
    driver = [0.0, 0.5, -0.5, 1.0]
    expected = sum(np.log(survival(x)) for x in driver[1:])
    assert likelihood([3.0] * 4, driver, RHO, HAZARD) == pytest.approx(expected, rel=1e-12)


def test_after_a_default_nothing_more_is_told() -> None:
    driver = [0.0, 0.5, -0.5, 1.0]
    expected = np.log(survival(0.5)) + np.log(1.0 - survival(-0.5))
    found = likelihood([3.0, 3.0, -3.0, 3.0], driver, RHO, HAZARD)
    assert found == pytest.approx(expected, rel=1e-12)


def test_without_correlation_it_is_the_exponential_law() -> None:
    found = likelihood([3.0] * 4, [0.0] * 4, 0.0, HAZARD)
    assert found == pytest.approx(-HAZARD * 0.75, rel=1e-12)


@pytest.mark.parametrize("which", ["hazard", "rho"])
def test_derivatives_are_finite_and_equal_bumps(which: str) -> None:
    own, driver = [0.3, 0.3, -3.0, 0.3], [0.0, 0.5, -0.5, 1.0]

    def said(x):
        rho, hazard = (x, HAZARD) if which == "rho" else (RHO, x)
        values = jnp.stack([jnp.full(1, 0.4), jnp.full(1, rho)])
        rates = jnp.full((4, 1, 1), hazard)
        return credit().log_likelihood(values, YEARS, jnp.asarray(shocks(own, driver)), rates)[0]

    at, step = (RHO if which == "rho" else HAZARD), 1e-5
    bump = (said(at + step) - said(at - step)) / (2.0 * step)
    # Curvature of the order of 1 times the square of the step, and rounding over the step.
    assert float(jax.grad(said)(at)) == pytest.approx(float(bump), rel=1e-8)


def test_a_party_that_cannot_fail_moves_nothing() -> None:
    def said(hazard):
        values = jnp.asarray([[0.4], [RHO]])
        given = jnp.asarray(shocks([0.0] * 4, [0.0] * 4))
        return credit().log_likelihood(values, YEARS, given, jnp.full((4, 1, 1), hazard))[0]

    assert float(said(0.0)) == 0.0
    assert float(jax.grad(said)(0.0)) == 0.0


def test_regimes_tell_stays_and_moves() -> None:
    """Two states of mean stay 4 and 2 periods: stays are exp(-1 / stay), moves the rest."""
    regimes = Regimes(
        value=np.array([[0, 1]]),
        stay=np.array([[2, 3]]),
        states=np.array([2]),
        initial=np.array([0]),
        stream=np.array([0]),
    )
    values = jnp.asarray([[10.0], [20.0], [4.0], [2.0]])
    given = jnp.asarray([0.0, 2.0, -3.0, 2.0, -3.0])[:, None, None]
    stays, moves = -1 / 4 - 1 / 2, np.log(1 - np.exp(-1 / 4)) + np.log(1 - np.exp(-1 / 2))
    found = regimes.log_likelihood(values, given)
    assert float(found[0]) == pytest.approx(stays + moves, rel=1e-12)
