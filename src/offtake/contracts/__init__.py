"""The instruments. Adding one is one file, one line here, its test, golden table and docs page."""

from offtake.contracts.chip_purchase import ChipPurchase
from offtake.contracts.common_equity import CommonEquity
from offtake.contracts.delayed_draw_loan import DelayedDrawLoan
from offtake.contracts.operating_cost import OperatingCost
from offtake.contracts.reserved_capacity import ReservedCapacity
from offtake.contracts.term_loan import TermLoan

ALL = (
    ChipPurchase,
    OperatingCost,
    ReservedCapacity,
    TermLoan,
    DelayedDrawLoan,
    CommonEquity,
)
"""Every kind of contract, in the order in which the documentation lists them."""

BY_KIND = {contract.kind: contract for contract in ALL}
"""kind -> contract."""
