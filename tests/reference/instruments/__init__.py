"""Every kind again, each from its page in docs/contracts and nothing else."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from tests.reference.books import Row
from tests.reference.future import Future
from tests.reference.instruments import (
    chip_purchase,
    chip_sale,
    construction_contract,
    security,
    warrants,
)
from tests.reference.instruments.capacity_backstop import CapacityBackstop
from tests.reference.instruments.cash_reserve import CashReserve
from tests.reference.instruments.chip_lease import ChipLease
from tests.reference.instruments.common_equity import CommonEquity
from tests.reference.instruments.compute_commitment import ComputeCommitment
from tests.reference.instruments.compute_note import ComputeNote
from tests.reference.instruments.construction_account import ConstructionAccount
from tests.reference.instruments.construction_loan import ConstructionLoan
from tests.reference.instruments.convertible import Convertible
from tests.reference.instruments.customer_supplied_hardware import CustomerSuppliedHardware
from tests.reference.instruments.delayed_draw_loan import DelayedDrawLoan
from tests.reference.instruments.equity_raise import EquityRaise
from tests.reference.instruments.government_guarantee import GovernmentGuarantee
from tests.reference.instruments.grant import Grant
from tests.reference.instruments.income_tax import IncomeTax
from tests.reference.instruments.insurance import Insurance
from tests.reference.instruments.interest_swap import InterestSwap
from tests.reference.instruments.maintenance_reserve import MaintenanceReserve
from tests.reference.instruments.metered_tokens import MeteredTokens
from tests.reference.instruments.milestone_equity import MilestoneEquity
from tests.reference.instruments.operating_cost import OperatingCost
from tests.reference.instruments.other_business import OtherBusiness
from tests.reference.instruments.parent_guarantee import ParentGuarantee
from tests.reference.instruments.partnership_flip import PartnershipFlip
from tests.reference.instruments.power_purchase import PowerPurchase
from tests.reference.instruments.power_swap import PowerSwap
from tests.reference.instruments.preferred_equity import PreferredEquity
from tests.reference.instruments.price_floor import PriceFloor
from tests.reference.instruments.project_bond import ProjectBond
from tests.reference.instruments.public_offering import PublicOffering
from tests.reference.instruments.refinancing import Refinancing
from tests.reference.instruments.reserve_account import ReserveAccount
from tests.reference.instruments.reserved_capacity import ReservedCapacity
from tests.reference.instruments.residual_value_guarantee import ResidualValueGuarantee
from tests.reference.instruments.revenue_share import RevenueShare
from tests.reference.instruments.revolver import Revolver
from tests.reference.instruments.sale_and_leaseback import SaleAndLeaseback
from tests.reference.instruments.site_lease import SiteLease
from tests.reference.instruments.spot_purchase import SpotPurchase
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
    "compute_commitment": partial(_one, ComputeCommitment),
    "spot_purchase": partial(_one, SpotPurchase),
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
    "preferred_equity": partial(_one, PreferredEquity),
    "milestone_equity": partial(_one, MilestoneEquity),
    "public_offering": partial(_one, PublicOffering),
    "convertible": partial(_one, Convertible),
    "revenue_share": partial(_one, RevenueShare),
    "warrants": warrants.rows,
    "reserve_account": partial(_one, ReserveAccount),
    "parent_guarantee": partial(_one, ParentGuarantee),
    "government_guarantee": partial(_one, GovernmentGuarantee),
    "security": security.rows,
    "project_bond": partial(_one, ProjectBond),
    "compute_note": partial(_one, ComputeNote),
    "construction_account": partial(_one, ConstructionAccount),
    "residual_value_guarantee": partial(_one, ResidualValueGuarantee),
    "price_floor": partial(_one, PriceFloor),
    "capacity_backstop": partial(_one, CapacityBackstop),
    "interest_swap": partial(_one, InterestSwap),
    "power_swap": partial(_one, PowerSwap),
    "insurance": partial(_one, Insurance),
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
