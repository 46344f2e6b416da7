"""The instruments. Adding one is one file, one line here, its test, golden table and docs page."""

from offtake.contracts.capacity_backstop import CapacityBackstop
from offtake.contracts.cash_reserve import CashReserve
from offtake.contracts.chip_lease import ChipLease
from offtake.contracts.chip_purchase import ChipPurchase
from offtake.contracts.chip_sale import ChipSale
from offtake.contracts.common_equity import CommonEquity
from offtake.contracts.compute_commitment import ComputeCommitment
from offtake.contracts.compute_note import ComputeNote
from offtake.contracts.construction_account import ConstructionAccount
from offtake.contracts.construction_contract import ConstructionContract
from offtake.contracts.construction_loan import ConstructionLoan
from offtake.contracts.convertible import Convertible
from offtake.contracts.customer_supplied_hardware import CustomerSuppliedHardware
from offtake.contracts.delayed_draw_loan import DelayedDrawLoan
from offtake.contracts.equity_raise import EquityRaise
from offtake.contracts.government_guarantee import GovernmentGuarantee
from offtake.contracts.grant import Grant
from offtake.contracts.income_tax import IncomeTax
from offtake.contracts.insurance import Insurance
from offtake.contracts.interest_swap import InterestSwap
from offtake.contracts.maintenance_reserve import MaintenanceReserve
from offtake.contracts.metered_tokens import MeteredTokens
from offtake.contracts.milestone_equity import MilestoneEquity
from offtake.contracts.operating_cost import OperatingCost
from offtake.contracts.other_business import OtherBusiness
from offtake.contracts.parent_guarantee import ParentGuarantee
from offtake.contracts.partnership_flip import PartnershipFlip
from offtake.contracts.power_purchase import PowerPurchase
from offtake.contracts.power_swap import PowerSwap
from offtake.contracts.preferred_equity import PreferredEquity
from offtake.contracts.price_floor import PriceFloor
from offtake.contracts.project_bond import ProjectBond
from offtake.contracts.public_offering import PublicOffering
from offtake.contracts.refinancing import Refinancing
from offtake.contracts.reserve_account import ReserveAccount
from offtake.contracts.reserved_capacity import ReservedCapacity
from offtake.contracts.residual_value_guarantee import ResidualValueGuarantee
from offtake.contracts.revenue_share import RevenueShare
from offtake.contracts.revolver import Revolver
from offtake.contracts.sale_and_leaseback import SaleAndLeaseback
from offtake.contracts.security import Security
from offtake.contracts.site_lease import SiteLease
from offtake.contracts.spot_purchase import SpotPurchase
from offtake.contracts.spot_sale import SpotSale
from offtake.contracts.tax_credit import TaxCredit
from offtake.contracts.term_loan import TermLoan
from offtake.contracts.vendor_financing import VendorFinancing
from offtake.contracts.warrants import Warrants

ALL = (
    ChipPurchase,
    ChipSale,
    ConstructionContract,
    PowerPurchase,
    OperatingCost,
    MeteredTokens,
    ReservedCapacity,
    SpotSale,
    ComputeCommitment,
    SpotPurchase,
    SiteLease,
    SaleAndLeaseback,
    ChipLease,
    CustomerSuppliedHardware,
    TermLoan,
    DelayedDrawLoan,
    ConstructionLoan,
    VendorFinancing,
    Refinancing,
    ProjectBond,
    ComputeNote,
    Convertible,
    Revolver,
    CommonEquity,
    PreferredEquity,
    MilestoneEquity,
    PublicOffering,
    RevenueShare,
    Warrants,
    PartnershipFlip,
    ReserveAccount,
    CashReserve,
    MaintenanceReserve,
    ConstructionAccount,
    ParentGuarantee,
    GovernmentGuarantee,
    Security,
    ResidualValueGuarantee,
    PriceFloor,
    CapacityBackstop,
    InterestSwap,
    PowerSwap,
    Insurance,
    EquityRaise,
    IncomeTax,
    TaxCredit,
    Grant,
    OtherBusiness,
)
"""Every kind of contract, in the order in which the documentation lists them."""

BY_KIND = {contract.kind: contract for contract in ALL}
"""kind -> contract."""
