"""Everything that a user can write or meet has a page, and what stands on pages is well formed.

Nothing is run here; `make test-docs` runs every example.
"""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from docs.site import errors, measures, plans, reference
from docs.site.blocks import COMMANDS, NOTEBOOKS, Block, blocks, cut, pages
from docs.site.execute import differs
from offtake.contracts import ALL as INSTRUMENTS
from offtake.contracts import BY_KIND
from offtake.core.codes import CODES
from offtake.core.terms import fields
from offtake.measures import ALL as MEASURES
from offtake.plan import schema
from offtake.plan.load import check_text
from tests.architecture.source import short
from tests.reference_data import ROOT

DOCS = ROOT / "docs"
SECTIONS: dict[str, type[BaseModel]] = {
    "parties": schema.Party,
    "sites": schema.Site,
    "power": schema.PowerSource,
    "vendors": schema.Vendor,
    "fabs": schema.Fab,
    "chips": schema.Cohort,
}
HOW_TO = {"retainer"}
"""Kinds that a page adds as an example."""


def shown(kind: str) -> list[Block]:
    return [block for page in pages() for block in blocks(page) if block.kind == kind]


def named(block: Block) -> str:
    return block.name


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as links name them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


# ---------------------------------------------------------------------------------- coverage


def test_every_instrument_has_a_page():
    assert not [c.kind for c in INSTRUMENTS if not (DOCS / "contracts" / f"{c.kind}.md").is_file()]


def test_every_measure_has_a_page_and_an_anchor_that_is_there():
    assert set(measures.PAGES) == {measure.name for measure in MEASURES}
    for place in measures.PAGES.values():
        name, _, anchor = place.partition("#")
        page = DOCS / name
        assert page.is_file(), place
        assert not anchor or anchor in anchors(page), place
    text = measures.page()
    assert all(f"`{output}`" in text for measure in MEASURES for output in measure.outputs)


def test_every_command_is_in_the_reference_and_shown_at_work():
    text = reference.commands()
    assert not [name for name in COMMANDS if f"## offtake {name}\n" not in text]
    at_work = {words[1] for block in shown("sh") for words in block.commands() if words[1:]}
    assert not set(COMMANDS) - at_work


def test_every_option_is_in_the_reference():
    text = reference.commands()
    for name, command in COMMANDS.items():
        part = text.split(f"## offtake {name}\n")[1].split("\n## ")[0]
        options = [o for p in command.params if p.name != "help" for o in p.opts]
        assert not [o for o in options if o.startswith("--") and o not in part], name


def test_every_error_has_its_place_with_what_check_says():
    told = errors.examples()
    assert set(told) == set(CODES)
    listed = [code for _, codes in errors.groups() for code in codes]
    assert sorted(listed) == sorted(CODES)
    page = errors.page()  # every example is made to happen: another message would raise
    assert not [code for code in CODES if f"### {code}\n" not in page]


def test_an_example_that_does_not_happen_is_found():
    with pytest.raises(LookupError, match="unit-missing"):
        errors.problem("unit-wrong", {"set": ["contracts.loan.amount=260 M"]})


def test_every_section_and_field_of_a_plan_is_in_the_reference():
    text = reference.plan_file()
    written = {name for name in schema.Plan.model_fields if name not in ("driver_units",)}
    assert not [name for name in written - {"correlations"} if name not in text]
    models = [model for _, _, models in reference.SECTIONS for model in models]
    assert not [f.name for m in models for f in fields(m) if f"`{f.name}`" not in text]


def test_every_plan_has_a_page():
    made = plans.pages()
    assert {path.stem for path in made} == {*plans.names(), "index"}


# -------------------------------------------------------------------------------------- shape


@pytest.mark.parametrize("block", shown("sh"), ids=named)
def test_commands_are_commands(block: Block):
    for words in block.commands():
        assert words[0] == "offtake", f"{block.name}: {words[0]}"
        command = COMMANDS[words[1]]
        command.make_context(words[1], words[2:])  # raises on an argument or option that is not
        command.make_context(words[1], cut(words)[2:])
        if block.why_not is None:
            for plan in (word for word in words if word.startswith("plans/")):
                assert (ROOT / plan).exists(), f"{block.name}: {plan}"


@pytest.mark.parametrize("block", shown("python"), ids=named)
def test_python_compiles(block: Block):
    ast.parse(block.text)


def unknown(model: type[BaseModel], given: Any, place: str) -> list[str]:
    names = {field.name for field in fields(model)}
    return [f"{place}.{key}" for key in given if key not in names]


def wrong(tree: dict[str, Any]) -> list[str]:
    """What of a part of a plan no plan can hold."""
    found: list[str] = []
    if not set(tree) & set(schema.Plan.model_fields):  # contracts, or fields of one
        tree = {"contracts": tree} if all(isinstance(v, dict) for v in tree.values()) else {}
    for section, items in tree.items():
        if section not in schema.Plan.model_fields:
            found.append(section)
        for name, given in items.items() if isinstance(items, dict) else ():
            if section == "contracts":
                kind = given.get("kind")
                if kind in BY_KIND:
                    found += unknown(BY_KIND[kind].Terms, given, name)
                elif kind not in HOW_TO:
                    found.append(f"{name}.kind")
            elif section in SECTIONS:
                found += unknown(SECTIONS[section], given, f"{section}.{name}")
    return found


@pytest.mark.parametrize("block", shown("yaml"), ids=named)
def test_parts_of_plans_are_parts_of_plans(block: Block):
    tree = YAML(typ="safe").load(block.text.replace("..., ", "").replace("...", ""))
    if {"plan", "parties", "contracts"} <= set(tree):
        assert not check_text(block.text).errors
    else:
        assert not wrong(tree)


def test_planted_faults_in_parts_are_found():
    assert wrong({"contracts": {"loan": {"kind": "term_lon"}}}) == ["loan.kind"]
    assert wrong({"contracts": {"loan": {"kind": "term_loan", "tenor": 1}}}) == ["loan.tenor"]
    assert wrong({"sites": {"hall": {"ownr": "a"}}}) == ["sites.hall.ownr"]
    assert wrong({"plan": {}, "stes": {}}) == ["stes"]


@pytest.mark.parametrize("page", pages(), ids=short)
def test_fences_are_of_a_known_kind(page: Path):
    kinds = set(re.findall(r"^```([\w{}-]*) *\S*$", page.read_text("utf-8"), re.MULTILINE))
    known = {"", "sh", "python", "yaml", "text", "json", "markdown", "{toctree}"}
    assert kinds <= known, "an example in a fence of no kind would not be run"
    bare = re.findall(r"^ {4}\$? ?offtake .*$", page.read_text("utf-8"), re.MULTILINE)
    assert not bare, "commands stand in ```sh fences, where they are run"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path: Path):
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "clear all outputs before keeping a notebook"
        assert cell.get("execution_count") is None
        assert set(cell["metadata"]) <= {"tags"}
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))


# ------------------------------------------------------------------------- what is compared


def test_printed_text_is_held_to_numbers_and_words():
    page = "Who pays\nbank  1,000 ±3\n...\nend 5 %"
    assert differs(page, "Who pays\nbank   1,001 ±3\nmore\nmore\nend 5 %\nTime: 3 s") is None
    assert differs(page, "Who pays\nbank   1,100 ±3\nend 5 %")
    assert differs(page, "Who pays\nbanks  1,000 ±3\nend 5 %")
    assert differs(page, "Who pays\nbank  1,000 ±3\n")
    assert differs("bank 1\nend", "bank 1\nmiddle\nend")


def test_commands_are_cut():
    assert cut(["offtake", "run", "p"])[-2:] == ["--paths", "512"]
    assert cut(["offtake", "run", "p", "--paths", "1_000_000"])[-1] == "512"
    assert cut(["offtake", "run", "p", "--sampler", "sobol"])[-1] == "4096"
    assert cut(["offtake", "check", "p"]) == ["offtake", "check", "p"]
