"""What a run kept of its base case, as a workbook needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from offtake.core.calendar import Periods
from offtake.results.results import Results
from offtake.results.workbook.cells import FloatArray, Input


def kept(results: Results) -> bool:
    """Whether a run kept all that a workbook needs; one saved by an earlier offtake may not."""
    return "base_cash" in results and "watched" in results.facts


@dataclass(frozen=True, eq=False)
class Claim:
    """One claim that moves in the base case."""

    contract: str
    line: str
    payer: str
    payee: str
    flow: str
    form: str
    rank: int
    tier: int
    claimed: FloatArray
    """[T] USD"""
    paid: FloatArray
    """[T] USD"""

    @property
    def label(self) -> str:
        """Contract and line."""
        return f"{self.contract}: {self.line}"


def paid_on(claims: Iterable[Claim], count: int) -> FloatArray:
    """[T] what is paid on claims together, USD; 0 for none."""
    return np.sum([np.zeros(count), *(claim.paid for claim in claims)], axis=0)


def net_of(claims: Iterable[Claim], party: str, count: int) -> FloatArray:
    """[T] what a party receives on claims of its own less what it pays on them, USD."""
    received, paid = list[Claim](), list[Claim]()
    for claim in claims:
        (received if claim.payee == party else paid).append(claim)
    return paid_on(received, count) - paid_on(paid, count)


@dataclass(frozen=True)
class Record:
    """The base case of a run."""

    calendar: Periods
    claims: tuple[Claim, ...]
    """Those that move; parts of a contract that share line, payer and payee added up."""
    still: int
    """How many claims never move."""
    cash: Mapping[str, FloatArray]
    """party -> [T] closing cash of parties with limited cash, USD"""
    observed: Mapping[str, FloatArray]
    """name -> [T] observations"""
    inputs: Mapping[str, Input]
    """place -> number of the plan"""
    facts: Mapping[str, Any]

    @property
    def count(self) -> int:
        """Number of periods, the opening one included."""
        return self.calendar.count

    def observation(self, name: str) -> FloatArray | None:
        """[T] an observation, None where the run kept none."""
        return self.observed.get(name)

    def number(self, place: str) -> Input | None:
        """A number of the plan, None where it has none there."""
        return self.inputs.get(place)


def record(results: Results) -> Record:
    """What a run kept of its base case."""
    facts, dataset = results.facts, results.dataset
    cash = np.asarray(dataset["base_cash"].values, np.float64)
    observations = np.asarray(dataset["base_observations"].values, np.float64)
    claims = _claims(
        facts["claims"],
        np.asarray(dataset["base_claimed"].values, np.float64),
        np.asarray(dataset["base_paid"].values, np.float64),
    )
    moving = tuple(claim for claim in claims if claim.paid.any())
    periods = facts["periods"]
    return Record(
        calendar=Periods(date.fromisoformat(facts["start"]), facts["months"], periods),
        claims=moving,
        still=len(claims) - len(moving),
        cash={str(n): cash[:, i] for i, n in enumerate(dataset.coords["cash_party"].values)},
        observed={
            str(name): observations[:, i]
            for i, name in enumerate(dataset.coords["observation"].values)
        },
        inputs=_inputs(facts["inputs"]),
        facts=facts,
    )


def _claims(facts: list[dict[str, Any]], claimed: FloatArray, paid: FloatArray) -> list[Claim]:
    """Claims with what was paid; parts that cannot be told apart in a waterfall added up."""
    together = dict[tuple[Any, ...], list[int]]()
    names = ("contract", "line", "payer", "payee", "flow", "form", "rank", "tier")
    for i, claim in enumerate(facts):
        together.setdefault(tuple(claim[name] for name in names), []).append(i)
    return [
        Claim(
            **dict(zip(names, key, strict=True)),
            claimed=claimed[:, rows].sum(axis=1),
            paid=paid[:, rows].sum(axis=1),
        )
        for key, rows in together.items()
    ]


def _inputs(rows: list[dict[str, Any]]) -> dict[str, Input]:
    return {
        row["place"]: Input(row["place"], float(row["number"]), str(row["unit"]))
        for row in rows
        if row["number"] is not None
    }
