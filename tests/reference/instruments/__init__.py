"""Every kind again, each from its page in docs/contracts and nothing else."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from tests.reference.books import Row
from tests.reference.future import Future
from tests.reference.instruments import chip_purchase, chip_sale, construction_contract, security
from tests.reference.instruments.cash_reserve import CashReserve
from tests.reference.instruments.chip_lease import ChipLease
from tests.reference.instruments.common_equity import CommonEquity
from tests.reference.instruments.compute_note import ComputeNote
from tests.reference.instruments.construction_account import ConstructionAccount
from tests.reference.instruments.construction_loan import ConstructionLoan
from tests.reference.instruments.customer_supplied_hardware import CustomerSuppliedHardware
from tests.reference.instruments.delayed_draw_loan import DelayedDrawLoan
from tests.reference.instruments.equity_raise import EquityRaise
from tests.reference.instruments.grant import Grant
from tests.reference.instruments.income_tax import IncomeTax
from tests.reference.instruments.maintenance_reserve import MaintenanceReserve
from tests.reference.instruments.metered_tokens import MeteredTokens
from tests.reference.instruments.operating_cost import OperatingCost
from tests.reference.instruments.other_business import OtherBusiness
from tests.reference.instruments.parent_guarantee import ParentGuarantee
from tests.reference.instruments.partnership_flip import PartnershipFlip
from tests.reference.instruments.power_purchase import PowerPurchase
from tests.reference.instruments.project_bond import ProjectBond
from tests.reference.instruments.refinancing import Refinancing
from tests.reference.instruments.reserve_account import ReserveAccount
from tests.reference.instruments.reserved_capacity import ReservedCapacity
from tests.reference.instruments.residual_value_guarantee import ResidualValueGuarantee
from tests.reference.instruments.revolver import Revolver
from tests.reference.instruments.sale_and_leaseback import SaleAndLeaseback
from tests.reference.instruments.site_lease import SiteLease
from tests.reference.instruments.spot_sale import SpotSale
from tests.reference.instruments.tax_credit import TaxCredit
from tests.reference.instruments.term_loan import TermLoan
from tests.reference.instruments.vendor_financing import VendorFinancing


def _one(make: Any, future: Future, contract: str, terms: Any) -> Iterable[Row]:
    return [make(future, contract, terms)]


KINDS: dict[str, Callable[[Future, str, Any], Iterable[Row]]] = {
    "chip_purchase": chip_purchase.rows,
    "chip_sale": chip_sale.rows,
    "construction_contract": construction_contract.rows,
    "power_purchase": partial(_one, PowerPurchase),
    "operating_cost": partial(_one, OperatingCost),
    "metered_tokens": partial(_one, MeteredTokens),
    "reserved_capacity": partial(_one, ReservedCapacity),
    "spot_sale": partial(_one, SpotSale),
    "site_lease": partial(_one, SiteLease),
    "term_loan": partial(_one, TermLoan),
    "delayed_draw_loan": partial(_one, DelayedDrawLoan),
    "vendor_financing": partial(_one, VendorFinancing),
    "refinancing": partial(_one, Refinancing),
    "chip_lease": partial(_one, ChipLease),
    "construction_loan": partial(_one, ConstructionLoan),
    "customer_supplied_hardware": partial(_one, CustomerSuppliedHardware),
    "revolver": partial(_one, Revolver),
    "common_equity": partial(_one, CommonEquity),
    "reserve_account": partial(_one, ReserveAccount),
    "parent_guarantee": partial(_one, ParentGuarantee),
    "security": security.rows,
    "project_bond": partial(_one, ProjectBond),
    "compute_note": partial(_one, ComputeNote),
    "construction_account": partial(_one, ConstructionAccount),
    "residual_value_guarantee": partial(_one, ResidualValueGuarantee),
    "equity_raise": partial(_one, EquityRaise),
    "income_tax": partial(_one, IncomeTax),
    "sale_and_leaseback": partial(_one, SaleAndLeaseback),
    "tax_credit": partial(_one, TaxCredit),
    "grant": partial(_one, Grant),
    "partnership_flip": partial(_one, PartnershipFlip),
    "cash_reserve": partial(_one, CashReserve),
    "maintenance_reserve": partial(_one, MaintenanceReserve),
    "other_business": partial(_one, OtherBusiness),
}
"""kind -> the rows of a contract."""
