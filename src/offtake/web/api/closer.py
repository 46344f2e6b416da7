"""Looking closer at a run: its parties, a party's contracts, a contract's months."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from offtake.web.api.shapes import ItemName, RunOf
from offtake.web.drill import closer
from offtake.web.visit import DeskOf

router = APIRouter(prefix="/runs/{run}", tags=["looking closer"])


class PartyRow(BaseModel):
    """A party."""

    party: str
    role: str | None
    contracts: int
    net_usd: float | None = Field(description="All it pays less all it receives, USD.")
    net_usd_se: float | None
    loss_usd: float | None


class ContractRow(BaseModel):
    """What a party pays and is paid under a contract, present values, USD."""

    contract: str
    kind: str
    with_: str = Field(alias="with")
    pays_usd: float
    receives_usd: float
    net_usd: float


class LineRow(BaseModel):
    """What one party pays another on a line of a contract, present value, USD."""

    line: str
    payer: str
    payee: str
    money: str
    value_usd: float


class YearRow(BaseModel):
    """What is paid on every line in a year, USD; a column `LINE_usd` for each line."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float | None]  # pyright: ignore[reportIncompatibleVariableOverride]
    year: int


class MonthRow(BaseModel):
    """What is paid on every line in a month of the base case, USD; a column for each line."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float | None]  # pyright: ignore[reportIncompatibleVariableOverride]
    closes: str
    short: str = Field(description="Lines of which a part stays unpaid.")


class Told(BaseModel):
    """What a table is called, and what it cannot show."""

    title: str
    note: str


class Parties(Told):
    """All parties of a run."""

    rows: list[PartyRow]


class Contracts(Told):
    """Contracts of a party."""

    rows: list[ContractRow]


class Lines(Told):
    """Lines of a contract."""

    rows: list[LineRow]


class Years(Told):
    """Years of a contract."""

    rows: list[YearRow]


class Months(Told):
    """Months of a contract."""

    rows: list[MonthRow]


class ContractOut(BaseModel):
    """A contract closely."""

    lines: Lines
    years: Years
    months: Months


@router.get("/parties", response_model=Parties)
def get_parties(visit: RunOf, desk: DeskOf) -> Any:
    """All parties of a run with what they pay net."""
    return closer(visit, desk, "parties")["parties"]


@router.get("/parties/{name}", response_model=Contracts)
def get_party(visit: RunOf, desk: DeskOf, name: ItemName) -> Any:
    """Contracts of a party, and what it pays and is paid under each."""
    return closer(visit, desk, "party", name)["contracts"]


@router.get("/contracts/{name}", response_model=ContractOut)
def get_contract(visit: RunOf, desk: DeskOf, name: ItemName) -> Any:
    """Lines and years of a contract over all futures, and its months in the base case."""
    return closer(visit, desk, "contract", name)
