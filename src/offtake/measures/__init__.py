"""What comes out of a run: one file per measure, its definition and its reducer (DESIGN §11)."""

from offtake.measures.checks import Checks
from offtake.measures.cohorts import Cohorts
from offtake.measures.contract_value import ContractValue
from offtake.measures.dependence import Dependence
from offtake.measures.facilities import Facilities
from offtake.measures.funding import Funding
from offtake.measures.guarantees import Guarantees
from offtake.measures.income_shares import IncomeShares
from offtake.measures.learning import Learning
from offtake.measures.levelised import Levelised
from offtake.measures.market import Market
from offtake.measures.physical import Physical
from offtake.measures.plant import Plant
from offtake.measures.supply_shares import SupplyShares
from offtake.measures.thresholds import Thresholds
from offtake.measures.token_output import TokenOutput
from offtake.measures.unspent import Unspent
from offtake.measures.who_pays import WhoPays

ALL = (
    WhoPays,
    Funding,
    Facilities,
    Unspent,
    ContractValue,
    Guarantees,
    Cohorts,
    Levelised,
    Dependence,
    Physical,
    Plant,
    Market,
    Learning,
    Thresholds,
    TokenOutput,
    IncomeShares,
    SupplyShares,
    Checks,
)
"""Every measure, in the order in which the documentation lists them."""
