"""Schedule of a compute note at issue: repaid as fast as what is pledged loses its value.

With V(t) the value of the pledge expected at issue, a the advance rate, F(t) the expected
settlement price, C(t) the most hours that may be due and y(t) the growth of a period, the most that
may be owed at the close of t, backwards from nothing at maturity, and what is due are

    M(t-1) = min(a V(t-1), (M(t) + F(t) C(t)) / (1 + y(t)))
    A(t)   = max(0, B(t-1) (1 + y(t)) - M(t)),   q(t) = A(t) / F(t)
    B(t)   = B(t-1) (1 + y(t)) - A(t)

so that A(t) <= F(t) C(t), and where that binds B(0) is less than a V(0). Until the pledge can be
valued V is its first value discounted at y, so that the balance grows into it. With y the rate at
which the pledge is valued, A is a times its margin: a debt sculpted at a cover of 1 / a.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Schedule(NamedTuple):
    """A note as large as its pledge carries; N periods."""

    amount: float
    """USD"""
    hours: FloatArray
    """[N] H100e-hours due in each period"""
    balance: FloatArray
    """[N] at the close of each period, USD"""
    bound: bool
    """True where hours, not the advance rate, bind the amount"""


def scheduled(
    value: FloatArray, price: FloatArray, most: FloatArray, growth: FloatArray, maximum: float
) -> Schedule:
    """Amount and schedule at issue.

    Args:
        value: [N + 1] a V at issue and at the close of each period, USD.
        price: [N] F, USD/H100e/h.
        most: [N] hours that may be due, H100e-hours.
        growth: [N] y.
        maximum: most that may be issued, USD.
    """
    count = len(price)
    owed = np.zeros(count + 1)
    for t in range(count - 1, -1, -1):
        served = (owed[t + 1] + price[t] * most[t]) / (1.0 + growth[t])
        owed[t] = min(float(value[t]), served)
    amount = min(float(owed[0]), maximum)
    balance, hours, left = np.zeros(count), np.zeros(count), amount
    for t in range(count):
        grown = left * (1.0 + growth[t])
        credit = max(0.0, grown - owed[t + 1])
        hours[t] = credit / price[t] if price[t] > 0.0 else 0.0
        left = balance[t] = grown - credit
    return Schedule(amount, hours, balance, amount < min(float(value[0]), maximum))
