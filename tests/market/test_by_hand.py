"""The month worked by hand in docs/market.md, and the charge in docs/measures/market.md."""

import math

import numpy as np
import pytest

from offtake.core.arrays import jax, jnp
from offtake.core.flows import Flow
from offtake.market.clearing import ByPrice, Fixed
from offtake.market.curves import Demand, Supply
from offtake.market.surplus import surplus
from offtake.measures.market import Market
from tests.measures.case import Case

ONE = np.ones(1)


def column(*values: float):
    return jnp.array(values, float)[:, None]


DEMAND = Demand(
    level=column(110, 80),
    elasticity=column(1, 0.5),
    choke=column(4, 2),
    firm=jnp.ones((2, 1, 1)),
    waiting=column(0, 0),
    mark_up=column(1, 1),
)
SUPPLY = Supply(column(100, 50), column(0.2, 0.5), column(100), column(0.6), column(1.6))


@pytest.mark.parametrize(
    ("rule", "cap", "price", "others", "chat", "training"),
    [
        (ByPrice(ONE), 9.0, 1.0, 0.4, 110.0, 80.0),
        (ByPrice(ONE), 0.64, 0.64, 0.04, 97.3, 56.7),
        (Fixed(ONE, np.array([0, 1])), 9.0, 0.64, 0.04, 154.0, 0.0),
    ],
)
def test_a_month_by_hand(rule, cap, price, others, chat, training):
    found = jax.jit(rule.clear)(DEMAND, SUPPLY, jnp.array([cap]), jnp.array([0.64]))
    assert float(found.price[0, 0]) == pytest.approx(price, rel=1e-9)
    assert np.asarray(found.run)[:, 0, 0] == pytest.approx([1.0, 1.0])
    assert float(found.outside[0, 0, 0]) == pytest.approx(others, rel=1e-9)
    assert np.asarray(found.firm)[:, 0, 0] == pytest.approx([chat, training], rel=1e-3, abs=1e-6)


def test_gains_by_hand():
    found = jax.jit(ByPrice(ONE).clear)(DEMAND, SUPPLY, jnp.array([9.0]), jnp.array([1.0]))
    gains = jax.jit(surplus)(DEMAND, SUPPLY, found, ONE)
    hand = [110 * math.log(4), 160 * (math.sqrt(2) - 1)]
    assert np.asarray(gains.consumer)[:, 0] == pytest.approx(hand, rel=1e-9)
    assert np.asarray(gains.cohorts)[:, 0] == pytest.approx([80.0, 25.0], rel=1e-9)
    assert float(gains.outside[0]) == pytest.approx(8.0, rel=1e-9)


def test_the_charge_by_hand():
    """Two yearly periods after the opening, in which chips are paid for."""
    case = Case({"company": "internal", "vendor": "external"}, periods=3, rate=0.05)
    case.cash("company", 100.0)
    case.kinds = {"order": "chip_purchase"}
    case.claim("order", "company", "vendor", Flow.CAPITAL_COST, paid={0: 100.0})
    case.part("new")
    told = ("price", "short", "utilisation", "consumer_surplus", "seller_surplus")
    for name in (*told, "producer_surplus", "outside_capital_cost"):
        case.observe(f"cleared.{name}", [1.0, 1.0, 1.0])
    case.number("market.asset_rate", 0.1)
    case.number("chips.new.accounting_life", 5.0)
    out = case.reduce(Market)
    assert float(out["capital_usd"][0]) == pytest.approx(47.91, abs=0.005)
    # 1 USD a year over two years, paid at their ends.
    assert float(out["consumer_usd"][0]) == pytest.approx(1 / 1.05 + 1 / 1.05**2)
    assert float(out["short_share"][0]) == pytest.approx(1.0)
    assert float(out["slack_share"][0]) == 0.0
