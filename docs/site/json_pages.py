"""The JSON output, from its schemas."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.tables import line

DOCS = Path(__file__).resolve().parents[1]
HEAD = """# JSON output

`--json FILE` writes what a command found as plain data, `--json -` to stdout. Keys are stable
within a version of the schema; the schemas themselves are JSON Schema files, which the tests hold
the output to.
"""
COMMANDS = {
    "results": "`offtake run --json`",
    "sensitivity": "`offtake sensitivity --json`",
    "stack": "`offtake stack --json`",
}


def keys(schema: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str, str]]:
    """(key, type, meaning) of everything in a schema, in its order."""
    for name, told in schema.get("properties", {}).items():
        kind = told.get("type", "")
        kind = " or ".join(kind) if isinstance(kind, list) else kind
        yield f"{before}{name}", kind, told.get("description", "")
        yield from keys(told, f"{before}{name}.")
        if isinstance(told.get("items"), dict):
            yield from keys(told["items"], f"{before}{name}[].")


def page() -> str:
    """Every schema as a table."""
    parts = [HEAD]
    for name, command in COMMANDS.items():
        schema = json.loads((DOCS / f"{name}.schema.json").read_text("utf-8"))
        parts.append(
            f"\n## {command}\n\n[Schema](../{name}.schema.json)\n\n"
            "| key | type | meaning |\n| --- | --- | --- |\n"
        )
        parts += [line(f"`{key}`", kind, said) + "\n" for key, kind, said in keys(schema)]
    return "".join(parts)
