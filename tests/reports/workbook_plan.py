"""A small plan with names and texts that would be formulas if a workbook took them for such."""

from pathlib import Path

from offtake.plan.load import load
from offtake.plan.schema import Plan
from tests.run.small import TEXT

ATTACKS = (
    '=HYPERLINK("http://example.com","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "=cmd|' /C calc'!A0",
)
LONG = "a_company_with_a_name_that_is_longer_than_a_sheet_may_be"


def hostile_plan(folder: Path) -> Plan:
    """The small plan, its texts attacks and its names as awkward as a plan may make them."""
    text = TEXT.replace("name: Small", f"name: {_quoted(ATTACKS[0])}, about: {_quoted(ATTACKS[1])}")
    source = (
        "price: {value: 35k to 42k USD, source: %s, date: 2026-01, confidence: reported, note: %s}"
    )
    text = text.replace(
        "price: 35k to 42k USD", source % (_quoted(ATTACKS[2]), _quoted(ATTACKS[3]))
    )
    amount = (
        "amount: {value: 90 M USD, source: %s, date: 2026-01, confidence: assumption, note: %s}"
    )
    text = text.replace("amount: 90 M USD", amount % (_quoted(ATTACKS[4]), _quoted(ATTACKS[5])))
    for old, new in (("sponsor", f"{LONG}_1"), ("vendor", f"{LONG}_2"), ("utility", "Checks")):
        text = text.replace(f"  {old}:", f"  {new}:").replace(f": {old},", f": {new},")
    text = text.replace("role: Checks", "role: supplier").replace(f"role: {LONG}_2", "role: vendor")
    file = folder / "plan.yaml"
    file.write_text(text, "utf-8")
    return load(file)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
