"""Pages that say again what the code says: commands, plan file, Python, errors, measures."""

from pathlib import Path

from docs.build import field_rows
from docs.site import errors, json_pages, measures
from docs.site.blocks import COMMANDS, ROOT
from docs.tables import line
from offtake.contracts import ALL
from offtake.core.terms import Terms, fields
from offtake.plan import schema
from offtake.plan.learning import Learning

HEAD = """# Commands

Every command answers to `--help` with what stands here. Exit codes: 0 it ran; 2 the plan or the
command is wrong; 3 the run failed. Messages go to stderr, answers to stdout. `PLAN` is a folder
with a `plan.yaml`, or a file.
"""
SCHEMA = """# The plan file

Every section of `plan.yaml` and every field in it. How numbers are written: with a unit (`180 M
USD`, `10 MW`, `SOFR + 450 bp`, `4 years`, `2026-Q3`), as an interval (`42k to 50k USD` is a 90 %
interval), and with a source (`{value: ..., source: ..., date: ..., confidence: ...}`) wherever one
is known. What is wrong is told by `offtake check`, all at once; the [errors](errors.md) there are
have a page.

`offtake contracts KIND` prints the fields of an instrument, which also stand on [its
page](../contracts/README.md).
"""
API = """# Python

```python
import offtake

plan = offtake.load("plans/one-hall")
results = offtake.run(plan, paths=256)
print(results.headline())
print(results.facilities())
```

Importing `offtake` takes a fraction of a second: JAX is loaded by the first run. In a notebook a
plan, results, their tables and a sensitivity show themselves.

## The module

```{eval-rst}
.. autofunction:: offtake.load
.. autofunction:: offtake.check
.. autofunction:: offtake.run
.. autofunction:: offtake.sensitivity
```

## What they return

```{eval-rst}
.. autoclass:: offtake.plan.load.Checked
   :members:
.. autoclass:: offtake.Results
   :members:
.. autoclass:: offtake.results.table.Table
   :members:
.. autoclass:: offtake.results.sensitivity.Sensitivity
   :members:
```

## Problems

```{eval-rst}
.. autoclass:: offtake.core.errors.PlanErrors
   :members:
.. autoclass:: offtake.core.errors.Problem
   :members:
```
"""

SECTIONS: tuple[tuple[str, str, tuple[type[Terms], ...]], ...] = (
    ("plan", "What the plan is called, when it starts and ends.", (schema.Header,)),
    (
        "parties",
        "Name → who can owe and be owed. Internal parties have the cash they have and can fail; "
        "external ones have no limit, and may carry a credit.",
        (schema.Party, schema.Credit),
    ),
    (
        "sites",
        "Name → campuses and halls, with their phases.",
        (schema.Site, schema.Phase, schema.Delay),
    ),
    ("power", "Name → sources of power.", (schema.PowerSource,)),
    (
        "chips",
        "Name → cohorts of chips: one type, one site, one date.",
        (schema.Cohort, schema.ChipDefinition),
    ),
    ("vendors", "Name → makers of chips whose output may be short.", (schema.Vendor,)),
    ("fabs", "Name → plants that make chips.", (schema.Fab,)),
    (
        "market",
        "Prices that contracts share; or demand and supply from which they follow.",
        (schema.Market, schema.Segment, schema.OutsideFleet),
    ),
    (
        "drivers",
        "Name → a number that moves over time: a process, a formula, a dated map, or a result "
        "of the market. `correlations:` stands among them.",
        (
            schema.RandomWalk,
            schema.MeanReverting,
            schema.Regimes,
            schema.Formula,
            schema.FromMarket,
            schema.Correlated,
        ),
    ),
    ("learning", "How the cost of a fixed problem falls.", (Learning,)),
    ("readings", "What the run says of the economy.", (schema.Readings,)),
    ("reserve", "What a buyer of capacity may choose between.", (schema.Reserve,)),
    ("cases", "Name → what a lender assumes when a loan is sized.", (schema.LenderCase,)),
)
CHANGES = """
## scenarios, stacks

Name → changes by place: `parties.tenant.credit.rating: B`. A scenario changes anything, a stack of
contracts is another way to pay for the same site. `--set place=value` does one change from the
command line.
"""


def commands() -> str:
    """The page of all commands."""
    parts = [HEAD]
    for name, command in COMMANDS.items():
        context = command.make_context(name, ["--help"], resilient_parsing=True)
        records = [(p, p.get_help_record(context)) for p in command.params]
        words = " ".join(p.name.upper() for p, _ in records if not p.opts[0].startswith("-"))
        rows = [line(f"`{told[0]}`", told[1]) for p, told in records if told and p.name != "help"]
        about = " ".join((command.help or "").split())
        parts.append(
            f"## offtake {name}\n\n{about}\n\n    offtake {name} {words} [OPTIONS]\n\n"
            f"| argument or option | meaning |\n| --- | --- |\n" + "\n".join(rows) + "\n"
        )
    return "\n".join(parts)


def plan_file() -> str:
    """The page of the plan file."""
    parts = [SCHEMA]
    for name, about, models in SECTIONS:
        parts.append(f"\n## {name}\n\n{about}\n")
        for model in models:
            said = " ".join((model.__doc__ or "").split("\n\n")[0].split())
            parts.append(f"\n### {model.__name__}\n\n{said}\n\n{field_rows(fields(model))}\n")
    parts.append("\n## contracts\n\nId → terms of one of these kinds:\n\n")
    parts += [f"- [`{c.kind}`](../contracts/{c.kind}.md)\n" for c in ALL]
    parts.append(CHANGES)
    return "".join(parts)


def pages() -> dict[Path, tuple[Path, str]]:
    """Place in the site -> (file whose links it has, text)."""
    folder, here = Path("reference"), ROOT / "docs" / "reference"
    texts = {
        "commands.md": commands(),
        "plan_file.md": plan_file(),
        "python.md": API,
        "errors.md": errors.page(),
        "measures.md": measures.page(),
        "json.md": json_pages.page(),
    }
    return {folder / name: (here / name, text) for name, text in texts.items()}
