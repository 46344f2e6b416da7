"""Arrays of a run to one labelled dataset with the facts that its tables need."""

import datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from offtake.core.flows import Flow
from offtake.core.measure import Book, Facility
from offtake.core.quantity import Quantity, When
from offtake.engine.step import CHECKS
from offtake.lowering.lower import LoweredPlan
from offtake.measures import (
    contract_value,
    dependence,
    guarantees,
    income_shares,
    learning,
    levelised,
    market,
    physical,
    plant,
    supply_shares,
    thresholds,
    token_output,
    unspent,
)
from offtake.measures.checks import PHYSICAL_CHECKS
from offtake.plan.schema import Plan
from offtake.results.results import Results
from offtake.run.columns import Columns, Key
from offtake.run.inputs import terms_of, went_in
from offtake.run.simulate import Outcome
from offtake.run.traces import traced_facts


def _period_dates(lowered: LoweredPlan) -> NDArray[np.datetime64]:
    """[T] day on which each period closes; the plan's start for the opening period."""
    days = [datetime.date.fromordinal(int(day)) for day in lowered.calendar.ends]
    return np.array(days, "datetime64[ns]")


def _coordinates(outcome: Outcome) -> dict[str, Any]:
    """Labels of every axis that measures use."""
    book, lowered = outcome.book, outcome.lowered
    return {
        "party": list(book.labels.parties),
        "contract": list(book.kinds),
        "facility": [facility.contract for facility in book.facilities],
        "unspent_account": list(unspent.names(book)),
        "cohort": list(book.cohorts),
        "part": list(levelised.PARTS),
        "product": list(book.products),
        "programme": list(levelised.programmes(book)),
        "maker": list(dependence.makers(book)),
        "country": list(dependence.countries(book)),
        "site": list(physical.sites(book)),
        "year": sorted({int(year) for year in book.calendar_years}),
        "period": _period_dates(lowered),
        "side": [f"{contract}:{party}" for contract, party in contract_value.sides(book)],
        "financing": [f"{contract}:{party}" for contract, party in contract_value.financings(book)],
        "support": list(contract_value.supports(book)),
        "guarantee": list(guarantees.names(book)),
        "source": list(plant.named(book, "power", "available_mw")),
        "fab": list(plant.named(book, "fabs", "wafers")),
        "vendor": list(plant.named(book, "vendors", "unsold")),
        "told": list(market.told(book)),
        "factor": list(learning.names(book)),
        "threshold": list(thresholds.names(book)),
        "output": list(token_output.names(book)),
        "income": list(income_shares.names(book)),
        "supply_group": list(supply_shares.names(book)),
        "driver": list(physical.drivers(book)),
        "internal_party": [
            n for n in book.labels.parties[: book.labels.internal] if n not in book.owners
        ],
        "cash_party": list(book.labels.parties[: book.labels.internal]),
        "flow": [flow.name.lower() for flow in Flow],
        "check": list(CHECKS),
        "physical_check": list(PHYSICAL_CHECKS),
        "claim": [
            f"{c.contract}{'/' + c.part if c.part else ''}:{c.line}" for c in book.labels.claims
        ],
        "observation": list(book.labels.observations),
        "path": np.arange(outcome.paths),
    }


class _InFiles(BackendArray):
    """An output that is kept for every path in a file, read whenever it is asked for."""

    def __init__(self, columns: Columns, key: Key) -> None:
        self._columns, self._key = columns, key
        self.shape = columns.shape(key)
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._part
        )

    def _part(self, key: tuple[Any, ...]) -> Any:
        return indexing.NumpyIndexingAdapter(self._columns.whole(self._key)).oindex[
            indexing.OuterIndexer(key)
        ]


def _by_path(columns: Columns, key: Key, dims: tuple[str, ...], facts: dict[str, Any]) -> Any:
    """An output that is kept for every path; read only when it is asked for, if it is in files."""
    held: Any = (
        indexing.LazilyIndexedArray(_InFiles(columns, key))
        if columns.in_files
        else columns.whole(key)
    )
    return xr.Variable(("path", *dims), held, attrs=facts)


def _variables(outcome: Outcome) -> dict[str, xr.DataArray | xr.Variable]:
    merged, found = outcome.merged, dict[str, xr.DataArray | xr.Variable]()
    for measure in outcome.measures:
        for name, output in measure.outputs.items():
            key, variable = (measure.name, name), f"{measure.name}_{name}"
            facts = {"unit": output.unit, "meaning": output.meaning, "measure": measure.name}
            if output.keep == "paths":
                found[variable] = _by_path(merged.columns, key, output.dims, facts)
            elif output.keep == "worst":
                found[variable] = xr.DataArray(merged.worst[key], dims=output.dims, attrs=facts)
            else:
                moments = merged.moments(key)
                found[variable] = xr.DataArray(moments.mean, dims=output.dims, attrs=facts)
                spread = moments.standard_error
                if outcome.sampler != "pseudo" or outcome.weight is not None:
                    spread = merged.group_error(key)
                error = {**facts, "meaning": f"standard error of the mean of {variable}"}
                found[f"{variable}_se"] = xr.DataArray(spread, dims=output.dims, attrs=error)
    return found


def _weight(outcome: Outcome) -> dict[str, xr.DataArray]:
    if outcome.weight is None:
        return {}
    facts = {"unit": "1", "meaning": "How much a future counts, as it was drawn from elsewhere."}
    return {"weight": xr.DataArray(outcome.weight, dims=("path",), attrs=facts)}


def _base_case(outcome: Outcome) -> dict[str, xr.DataArray]:
    flows = outcome.base
    usd = {"unit": "USD", "measure": "base case"}
    return {
        "base_claimed": xr.DataArray(flows.claimed[..., 0], dims=("period", "claim"), attrs=usd),
        "base_paid": xr.DataArray(flows.paid[..., 0], dims=("period", "claim"), attrs=usd),
        "base_observations": xr.DataArray(
            flows.observations[..., 0], dims=("period", "observation")
        ),
        "base_cash": xr.DataArray(flows.cash[..., 0], dims=("period", "cash_party"), attrs=usd),
    }


def _size(outcome: Outcome, facility: Facility) -> float:
    """What a facility may lend, USD: its amount, or the price of what it sells on credit."""
    table = outcome.lowered.table.rows

    def at(row: int) -> float:
        return float(table[row].value) if row >= 0 else 0.0

    bought = at(facility.units_row) * at(facility.price_row)
    return at(facility.size_row) + bought * (1.0 - at(facility.down_row))


def _claims(book: Book) -> list[dict[str, Any]]:
    parties = book.labels.parties
    return [
        {
            "contract": claim.contract,
            "part": claim.part,
            "line": claim.line,
            "payer": parties[claim.payer],
            "payee": parties[claim.payee],
            "flow": Flow(claim.flow).name.lower(),
            "form": claim.form,
            "rank": claim.rank,
            "tier": claim.tier,
        }
        for claim in book.labels.claims
    ]


def _guarantees(book: Book) -> list[dict[str, Any]]:
    """Who gives each guarantee, whom it relieves, and at what rate its cost is worked out."""
    budget = {name for name in book.labels.published if name.endswith(".discount_factor")}
    return [
        {
            "contract": name,
            "kind": book.kinds[name],
            "guarantor": book.labels.parties[guarantees.guarantor_of(book, name)],
            "relieves": list(guarantees.relieved(book, name)),
            "discounted_at": "risk_free"
            if f"contracts.{name}.discount_factor" in budget
            else "plan",
        }
        for name in guarantees.names(book)
    ]


def _sources(lowered: LoweredPlan) -> list[dict[str, Any]]:
    """Every number that carries a source, with it."""
    written = dict[str, Quantity | When](lowered.plan.numbers())
    found: list[dict[str, Any]] = []
    for row in lowered.table.rows:
        if row.source is not None:
            number = written.get(row.place)
            text = row.text if number is None else str(number)
            found.append({"place": row.place, "value": text, **row.source.written()})
    return found


def _readings(plan: Plan) -> dict[str, Any]:
    """What the macro readings are and rest on."""
    learns = {"learning": plan.learning.assumption} if plan.learning else {}
    return {
        "assumptions": {**learns, **plan.readings.assumptions()},
        "thresholds": [
            {
                "name": name,
                "driver": threshold.driver,
                "side": threshold.side,
                "level": str(threshold.level),
                "assumption": threshold.assumption,
            }
            for name, threshold in plan.readings.thresholds.items()
        ],
    }


def _warnings(outcome: Outcome) -> list[str]:
    labels = outcome.book.labels
    return [
        f"{labels.claims[c].contract}: {labels.claims[c].line} lies on a circle of payments; it "
        "asks for the cash left at the end of the month before"
        for c in labels.lagged
    ]


def label(outcome: Outcome) -> Results:
    """Label the outcome of a run."""
    plan, book = outcome.lowered.plan, outcome.book
    variables = {**_variables(outcome), **_weight(outcome), **_base_case(outcome)}
    used = {str(dim) for variable in variables.values() for dim in variable.dims}
    coordinates = {name: values for name, values in _coordinates(outcome).items() if name in used}
    dataset = xr.Dataset(variables, coords=coordinates, attrs={"plan": plan.plan.name})
    facts = {
        "plan": plan.plan.name,
        "about": plan.plan.about or "",
        "paths": outcome.paths,
        "months": outcome.lowered.calendar.count - 1,
        "periods": plan.plan.periods,
        "start": plan.plan.start.date.isoformat(),
        "seed": outcome.seed,
        "sampler": outcome.sampler,
        "discount_rate": plan.plan.discount_rate.value,
        "seconds": dict(outcome.seconds),
        "parties": [
            {
                "party": name,
                "role": book.roles[name],
                "kind": plan.parties[name].kind,
                "owner": book.owners.get(name, ""),
            }
            for name in book.labels.parties
        ],
        "kinds": dict(book.kinds),
        "facilities": [
            {
                "contract": f.contract,
                "kind": f.kind,
                "lender": f.lender,
                "borrower": f.borrower,
                "size_usd": _size(outcome, f),
                **terms_of(plan, f),
            }
            for f in book.facilities
        ],
        "guarantees": _guarantees(book),
        "structure": outcome.structure.plain(),
        "fabs": {name: fab.vendor for name, fab in plan.fabs.items()},
        "claims": _claims(book),
        "chips": {
            name: {"chip": chip.kind, "maker": chip.maker, "country": chip.country}
            for name, chip in book.chips.items()
        },
        "designs": {
            name: {"designs": list(cohorts), "instead_of": list(levelised.compared(book)[name])}
            for name, cohorts in levelised.programmes(book).items()
        },
        "traced_paths": int(outcome.traced.paid.shape[-1]),
        "readings": _readings(plan),
        "sources": _sources(outcome.lowered),
        **went_in(outcome.lowered),
        "warnings": _warnings(outcome),
        **traced_facts(outcome),
    }
    return Results(dataset, facts)
