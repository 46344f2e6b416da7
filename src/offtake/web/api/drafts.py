"""Writing a plan: its form, a place written anew, one more contract. Nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from offtake.plan.form import Control
from offtake.web.api.shapes import Strict, Text
from offtake.web.texts import fitting
from offtake.web.visit import DeskOf, SettingsOf

router = APIRouter(prefix="/drafts", tags=["drafts"])
Place = Annotated[
    str, Field(max_length=400, description="As messages name it: contracts.loan.margin.")
]


class FormIn(Strict):
    """A plan, and one of its items."""

    text: Text
    place: Annotated[Place, Field(description="Such as contracts.loan; the first if empty.")] = ""


class ChangeIn(Strict):
    """One place of a plan written anew."""

    text: Text
    place: Place
    value: Annotated[
        str | None, Field(max_length=10_000, description="What is written; null to delete it.")
    ]


class ContractIn(Strict):
    """One more contract for a plan."""

    text: Text
    kind: Annotated[str, Field(max_length=64, description="As `offtake contracts` lists it.")]
    name: Annotated[str, Field(max_length=64)]


class ItemOut(BaseModel):
    """A named thing of a section, or a section that is one thing."""

    place: str
    name: str
    kind: str
    line: int | None
    section: str


class SectionOut(BaseModel):
    """A section of a plan."""

    key: str
    title: str
    items: list[ItemOut]


class FieldOut(BaseModel):
    """One thing that can be written."""

    place: str = Field(description="As messages name it.")
    name: str
    control: Control = Field(description="How it is written.")
    help: str = Field(description="What it is, from the schema.")
    unit: str | None = Field(description="Canonical unit of a number.")
    form: str = Field(description="What may be written, in words.")
    example: str
    required: bool
    default: str | None
    written: str | None = Field(description="As it stands; null where nothing does.")
    line: int | None
    choices: list[str]
    spread: str = Field(description="Of an uncertain number, in words.")
    source: dict[str, str] | None = Field(description="What stands beside a number.")
    sourceable: bool
    parts: list[FieldOut]


class FormOut(BaseModel):
    """The outline of a plan, and the fields of one of its items."""

    sections: list[SectionOut]
    place: str
    fields: list[FieldOut]
    kinds: list[str] = Field(description="Kinds of contract.")


class DraftOut(BaseModel):
    """The text of a plan as it is now, and where it changed."""

    text: str
    line: int | None


class AddedOut(DraftOut):
    """The same with a contract that was added."""

    place: str


@router.post("/form", response_model=FormOut)
def post_form(given: FormIn, desk: DeskOf, settings: SettingsOf) -> Any:
    """The form of a plan: its outline, and one item's fields with what is written in them."""
    text = fitting(given.text, settings.limits)
    return desk.quick("offtake.web.drafts:form", text=text, place=given.place)


@router.post("/change", response_model=DraftOut)
def post_change(given: ChangeIn, desk: DeskOf, settings: SettingsOf) -> Any:
    """The text of a plan with one place written anew; comments and layout stay."""
    text = fitting(given.text, settings.limits)
    asked = {"text": text, "place": given.place, "value": given.value}
    return desk.quick("offtake.web.drafts:change", **asked)


@router.post("/contracts", response_model=AddedOut)
def post_contract(given: ContractIn, desk: DeskOf, settings: SettingsOf) -> Any:
    """The text of a plan with one more contract, its required fields with an example each."""
    text = fitting(given.text, settings.limits)
    return desk.quick("offtake.web.drafts:add", text=text, kind=given.kind, name=given.name)
