"""Writes what the documentation repeats from the code, so that it is never written twice.

* `docs/contracts/<kind>.md`: the table of fields, between two comments (`OPEN`, `CLOSE` below); a
  page that has none gets it at its end. The rest of a page is written by hand.
* `docs/contracts/README.md`: the list of instruments.
* `docs/calibration.md`: the program set against published figures (`docs/calibration/`).
* `docs/backtest.md`: plans of earlier dates set against what happened (`docs/backtest/`).

`make docs` writes; with `--check` nothing is written and the exit code says whether anything would
be. `--calibrate` first makes again the run behind the rental prices, `--backtest` those behind the
back-tests.
"""

import sys
from pathlib import Path

from docs.backtest import page as backtest
from docs.backtest import runs
from docs.calibration import rental
from docs.calibration.page import page
from docs.tables import line
from offtake.contracts import ALL
from offtake.core.terms import FieldRow, fields

DOCS = Path(__file__).resolve().parent
PAGES = DOCS / "contracts"
OPEN, CLOSE = "<!-- fields -->", "<!-- end of fields -->"
NOTE = "<!-- made by `make docs`; change the source, not this -->"
INDEX = f"""# Instruments

{NOTE}

Each page says what the instrument is, its formula, its timing, what happens on shortfall and
where it comes from. `offtake contracts <kind>` prints the same fields.

Claims of *primary* instruments follow from their own state and the month's observations; *derived*
ones may also read what others claim that month.

| kind | what it is | stage |
| --- | --- | --- |
"""


def field_row(field: FieldRow) -> str:
    """One field as a row of its table."""
    need = "needed" if field.required else (f"`{field.default}`" if field.default else "")
    form = f"`{field.form}`" if field.name == "kind" else field.form
    return line(f"`{field.name}`", form, f"`{field.unit}`" if field.unit else "", need, field.doc)


def field_rows(rows: list[FieldRow]) -> str:
    """Fields as a table."""
    head = (
        "| field | what to write | unit | if left out | meaning |\n| --- | --- | --- | --- | --- |"
    )
    return "\n".join([head, *map(field_row, rows)])


def field_table(rows: list[FieldRow]) -> str:
    """The fields of an instrument as a table between its two comments."""
    return f"{OPEN}\n{NOTE}\n\n{field_rows(rows)}\n{CLOSE}"


def with_table(text: str, table: str) -> str:
    """A page with its table of fields put in place, or added at the end."""
    if OPEN not in text:
        return f"{text.rstrip()}\n\n## Fields\n\n{table}\n"
    before, rest = text.split(OPEN, 1)
    return before + table + rest.split(CLOSE, 1)[1]


def sentence(contract: type) -> str:
    """What an instrument is: the first line of its file."""
    return (sys.modules[contract.__module__].__doc__ or "").strip().splitlines()[0]


def pages() -> dict[Path, str]:
    """Every generated page with the text that it should have."""
    made = {PAGES / "README.md": INDEX, DOCS / "calibration.md": page()}
    made[DOCS / "backtest.md"] = backtest.page()
    for contract in ALL:
        path = PAGES / f"{contract.kind}.md"
        entry = (f"[`{contract.kind}`]({path.name})", sentence(contract), contract.stage)
        made[PAGES / "README.md"] += line(*entry) + "\n"
        if path.is_file():  # that each kind has its page is tested elsewhere
            text = path.read_text(encoding="utf-8")
            made[path] = with_table(text, field_table(fields(contract.Terms)))
    return made


def main(arguments: list[str]) -> int:
    """Write or check the pages; the exit code is 1 where a check finds one out of date."""
    if "--calibrate" in arguments:
        rental.keep()
    if "--backtest" in arguments:
        runs.keep()
    made = pages()
    stale = [
        path
        for path, text in made.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    check = "--check" in arguments
    for path in stale:
        print(path.relative_to(DOCS.parent).as_posix(), "is out of date" if check else "written")
    if check:
        return 1 if stale else 0
    PAGES.mkdir(exist_ok=True)
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
