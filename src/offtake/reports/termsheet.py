"""Term sheet of a compute note in plain language, with the numbers of the plan."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from offtake.core.quantity import Quantity
from offtake.core.series import Series
from offtake.finance.facility import ROUNDING
from offtake.finance.note_schedule import performed
from offtake.finance.note_terms import NoteTerms
from offtake.plan.schema import Plan
from offtake.reports.pieces import laid_out
from offtake.results.table import money


class NotANoteError(LookupError):
    """The contract is not there or not a compute note."""


class Year(NamedTuple):
    """What falls due in a calendar year if all is met."""

    year: int
    hours: float
    price: float
    """settlement price, mean over the hours, USD/H100e/h"""
    credited: float
    """USD"""
    balance: float
    """at its end, USD"""


def term_sheet(plan: Plan, contract: str) -> list[RenderableType]:
    """The term sheet of a note.

    Args:
        plan: structured, so that nothing is left to size.
        contract: id of the note.

    Raises:
        NotANoteError: there is no such compute note.
    """
    terms = plan.contracts.get(contract)
    if not isinstance(terms, NoteTerms):
        notes = [name for name, x in plan.contracts.items() if isinstance(x, NoteTerms)]
        message = (
            f"No compute note {contract!r} in {plan.plan.name}; notes: {', '.join(notes) or 'none'}"
        )
        raise NotANoteError(message)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for head, says in clauses(plan, contract, terms):
        table.add_row(head, says)
    found: list[RenderableType] = [
        Text(f"Compute note {contract!r} of {plan.plan.name}", style="bold"),
        Text(""),
        table,
    ]
    years = due_by_year(plan, terms)
    if years:
        rows = [
            [str(x.year), f"{x.hours:,.0f}", f"{x.price:.3f}", money(x.credited), money(x.balance)]
            for x in years
        ]
        columns = [
            (x, "right") for x in ("H100e-hours", "credited at", "credited", "owed after it")
        ]
        title = "What falls due if all is met (USD; medians of what is uncertain)"
        found += [Text(""), laid_out(title, [("year", "left"), *columns], rows)]
    return found


def clauses(plan: Plan, contract: str, terms: NoteTerms) -> list[tuple[str, str]]:
    """(heading, text) of every clause, in the order of a term sheet."""
    holder, issuer, site = terms.holder, terms.issuer, terms.site
    start = plan.plan.start.date if terms.start is None else terms.start.date
    return [
        ("Parties", f"{holder} lends to {issuer} and is repaid in compute of {site}, or in cash."),
        ("Amount", _amount(terms)),
        ("Issue and term", f"Issued {start.isoformat()}, for {_months(terms.term)}."),
        ("Balance", _balance(terms)),
        ("Hours due", _hours(terms)),
        ("Index", _index(terms)),
        ("Choice", _choice(terms)),
        ("Cash", _cash(terms)),
        *_bounds(terms),
        ("Not delivered", _not_delivered(terms)),
        ("Triggers", _triggers(terms)),
        ("Ranking", _ranking(plan, contract, terms)),
        ("Who bears what", _bears(terms)),
    ]


def _amount(terms: NoteTerms) -> str:
    return (
        f"{_usd(terms.amount)}, for which {terms.holder} pays {_percent(terms.issue_price)} of "
        f"face; fee {_percent(terms.upfront_fee)}."
    )


def _balance(terms: NoteTerms) -> str:
    return (
        f"What is owed grows at {_percent(terms.rate)} a year ({terms.day_count}) and falls by "
        f"each hour due at the settlement price, whatever the index is then. What is left at "
        f"maturity is due in money."
    )


def _hours(terms: NoteTerms) -> str:
    return (
        f"Set at issue, as below; at most {_percent(terms.share)} of the hours of {terms.site}"
        f"{_after(terms)}. "
        f"Any chips of {terms.site} may deliver, counted in H100e."
    )


def _after(terms: NoteTerms) -> str:
    first = " and ".join(terms.behind)
    return f", of what is left once {first} {_are(terms)} served" if first else ""


def _are(terms: NoteTerms) -> str:
    return "is" if len(terms.behind) == 1 else "are"


def _not_delivered(terms: NoteTerms) -> str:
    return (
        f"Hours asked for and not delivered{_by(terms)} are paid in cash at the index, without "
        f"spread or cap. What is not paid stays owed at the index of the day; after "
        f"{_months(terms.grace)} the note is called, and {terms.issuer} owes the balance in money."
    )


def _by(terms: NoteTerms) -> str:
    return "" if terms.substitute is None else f" by {terms.site} or {terms.substitute}"


def _bears(terms: NoteTerms) -> str:
    return (
        f"{terms.holder}: the price of compute between floor and cap, the failure of "
        f"{terms.issuer}, and then what the pledge is worth. {terms.issuer}: the delivery of the "
        f"hours, and the price at which it could have sold them."
    )


def _index(terms: NoteTerms) -> str:
    if terms.index is None:
        return f"What the market pays the chips of {terms.site} by the hour."
    return f"{_series(terms.index)}."


def _choice(terms: NoteTerms) -> str:
    use = f" It can use {_series(terms.use)}." if terms.use is not None else ""
    if terms.election in ("delivery", "cash"):
        return f"None: {terms.election} is agreed.{use}"
    rule = "It compares what each would bring at the index last seen."
    if terms.election == "fitted":
        rule = "A policy fitted on simulated futures reads the index last seen and what is banked."
    notice = f"Each period {terms.holder} gives notice before the index is known: compute or cash."
    return f"{notice} {rule}{use}"


def _cash(terms: NoteTerms) -> str:
    parts = [f"The index less {_price(terms.spread)}"]
    if terms.floor.value:
        parts.append(f"at least {_price(terms.floor)}")
    if terms.cap is not None:
        parts.append(f"at most {_price(terms.cap)}")
    return ", ".join(parts) + "."


def _bounds(terms: NoteTerms) -> Iterator[tuple[str, str]]:
    """Clauses that many notes do not have."""
    if terms.cap is not None:
        part, cap = _percent(terms.excess_share), _price(terms.cap)
        yield "Above the cap", f"Who takes compute pays {part} of what the index is above {cap}."
    if terms.substitute is not None:
        yield (
            "Substitute",
            f"Hours due that {terms.site} does not deliver come from {terms.substitute}, from what "
            f"contracts on it leave, at most {_percent(terms.substitute_share)} of its hours.",
        )
    if terms.bank.value:
        kept = _months(terms.bank)
        yield "Bank", f"Hours not asked for are kept, at most {kept} of what is due, then expire."
    if terms.underwriter is not None:
        says = f"{terms.underwriter} pays what the floor adds"
        yield "Underwriter", f"{says}, for {_percent(terms.floor_fee)} of the balance a year."


def _triggers(terms: NoteTerms) -> str:
    """Coverage and loan to value."""
    said: list[str] = []
    for what, least, most in (
        ("distributions of the issuer are locked up", terms.trap_coverage, terms.trap_ltv),
        ("the note is called after its grace", terms.call_coverage, terms.call_ltv),
    ):
        when: list[str] = []
        if least.value:
            when.append(f"coverage is below {least.value:g}")
        if most is not None:
            when.append(f"the balance is over {_percent(most)} of what the pledge is worth")
        if when:
            said.append(f"If {' or '.join(when)}, {what}.")
    return " ".join(said) or "None."


def _ranking(plan: Plan, contract: str, terms: NoteTerms) -> str:
    """Rank, pledge and who secures it."""
    secured = [name for name, x in plan.contracts.items() if contract in getattr(x, "secures", ())]
    pledged = ", ".join(terms.collateral) or "nothing"
    how = f" under {', '.join(secured)}" if secured else ""
    return f"{terms.seniority.capitalize()} debt of {terms.issuer}. Pledged: {pledged}{how}."


# ------------------------------------------------------------------------------------- numbers


def _usd(number: Quantity) -> str:
    return f"{money(number.value)} USD"


def _percent(number: Quantity) -> str:
    return f"{100.0 * number.value:.6g} %"


def _months(number: Quantity) -> str:
    years = number.value / 12.0
    if number.value >= 24.0 and years == round(years):
        return f"{years:.0f} years"
    return f"{number.value:g} month" + ("" if number.value == 1.0 else "s")


def _price(number: Quantity) -> str:
    return f"{number.value:.4g} USD per H100e-hour"


def _series(series: Series) -> str:
    """A number over time in words."""
    if series.driver is not None:
        return f"The driver {series.driver}"
    if series.constant is not None:
        return str(series.constant)
    return f"{series.knots[0][1]} from {series.labels[0]}, then as dated"


def due_by_year(plan: Plan, terms: NoteTerms) -> list[Year]:
    """Hours and credit by calendar year; none where a driver says what is due.

    Medians, of a note that performs.
    """
    schedule, settlement = terms.schedule, terms.settlement
    if schedule is None or settlement is None or schedule.driver or settlement.driver:
        return []
    calendar = plan.calendar
    opens = 0.0 if terms.start is None else calendar.index_of(terms.start.date)
    begin = max(int(-(-(opens - ROUNDING) // 1)), 0)
    last = int(-(-(begin + terms.term.value / calendar.months - ROUNDING) // 1))
    days = [date.fromordinal(int(start)) for start in calendar.starts[: calendar.count]]
    closes = np.arange(calendar.count)
    runs = (closes > begin) & (closes <= last)
    price = np.array([_at(settlement, day) for day in days])
    hours = np.array([_at(schedule, day) for day in days]) * np.asarray(calendar.hours) * runs
    growth = terms.rate.value * np.asarray(calendar.accrual(terms.day_count))
    of_one = (np.array([x]) for x in (terms.amount.value, begin, last))
    made = performed(hours[:, None], price[:, None], growth[:, None], *of_one)
    found = dict[int, list[float]]()
    for t in np.flatnonzero(runs).tolist():
        year = found.setdefault(days[t].year, [0.0, 0.0, 0.0])
        year[0] += float(made.due[t, 0])
        year[1] += float(made.credited[t, 0])
        year[2] = float(made.left[t, 0])
    return [
        Year(year, hours, credit / hours if hours else 0.0, credit, owed)
        for year, (hours, credit, owed) in found.items()
        if hours or owed
    ]


def _at(series: Series, day: date) -> float:
    """Median of a dated number on a day; before its first date the first."""
    if not series.labels:
        return series.knots[0][1].value
    passed = [number.value for when, number in series.knots if when <= day]
    return passed[-1] if passed else series.knots[0][1].value
