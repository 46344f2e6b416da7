"""Runs one kind of contract alone: no engine, no clearing, no other contract.

    run = run_alone(TermLoan, EXAMPLE, periods=6)
    run["interest"]            what was paid on the line, [period]
    run["interest.claimed"]    claimed; of a support what was called, of a residual what it took
    run["balance"]             published value as others read it in that period, [period]
    run["signals.stop"]        signal of that period
    check_golden(run)          equals tests/contracts/golden/<kind>.csv

With several contracts or rows an array is [period, row], with several paths [period, row, path].
Parties have no limit; what is paid is decided by three hooks:

    paid(line, t, claimed)     on claims and recoveries [K, P]; all of it if left out
    drawn(line, t, limit)      on supports; nothing if left out
    taken(line, t, cap)        on residuals; nothing if left out

Regenerate golden tables with OFFTAKE_WRITE_GOLDEN=1.
"""

import csv
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax, jnp, lax
from offtake.core.calendar import Periods
from offtake.core.contract import Lowered, Month, prepared
from offtake.core.flows import Flow
from offtake.core.quantity import Quantity, When
from offtake.core.terms import Terms, numbers, references
from offtake.lowering.at import At, series_rows
from offtake.lowering.table import NumberTable

GOLDEN = Path(__file__).parent / "golden"
WRITE = "OFFTAKE_WRITE_GOLDEN"
START = date(2026, 1, 1)
Hook = Callable[[str, int, NDArray], Any]
Books = Mapping[str, Mapping[tuple[str, Flow], Any]]


@dataclass
class Bench:
    """A group lowered on its own."""

    kind: Any
    at: At
    lowered: Lowered
    observations: NDArray
    """[T, O]"""
    values: NDArray
    """[row, P]"""
    books: Books
    paid_books: Books
    cash: Mapping[str, Any]
    stopped: Mapping[str, int]

    @property
    def numbers(self) -> dict[str, Any]:
        """Numbers of the group, field -> [K, P]."""
        n = {f: jnp.asarray(self.values[rows]) for f, rows in self.lowered.numbers.items()}
        return dict(prepared(self.lowered.group, n))

    def totals(self, t: int, *, paid: bool) -> NDArray:
        """[total] signed sums of the books of period t; nothing before the opening."""
        found = np.zeros(len(self.at.totals))
        names = {index: name for name, index in self.at.party_index.items()}
        for i, request in enumerate(self.at.totals):
            book = (self.paid_books if paid else self.books).get(names[request.party], {})
            for way, flow, sign in request.signs:
                if t >= 0 and (way, flow) in book:
                    found[i] += sign * _at(book[way, flow], t)
        return found


@dataclass
class Run:
    """Table of a run: name -> [T, K, P], in the order of the columns."""

    kind: str
    rows: tuple[str, ...]
    columns: dict[str, NDArray] = field(default_factory=dict)
    state: Any = None
    """State after the last period."""
    bench: Any = None

    def __getitem__(self, name: str) -> NDArray:
        """What was paid on a line, or any column by its name; axes of length one are dropped."""
        key = f"{name}.paid" if f"{name}.paid" in self.columns else name
        column = self.columns[key]
        if column.shape[2] == 1:
            column = column[:, :, 0]
        return column[:, 0] if column.shape[1] == 1 else column


def bench(
    kind: Any,
    terms: Terms | Mapping[str, Terms],
    observations: Mapping[str, Any] | None = None,
    periods: Periods | int = 12,
    *,
    numbers_at: Mapping[str, float | Quantity | When] | None = None,
    values: Mapping[str, Any] | None = None,
    books: Books | None = None,
    cash: Mapping[str, Any] | None = None,
    stopped: Mapping[str, int] | None = None,
    paths: int = 1,
    paid_books: Books | None = None,
    phase_counts: Mapping[str, int] | None = None,
) -> Bench:
    """A group lowered on its own; arguments as of `run_alone`."""
    items = dict(terms) if isinstance(terms, Mapping) else {"example": terms}
    calendar = periods if isinstance(periods, Periods) else Periods(START, periods)
    table = NumberTable(calendar)
    parties: dict[str, int] = {}
    for name, term in items.items():
        for place, number in numbers(term, f"contracts.{name}"):
            table.add(place, number)
        for _, sections, party in references(term):
            if "parties" in sections:
                parties.setdefault(party, len(parties))
    for place, number in (numbers_at or {}).items():
        given = number if isinstance(number, Quantity | When) else Quantity(float(number), "1")
        table.add(place, given)
    at = At(table, calendar, parties, items, phase_counts or {})
    lowered = kind.lower(list(items.items()), at)
    drawn = np.repeat(table.medians()[:, None], paths, axis=1)
    for place, value in (values or {}).items():
        drawn[table.at(place)] = value
    offered = _observations(at, observations or {}, drawn)
    claimed = books or {}
    return Bench(
        kind,
        at,
        lowered,
        offered,
        drawn,
        claimed,
        claimed if paid_books is None else paid_books,
        cash or {},
        stopped or {},
    )


def _observations(at: At, given: Mapping[str, Any], values: NDArray) -> NDArray:
    """[T, O] in the order of requests; series of the terms from their own numbers."""
    before, after, weight = series_rows(at.table, at.series_knots, at.periods)
    median = values[:, 0] if values.size else np.zeros(len(at.table.rows))
    median = np.concatenate([median, at.table.medians()[len(median) :]])
    own = (1.0 - weight) * median[before] + weight * median[after]
    series = dict(zip(at.series_knots, own, strict=True))
    columns: list[NDArray] = []
    for name in at.requests:
        if name in given:
            columns.append(np.broadcast_to(np.asarray(given[name], float), (at.periods,)))
        elif name in series:
            columns.append(series[name])
        elif name == "zero" or name.endswith(".payout"):
            columns.append(np.full(at.periods, float(name != "zero")))
        else:
            message = f"the contract reads {name!r}: give it in `observations`"
            raise KeyError(message)
    return np.stack(columns, axis=1) if columns else np.zeros((at.periods, 0))


def run_alone(
    kind: Any,
    terms: Terms | Mapping[str, Terms],
    observations: Mapping[str, Any] | None = None,
    periods: Periods | int = 12,
    *,
    paid: Hook = lambda line, t, claimed: claimed,
    drawn: Hook = lambda line, t, limit: np.zeros_like(limit),
    taken: Hook = lambda line, t, cap: np.zeros_like(cap),
    **setting: Any,
) -> Run:
    """Run a kind alone.

    Args:
        kind: the contract class.
        terms: one contract's terms (its id is then "example") or id -> terms.
        observations: name -> [period] or a constant; a name asked for and not given is an
            error, but for `zero` and payouts (1).
        periods: calendar, or number of months after the opening from 2026-01.
        paid, drawn, taken: what is paid, see above.
        setting: any of

            * `numbers_at`: place -> number that the contract reads elsewhere in the plan; a float
              is in units of the table (durations and dates in periods);
            * `values`: place -> value [P] in units of the table, replaces a number of the terms;
            * `paths`; `phase_counts`: site -> number of phases;
            * `books`: party -> {("in" | "out", Flow): [period]}, amounts of other contracts behind
              registered totals; a number stands for all periods;
            * `paid_books`: what was paid of them, where that is not all;
            * `cash`: party -> opening cash [period], or one number from which the contract's own
              payments are kept up;
            * `stopped`: party -> period from which it is in default.

    Returns:
        The table. `roll_error` signals are checked to be zero here.
    """
    at_work = bench(kind, terms, observations, periods, **setting)
    lowered, n = at_work.lowered, at_work.numbers
    state = lowered.group.init(n)
    shape = (len(lowered.contracts), at_work.values.shape[1])
    months: list[dict[str, NDArray]] = []
    balance = _constant_cash(at_work, shape[1])
    for t in range(at_work.at.periods):
        month = _month(at_work, t, balance, shape[1])
        shown, asked = _claim(lowered.group, n, state, month)
        claimed, given = _pay(
            lowered, {k: np.asarray(v) for k, v in asked.items()}, t, shape, paid, drawn, taken
        )
        past = np.repeat(at_work.totals(t, paid=True)[:, None], shape[1], 1)
        after = month._replace(past=jnp.asarray(past))
        state, signals = _settle(lowered.group, n, state, after, claimed, given)
        scale = 1.0 + max(float(np.max(np.abs(v))) for v in claimed.values())
        leak = np.max(np.abs(signals.get("roll_error", 0.0)))
        assert leak <= 1e-9 * scale, f"balance leaks in period {t}"
        months.append(_entry(lowered, claimed, given, shown, signals))
        _keep_cash(at_work, balance, given)
    names = dict.fromkeys(name for entry in months for name in entry)
    columns = {name: np.stack([_full(entry[name], shape) for entry in months]) for name in names}
    rows = tuple(lowered.parts or lowered.contracts)
    return Run(kind.kind, rows, columns, state, at_work)


def _claim(group: Any, n: Any, state: Any, month: Month) -> Any:
    return _jitted("claim", lambda g, n, s, m: (g.publish(n, s, m), g.claim(n, s, m)))(
        group, n, state, month
    )


def _settle(group: Any, n: Any, state: Any, month: Month, claimed: Any, paid: Any) -> Any:
    return _jitted("settle", lambda g, n, s, m, c, p: g.settle(n, s, m, c, p))(
        group, n, state, month, claimed, paid
    )


_compiled: dict[str, Any] = {}


def _jitted(name: str, function: Callable[..., Any]) -> Any:
    """One compiled function for all kinds and tests; JAX keeps one program per kind and shape."""
    if name not in _compiled:
        _compiled[name] = jax.jit(function)
    return _compiled[name]


def _month(at_work: Bench, t: int, balance: Mapping[str, NDArray], paths: int) -> Month:
    at = at_work.at
    cash = np.zeros((len(at.party_index), paths))
    stopped = np.zeros((len(at.party_index), paths), bool)
    for name, given in at_work.cash.items():
        cash[at.party_index[name]] = balance[name] if name in balance else _at(given, t)
    for name, since in at_work.stopped.items():
        stopped[at.party_index[name]] = t >= since
    past = np.repeat(at_work.totals(t - 1, paid=True)[:, None], paths, axis=1)
    now = np.repeat(at_work.totals(t, paid=False)[:, None], paths, axis=1)
    obs = np.repeat(at_work.observations[t][:, None], paths, axis=1)
    years, hours = at.calendar.years[t], at.calendar.hours[t]
    return Month(
        t.astype(float) if hasattr(t, "astype") else jnp.asarray(float(t)),
        t,
        years,
        hours,
        *(jnp.asarray(x) for x in (obs, cash, past, now, stopped)),
    )


def _pay(
    lowered: Lowered,
    asked: Mapping[str, NDArray],
    t: int,
    shape: tuple[int, int],
    paid: Hook,
    drawn: Hook,
    taken: Hook,
) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """What clearing would hand back: claims as they stood, and payments."""
    claimed: dict[str, NDArray] = {}
    given: dict[str, NDArray] = {}
    forms = {line.name: line.form for line in lowered.lines}
    assert set(forms) <= set(asked), f"no amount for {set(forms) - set(asked)}"
    order = sorted(forms, key=lambda name: forms[name] == "recovery")
    for name in order:
        amount = _full(asked[name], shape)
        assert np.all(amount >= 0.0), f"{name} claims {amount.min()} in period {t}"
        if forms[name] == "support":
            amount = np.clip(_full(drawn(name, t, amount), shape), 0.0, amount)
        elif forms[name] == "residual":
            amount = np.clip(_full(taken(name, t, amount), shape), 0.0, amount)
        elif forms[name] == "recovery":
            amount = amount + claimed[name.removesuffix("_recovery")]
        claimed[name] = amount
        plain = forms[name] in ("claim", "recovery")
        given[name] = _full(paid(name, t, amount), shape) if plain else amount
    return claimed, given


def _full(value: Any, shape: tuple[int, int]) -> NDArray:
    return np.array(np.broadcast_to(np.asarray(value, float), shape))


def _entry(
    lowered: Lowered, claimed: Any, given: Any, shown: Any, signals: Any
) -> dict[str, NDArray]:
    entry: dict[str, NDArray] = {}
    for line in lowered.lines:
        entry[f"{line.name}.claimed"] = claimed[line.name]
        entry[f"{line.name}.paid"] = given[line.name]
    entry |= {name: shown[name] for name in lowered.group.published}
    rest = {k: v for k, v in signals.items() if k != "roll_error"}
    return entry | {f"signals.{name}": value for name, value in rest.items()}


def _keep_cash(at_work: Bench, balance: dict[str, NDArray], given: Mapping[str, NDArray]) -> None:
    names = {index: name for name, index in at_work.at.party_index.items()}
    for line in at_work.lowered.lines:
        for k in range(len(at_work.lowered.contracts)):
            for party, sign in ((line.payer[k], -1.0), (line.payee[k], 1.0)):
                if names[int(party)] in balance:
                    balance[names[int(party)]] = (
                        balance[names[int(party)]] + sign * given[line.name][k]
                    )


def _at(value: Any, t: int) -> Any:
    return value if np.ndim(value) == 0 else value[t]


# ------------------------------------------------------------------------------------- derivatives


@dataclass
class Gradient:
    """The sum of everything a contract pays and publishes, and how it moves with its numbers."""

    value: float
    slope: dict[str, float]
    """place -> derivative, in units of the table"""
    bump: dict[str, float]
    """place -> central difference"""


def gradient(
    kind: Any,
    terms: Terms | Mapping[str, Terms],
    observations: Mapping[str, Any] | None = None,
    periods: Periods | int = 12,
    *,
    share: float = 1.0,
    draw: float = 0.0,
    take: float = 0.0,
    bump: Sequence[str] = (),
    width: float = 1e-6,
    **setting: Any,
) -> Gradient:
    """Derivative of the sum of all payments and published values by every number of the group.

    Payments are a share of claims, a draw is `draw` USD within the limit, a residual takes `take`
    USD within its cap. The months run in one `lax.scan`: a state whose shapes or types move fails.
    Published values beyond 1e8 ("no service", "unlimited") are left out of the sum.

    Args:
        bump: places whose derivative is also taken by a central difference.
        width: of that difference, relative to the number.
    """
    at_work = bench(kind, terms, observations, periods, paths=1 + 2 * len(bump), **setting)
    table, values = at_work.at.table, at_work.values
    for i, place in enumerate(bump):
        values[table.at(place), 1 + 2 * i] *= 1.0 - width
        values[table.at(place), 2 + 2 * i] *= 1.0 + width
    total, slope = _sums(at_work, {"claim": share, "recovery": share}, draw, take)
    middle = {place: values[table.at(place), 0] for place in bump}
    return Gradient(
        value=float(total[0]),
        slope=dict(zip([row.place for row in table.rows], slope[:, 0].tolist(), strict=True)),
        bump={
            place: float(total[2 + 2 * i] - total[1 + 2 * i]) / (2.0 * width * middle[place])
            for i, place in enumerate(bump)
        },
    )


def _sums(
    at_work: Bench, shares: Mapping[str, float], draw: float, take: float
) -> tuple[NDArray, NDArray]:
    """Sum of payments and published values [P], and its derivative by the table [row, P]."""
    lowered, paths, count = at_work.lowered, at_work.values.shape[1], at_work.at.periods
    cash = _constant_cash(at_work, paths)
    months = [_month(at_work, t, cash, paths) for t in range(count)]
    stacked = jax.tree.map(lambda *x: jnp.stack([jnp.asarray(v) for v in x]), *months)
    totals = np.stack(
        [np.repeat(at_work.totals(t, paid=True)[:, None], paths, 1) for t in range(count)]
    )
    forms = {line.name: line.form for line in lowered.lines}
    fixed = {"support": draw, "residual": take}

    def total(values: Any) -> Any:
        own = {f: values[jnp.asarray(rows)] for f, rows in lowered.numbers.items()}
        n = prepared(lowered.group, own)

        def month(carry: Any, now: Any) -> Any:
            state, t = carry
            m = now[0]._replace(t=t)
            shown = lowered.group.publish(n, state, m)
            asked = lowered.group.claim(n, state, m)
            claimed = {
                k: jnp.minimum(asked[k], fixed[f]) if f in fixed else asked[k]
                for k, f in forms.items()
            }
            for k in forms:
                if forms[k] == "recovery":
                    claimed[k] = claimed[k] + claimed[k.removesuffix("_recovery")]
            given = {k: v * shares.get(forms[k], 1.0) for k, v in claimed.items()}
            after, _ = lowered.group.settle(n, state, m._replace(past=now[1]), claimed, given)
            parts = [*given.values(), *(shown[k] for k in lowered.group.published)]
            parts = [jnp.sum(jnp.where(jnp.abs(x) < 1e8, x, 0.0), axis=0) for x in parts]
            return (after, t + 1), sum(parts)

        start = (lowered.group.init(n), 0)
        paid = lax.scan(month, start, (stacked, jnp.asarray(totals)))[1]
        each = jnp.sum(paid, axis=0)
        return jnp.sum(each), each

    slope, each = jax.jit(jax.grad(total, has_aux=True))(jnp.asarray(at_work.values))
    return np.asarray(each), np.asarray(slope)


def _constant_cash(at_work: Bench, paths: int) -> dict[str, NDArray]:
    scalars = {p: c for p, c in at_work.cash.items() if np.ndim(c) == 0}
    return {name: np.full(paths, float(value)) for name, value in scalars.items()}


# ----------------------------------------------------------------------------------- golden tables


def golden_text(run: Run, digits: int = 10) -> str:
    """The table as it is kept: one line per period and row, columns in order, empty columns too."""
    several = len(run.rows) > 1
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["period", *(["row"] if several else []), *run.columns])
    periods = len(next(iter(run.columns.values())))
    for t in range(periods):
        for k, row in enumerate(run.rows):
            cells = [_shown(column[t, k, 0], digits) for column in run.columns.values()]
            writer.writerow([t, *([row] if several else []), *cells])
    return out.getvalue()


def _shown(value: float, digits: int) -> str:
    """Up to `digits` significant digits; rounding noise below 1e-9 is zero."""
    return "0" if abs(value) < 1e-9 else f"{value:.{digits}g}"


def read_golden(kind: str) -> tuple[list[str], list[list[str]]]:
    """Header and lines of a kind's golden table."""
    with (GOLDEN / f"{kind}.csv").open(encoding="utf-8", newline="") as stream:
        header, *lines = list(csv.reader(stream))
    return header, lines


def check_golden(run: Run, digits: int = 10) -> None:
    """Compare with the golden table to its printed digits; OFFTAKE_WRITE_GOLDEN=1 writes it."""
    path = GOLDEN / f"{run.kind}.csv"
    text = golden_text(run, digits)
    if os.environ.get(WRITE):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    header, lines = read_golden(run.kind)
    fresh_header, *fresh = list(csv.reader(StringIO(text)))
    assert fresh_header == header
    assert len(fresh) == len(lines), f"{len(fresh)} lines, golden has {len(lines)}"
    for old, new in zip(lines, fresh, strict=True):
        for name, before, now in zip(header, old, new, strict=True):
            assert _same(before, now), f"period {old[0]}, {name}: golden {before}, now {now}"


def _same(before: str, now: str) -> bool:
    try:
        return math.isclose(float(before), float(now), rel_tol=1e-8, abs_tol=1e-7)
    except ValueError:
        return before == now


def scaled(
    terms: Terms, factor: float, units: Sequence[str] = ("USD", "USD/year")
) -> dict[str, float]:
    """Values that multiply every amount of money in the terms of contract "example" by a factor."""
    return {
        place: number.value * factor
        for place, number in numbers(terms, "contracts.example")
        if isinstance(number, Quantity) and number.unit in units
    }
