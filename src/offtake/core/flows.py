"""The classes of money, the order in which it is owed, and when a claim counts as paid.

A claim carries one `Flow`. Every figure that speaks of a kind of money (cash flow available for
debt service, the tax base, fronted and returned money, uses of funds) is a signed sum over flows,
never over the names of contracts (DESIGN §2).
"""

from enum import IntEnum

PAID_TOLERANCE = 1e-9
"""Share of a claim by which it may fall short and still counts as paid (semantics §5.4)."""
ALL_THERE_IS = 1e15
"""USD; what a claim, limit or capacity without a bound of its own is written as."""


class Flow(IntEnum):
    """Class of a claim."""

    SALE = 0
    RUNNING_COST = 1
    CAPITAL_COST = 2
    INTEREST = 3
    PRINCIPAL = 4
    FEE = 5
    TAX = 6
    CAPITAL_IN = 7
    DISTRIBUTION = 8
    SUPPORT = 9


class Rank(IntEnum):
    """Usual position of a claim in its payer's waterfall; smaller is paid first.

    The gaps leave room for claims that rank just behind another (a guarantor's recovery takes the
    rank of the claim it paid, plus one). Ranks of `SWEEP` and beyond are for residual claims.
    """

    IN_KIND = 50
    """Paid with what the payer gets from the payee in the same clearing."""
    OPERATING = 100
    TAX = 150
    SENIOR_FEE = 200
    SENIOR_INTEREST = 210
    SENIOR_PRINCIPAL = 220
    RESERVE = 300
    JUNIOR_FEE = 400
    JUNIOR_INTEREST = 410
    JUNIOR_PRINCIPAL = 420
    CAPITAL_COST = 500
    CAPITAL_IN = 550
    UNSECURED = 580
    SUBORDINATED = 600
    SWEEP = 800
    DISTRIBUTION = 900


#: Signs with which a party's receipts (+) and payments (-) of each class add up to its cash flow
#: available for debt service: sales less running costs less tax, and distributions that it receives
#: as an owner of others. What it distributes itself is paid after debt service.
CFADS: dict[tuple[str, Flow], float] = {
    ("in", Flow.SALE): 1.0,
    ("out", Flow.RUNNING_COST): -1.0,
    ("in", Flow.RUNNING_COST): 1.0,
    ("out", Flow.SALE): -1.0,
    ("out", Flow.TAX): -1.0,
    ("in", Flow.TAX): 1.0,
    ("in", Flow.DISTRIBUTION): 1.0,
}

#: Classes in which a financier gets its money back (DESIGN §11, *returned*).
RETURNED: tuple[Flow, ...] = (
    Flow.INTEREST,
    Flow.PRINCIPAL,
    Flow.FEE,
    Flow.DISTRIBUTION,
    Flow.SUPPORT,
)
