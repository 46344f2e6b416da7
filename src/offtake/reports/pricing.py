"""What contracts are worth to each side, on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from offtake.reports.pieces import laid_out
from offtake.results.table import money

Made = Mapping[str, Any]
ELECTIONS = {
    "simple": "simple",
    "fitted": "fitted",
    "bound": "at most",
    "lost": "lost",
    "gap": "left",
}

COLUMNS = (
    "simple: by the rule of the contract; fitted: by a policy fitted on other paths; at most: no "
    "policy brings more; lost by the simple rule, left by the policy."
)
CHOICES = {
    "election": (
        "note",
        "Choice of the holder (USD)",
        "What a note brings its holder after the issue if all of it is paid, compute at what it is "
        "worth to the holder.",
    ),
    "cancellation": (
        "commitment",
        "Right to cancel (USD)",
        "What the right to cancel saves its buyer, who buys hours that it uses on the market then.",
    ),
    "step_down": (
        "commitment",
        "Right to step down (USD)",
        "What the right to step down saves its buyer, who buys hours that it uses on the market "
        "then.",
    ),
    "renewal": (
        "lease",
        "Right to renew (USD)",
        "What the right to renew saves its tenant over leaving at the first end of the lease: rent "
        "of another site as good, moving, and what leaving costs it under its own guarantee.",
    ),
}
"""Choice -> what gives it, title, what its figures are."""


def priced(made: Made) -> list[RenderableType]:
    """Tables of `run.pricing.plain`."""
    columns = [
        ("contract", "left"),
        ("to", "left"),
        ("plan's measure", "right"),
        ("pricing measure", "right"),
    ]
    rows = [
        [x["contract"], x["party"], _value(x["plan"]), _value(x["pricing"])]
        for x in made["contracts"]
    ]
    found: list[RenderableType] = [laid_out("Value today (USD)", columns, rows)]
    found.append(Text(_measures(made), style="dim"))
    return [*found, *_elections(made), *_views(made)]


def _value(x: Made, between: str = " ") -> str:
    """An estimate with its error; `between` a break of line where columns are many."""
    return f"{money(x['value_usd'])}{between}± {money(x['standard_error_usd'])}"


def _measures(made: Made) -> str:
    """What each measure is, in a sentence."""
    prices = made["prices_of_risk"]
    moved = ", ".join(f"{name} {price:g}" for name, price in prices.items()) or "none"
    at = made["discounted_at"]["pricing"]
    return (
        f"Received less paid on {made['paths']} paths, ± one standard error. Plan's measure: "
        f"futures as the plan has them, at its discount rate. Pricing measure: market prices of "
        f"risk ({moved}), at {at}. What is open at the horizon counts for nothing."
    )


def _elections(made: Made) -> list[RenderableType]:
    """What choosing is worth to those who may, a table for each kind of choice."""
    found: list[RenderableType] = []
    for choice, (what, title, says) in CHOICES.items():
        mine = [x for x in made["elections"] if x["choice"] == choice]
        found += _choices(what, title, mine, f"{says} {COLUMNS}")
    return found


def _choices(what: str, title: str, made: list[Made], says: str) -> list[RenderableType]:
    """A table of choices, and what its columns say; nothing where there are none."""
    if not made:
        return []
    columns = [(what, "left"), ("measure", "left"), *((x, "right") for x in ELECTIONS.values())]
    rows = [
        [x["contract"], x["measure"], *(_value(x[column], "\n") for column in ELECTIONS)]
        for x in made
    ]
    return [Text(""), laid_out(title, columns, rows), Text(says, style="dim")]


def _views(made: Made) -> list[RenderableType]:
    """Lines of every note, as each party sees them, under the pricing measure."""
    found: list[RenderableType] = []
    for note in dict.fromkeys(x["contract"] for x in made["lines"] if x["line"] == "delivery"):
        lines = [x for x in made["lines"] if x["contract"] == note]
        parties = list(dict.fromkeys(p for x in lines for p in (x["payee"], x["payer"])))
        rows: list[list[str]] = []
        total = dict.fromkeys(parties, 0.0)
        for line in lines:
            value = line["pricing"]["value_usd"]
            if not value:
                continue
            signs = {line["payee"]: 1.0, line["payer"]: -1.0}
            for party, sign in signs.items():
                total[party] += sign * value
            cells = (money(signs[p] * value) if p in signs else "" for p in parties)
            rows.append([line["line"].replace("_", " "), *cells])
        rows.append(["in all", *(money(total[p]) for p in parties)])
        columns = [("line", "left"), *((party, "right") for party in parties)]
        found += [Text(""), laid_out(f"{note}: every side (USD, pricing measure)", columns, rows)]
    return found
