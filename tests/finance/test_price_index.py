"""The chained Fisher index, by hand."""

from typing import Any

import numpy as np
import pytest

from offtake.core.arrays import jnp
from offtake.finance.price_index import chained_fisher


def index(price: Any, quantity: Any) -> np.ndarray:
    """[T] of one path; rows are products, columns periods."""
    p, q = (jnp.asarray(np.array(x, float)[..., None]) for x in (price, quantity))
    return np.asarray(chained_fisher(p, q))[:, 0]


PRICE = [[1.0, 2.0, 2.0], [4.0, 3.0, 6.0]]
QUANTITY = [[10.0, 5.0, 5.0], [5.0, 8.0, 4.0]]


def test_two_goods_by_hand():
    """Old basket 30 -> 35, new basket 37 -> 34; then 34 -> 58 and 22 -> 34."""
    first = (35 / 30 * 34 / 37) ** 0.5
    second = (58 / 34 * 34 / 22) ** 0.5
    assert index(PRICE, QUANTITY) == pytest.approx([1.0, first, first * second], rel=1e-14)


def test_prices_and_quantities_make_up_what_was_spent():
    """Fisher's product test, link by link."""
    spent = (np.array(PRICE) * np.array(QUANTITY)).sum(axis=0)
    both = index(PRICE, QUANTITY) * index(QUANTITY, PRICE)
    assert both == pytest.approx(spent / spent[0], rel=1e-14)


def test_one_price_for_all_is_that_price():
    price = [[2.0, 3.0, 1.0], [4.0, 6.0, 2.0]]
    assert index(price, QUANTITY) == pytest.approx([1.0, 1.5, 0.5], rel=1e-14)


def test_an_empty_basket_breaks_no_chain():
    """Nothing is bought in the second period: both links to it are 1."""
    quantity = [[10.0, 0.0, 5.0], [5.0, 0.0, 4.0]]
    assert index(PRICE, quantity) == pytest.approx([1.0, 1.0, 1.0], rel=1e-14)
