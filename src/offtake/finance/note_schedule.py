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


class Performed(NamedTuple):
    """What falls due of a note that performs, every leaf [T, P]."""

    due: FloatArray
    """H100e-hours: those scheduled, or fewer where the balance buys no more"""
    credited: FloatArray
    """USD"""
    left: FloatArray
    """what is owed after it; at maturity it is due in money, USD"""


def performed(
    hours: FloatArray,
    price: FloatArray,
    growth: FloatArray,
    amount: FloatArray,
    begin: FloatArray,
    last: FloatArray,
) -> Performed:
    """Month by month, `B(t) = B(t-1) (1 + y(t)) - min(F(t) s(t), B(t-1) (1 + y(t)))`.

    Args:
        hours: [T, P] s, hours scheduled, 0 outside the term.
        price: [T, P] F, USD/H100e/h.
        growth: [T, P] y of each period.
        amount: [P] issued at the close of `begin`, USD.
        begin: [P] period of the issue.
        last: [P] maturity.
    """
    balance = np.zeros_like(amount)
    due, credited, left = (np.zeros_like(price) for _ in Performed._fields)
    for t in range(len(price)):
        grown = balance * (1.0 + growth[t])
        credited[t] = np.minimum(hours[t] * price[t], grown)
        safe = np.where(price[t] > 0.0, price[t], 1.0)
        due[t] = np.where(price[t] > 0.0, credited[t] / safe, hours[t])
        left[t] = grown - credited[t]
        balance = np.where(t < last, left[t], 0.0) + np.where(t == begin, amount, 0.0)
    return Performed(due, credited, left)
