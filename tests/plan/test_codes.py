"""The catalogue of problems is complete and holds nothing that cannot happen."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from offtake import core, finance, plan
from offtake.core.codes import CODES


def codes_in(folder: Path, *, strict: bool = True) -> set[str]:
    """Every text in the code of a folder that looks like a code and is one."""
    found: set[str] = set()
    for file in folder.glob("*.py"):
        if file.name == "codes.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} & set(CODES)
            if isinstance(node, ast.keyword) and node.arg == "code":
                value = node.value
                if strict and isinstance(value, ast.Constant):
                    assert value.value in CODES, f"{file.name}: {value.value} is not in CODES"
    return found


def test_every_code_is_used_and_every_used_code_is_known() -> None:
    used = codes_in(Path(core.__file__).parent) | codes_in(Path(plan.__file__).parent)
    # What instruments share has rules of its own beside; of structuring all codes are listed.
    used |= codes_in(Path(finance.__file__).parent, strict=False)
    used |= codes_in(Path(core.__file__).parents[1] / "run")
    assert used == set(CODES)


def test_codes_are_short_words() -> None:
    for code, meaning in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", code)
        assert meaning
        assert not meaning.endswith(".")
