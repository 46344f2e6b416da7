"""The catalogue of errors: every code, what it means, and an example made to happen here.

The examples are changes to plans of the repository (`mistakes.yaml`). The message shown is what
`offtake check` says of the changed plan, so that a page cannot show a message that no longer is.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from docs.site.blocks import ROOT
from offtake.core.codes import CODES
from offtake.core.errors import PlanErrors, Problem
from offtake.lowering.lower import lower
from offtake.plan.load import check_text, load
from offtake.risk.tilt import read_tilt
from offtake.run.ways import ways_of

EXAMPLES = Path(__file__).with_name("mistakes.yaml")
SOURCE = ROOT / "src" / "offtake" / "core" / "codes.py"
HEAD = """# Errors

What reading a plan can say. Every message has a place (file, line and item), what was **found**,
what was **expected** and how to **mend** it; all problems of a plan are told at once. The short
name at the end of the first line is the *code*: it stays the same, so that a program may rely on
it. *Errors* stop a plan from running; *warnings* do not. An instrument's own rules have codes of
their own, on [its page](../contracts/README.md).

Below stands each code with an example: a change to a plan of this repository and what `offtake
check` then says. The messages are made when this page is made.

Reading on: what a run itself may say is at the end.
"""
TAIL = """
## When a run fails

| what is said | what it means | what to do |
| --- | --- | --- |
| `error: ...` and exit code 2 | what was asked cannot be done: a figure, scenario, stack or month that the plan does not have | the message names the nearest that it has |
| `The run failed: ...` and exit code 3 | a file cannot be written, memory is short, or a structure did not settle | free space or memory; for a structure, see `sizing-open` above |
| a traceback | a fault of the program | please report it with the plan and the command |

A result is never shown without its checks: the last line of `offtake run` says how far money was
conserved. Anything but rounding there (above 1e-9) is a fault of the program.
"""  # noqa: E501


def examples() -> dict[str, dict[str, Any]]:
    """Code -> the change that makes it happen, or why there is none."""
    return YAML(typ="safe").load(EXAMPLES.read_text("utf-8"))


def changed(example: dict[str, Any]) -> str:
    """Text of the plan with the change made.

    Raises:
        ValueError: what is to be replaced does not stand in the plan just once.
    """
    if "text" in example:
        return example["text"]
    name = example.get("plan", "one-hall")
    text = (ROOT / "plans" / name / "plan.yaml").read_text("utf-8")
    if "write" in example:
        if text.count(example["for"]) != 1:
            message = f"{example['for']!r} stands {text.count(example['for'])} times in {name}"
            raise ValueError(message)
        text = text.replace(example["for"], example["write"])
    return text + example.get("add", "")


def problem(code: str, example: dict[str, Any]) -> Problem:
    """What `check` says of the changed plan under this code.

    Raises:
        LookupError: it says nothing of the kind; the message tells what it does say.
    """
    try:
        if "tilt" in example:
            ways_of(
                lower(load(ROOT / "plans" / example.get("plan", "one-hall"))),
                read_tilt(example["tilt"]),
            )
        found = check_text(
            changed(example),
            "plan.yaml",
            example.get("set", ()),
            example.get("scenario"),
            example.get("stack"),
        ).problems
    except PlanErrors as errors:
        found = errors.problems
    for each in found:
        if each.code == code:
            return each
    message = f"{code}: found {[(p.code, p.place) for p in found]}"
    raise LookupError(message)


def groups() -> Iterator[tuple[str, list[str]]]:
    """Headings of the list of codes with the codes below each."""
    heading, codes = "", list[str]()
    for line in SOURCE.read_text("utf-8").splitlines():
        if found := re.fullmatch(r" {4}# (.+)", line):
            if codes:
                yield heading, codes
            heading, codes = found[1], []
        elif (found := re.match(r' {4}"([a-z-]+)":', line)) and found[1] in CODES:
            codes.append(found[1])
    yield heading, codes


def change_shown(example: dict[str, Any]) -> str:
    """The change in words and as written."""
    if "text" in example:
        text = example["text"]
        return f"A plan that is only\n\n{_fenced(text, 'yaml')}" if text else "An empty file."
    parts: list[str] = []
    name = example.get("plan", "one-hall")
    if "write" in example:
        parts.append(f"In `plans/{name}`, for\n\n{_fenced(example['for'])}")
        written = example["write"]
        parts.append(f"write\n\n{_fenced(written)}" if written else "write nothing.")
    if "add" in example:
        parts.append(f"To `plans/{name}` add\n\n{_fenced(example['add'])}")
    if "tilt" in example:
        parts.append(f"`offtake run plans/{name} --tilt '{example['tilt']}'`")
    if "set" in example:
        said = " ".join(f"--set '{change}'" for change in example["set"])
        parts.append(f"`offtake check plans/{name} {said}`")
    return "\n\n".join(parts)


def _fenced(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.strip(chr(10))}\n```"


def entry(code: str, example: dict[str, Any]) -> str:
    """One code with its example."""
    head = f"### {code}\n\n{CODES[code][0].upper()}{CODES[code][1:]}."
    if "because" in example:
        return f"{head} {example['because']}\n"
    message = problem(code, example).render()
    return f"{head}\n\n{change_shown(example)}\n\n{_fenced(message)}\n"


def page() -> str:
    """The whole catalogue."""
    told, parts = examples(), [HEAD]
    for heading, codes in groups():
        parts.append(f"\n## {heading[0].upper()}{heading[1:]}\n")
        parts += [entry(code, told[code]) for code in codes]
    return "\n".join(parts) + TAIL
