"""Results of a run: a labelled dataset, its facts, and its tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from offtake import catalogue
from offtake.core.shown import Shown
from offtake.results.arrays import AT_HAND_BYTES, Arrays, FloatArray, Outputs, Without
from offtake.results.named import with_errors
from offtake.results.sentence import headline
from offtake.results.stored import opened
from offtake.results.table import Row, Table
from offtake.results.tables.break_even import break_even_rows
from offtake.results.tables.cohorts import cohort_rows
from offtake.results.tables.contracts import contract_rows, hurdle_rows, support_rows
from offtake.results.tables.dependence import at_year_ends, dependence_rows
from offtake.results.tables.estimates import Weight, worst_paths
from offtake.results.tables.facilities import facility_detail_rows, facility_rows
from offtake.results.tables.funding import funding_gap_rows, sources_and_uses_rows
from offtake.results.tables.guarantees import guarantee_rows
from offtake.results.tables.learning import learning_rows, published_rows
from offtake.results.tables.levelised import levelised_rows, token_rows
from offtake.results.tables.market import (
    market_rows,
    segment_rows,
    summary_rows,
    welfare_rows,
    yearly,
)
from offtake.results.tables.physical import physical_rows
from offtake.results.tables.plant import capacity_rows, chip_rows, energy_rows
from offtake.results.tables.readings import (
    end_rows,
    level_rows,
    passed_rows,
    supply_rows,
    threshold_rows,
)
from offtake.results.tables.tilt import tilt_rows
from offtake.results.tables.unspent import unspent_rows
from offtake.results.tables.who_pays import who_pays_rows

if TYPE_CHECKING:
    import xarray as xr

FORMAT = "offtake-results-1"


class Results(Shown):
    """What a run leaves behind.

    Attributes:
        dataset: every output of every measure, labelled (an xarray dataset). Outputs kept for every
            path have the dimension `path`; others come as a mean with its standard error beside it
            (`..._se`). `base_claimed` and `base_paid` are the flows of the base case. Of a run with
            many paths, what is kept for every path stays in a file until it is asked for.
        facts: what the tables need beside the numbers (names, roles, settings); plain JSON.
    """

    def __init__(
        self,
        dataset: xr.Dataset,
        facts: Mapping[str, Any],
        arrays: Arrays | None = None,
    ) -> None:
        self.dataset = dataset
        self.facts: dict[str, Any] = dict(facts)
        self._arrays = Arrays(dataset) if arrays is None else arrays

    def __getitem__(self, name: str) -> xr.DataArray:
        """One variable of the dataset."""
        return self.dataset[name]

    def __contains__(self, name: str) -> bool:
        """Whether the dataset has a variable."""
        return name in self.dataset

    def with_facts(self, **facts: Any) -> Results:
        """The same results with some facts replaced."""
        return Results(self.dataset, {**self.facts, **facts}, self._arrays)

    def without(
        self, stay: NDArray[np.bool_], means: Callable[[str], FloatArray | None]
    ) -> Results:
        """Results of some of the paths; what is traced, and errors of means, stay as they were.

        Args:
            stay: [path] which paths stay.
            means: name of an array that is a mean over paths -> the mean over those that stay;
                None for other names.
        """
        return Results(self.dataset, self.facts, Without(self._arrays, stay, means))

    def _outputs(self, measure: str) -> Outputs:
        """Arrays of one measure by output, paths first, `..._se` beside means."""
        return Outputs(self._arrays, measure)

    @property
    def _weight(self) -> Weight:
        """[path] weights of the futures; None where all count alike."""
        return self._arrays.get("weight")

    def _sure(self, table: str, rows: Iterable[Row]) -> tuple[Row, ...]:
        """Rows with errors from groups of futures, where futures depend on one another."""
        plain = self.facts.get("sampler", "pseudo") == "pseudo" and self._weight is None
        if plain or "errors" not in self.facts:
            return tuple(rows)
        return tuple(with_errors(table, rows, self.facts["errors"]))

    def _labels(self, dimension: str) -> list[str]:
        if dimension not in self.dataset.coords:
            return []
        return [str(name) for name in self.dataset.coords[dimension].values]

    def _sides(self, dimension: str) -> list[tuple[str, str]]:
        """(contract, party) of a dimension whose labels are `contract:party`."""
        split = [name.split(":", 1) for name in self._labels(dimension)]
        return [(contract, party) for contract, party in split]

    def _closes(self) -> NDArray[np.datetime64]:
        return np.asarray(self.dataset.coords["period"].values)

    def headline(self) -> str:
        """Who pays, in one sentence."""
        aside = self._elsewhere()
        return headline([row for row in self.who_pays() if row["party"] not in aside])

    def _elsewhere(self) -> set[str]:
        """Parties that only stand for what a company does outside the plan."""
        inside: set[str] = set()
        outside: set[str] = set()
        for claim in self.facts["claims"]:
            other = self.facts["kinds"][claim["contract"]] == "other_business"
            (outside if other else inside).update((claim["payer"], claim["payee"]))
        return outside - inside

    def who_pays(self) -> Table:
        """What every party puts in, gets back, pays net and loses; docs/measures.md."""
        rows = who_pays_rows(self.facts["parties"], self._outputs("who_pays"), self._weight)
        note = "Present values, means over all futures; worst 5 %: the futures with the most loss."
        return Table("Who pays", self._sure("who_pays", rows), note)

    def tilted(self) -> Table:
        """How sure figures are against plain futures; no rows where nothing is tilted."""
        facts, weight = self.facts, self._weight
        if weight is None:
            return Table("What the tilt does", ())
        names = ["" if party["owner"] else party["party"] for party in facts["parties"]]
        lent, pays = self._outputs("facilities"), self._outputs("who_pays")
        rows = tilt_rows([f["contract"] for f in facts["facilities"]], names, lent, pays, weight)
        return Table("What the tilt does", tuple(rows))

    def traced(self, *, worst5: bool = False) -> Table:
        """Ultimate sources of the money behind every use, on the traced paths."""
        rows = self.facts["traced_worst5" if worst5 else "traced"]
        note = f"Traced on {self.facts['traced_paths']:,} futures" + (
            ", the worst 5 %." if worst5 else "."
        )
        return Table("Where the money comes from", tuple(rows), note)

    def circularity(self, *, worst5: bool = False) -> Table:
        """How much of each financier's receipts was its own money."""
        rows = self.facts["circularity_worst5" if worst5 else "circularity"]
        return Table(
            "Own money that comes back",
            tuple(rows),
            f"Traced on {self.facts['traced_paths']:,} futures.",
        )

    def facilities(self) -> Table:
        """Debt: cover, default, loss, repayment against the end of its collateral."""
        irr = self._outputs("contract_value")["irr"]
        rows = facility_rows(
            self.facts["facilities"],
            self._outputs("facilities"),
            self._sides("financing"),
            irr,
            self._weight,
        )
        return Table("Facilities", self._sure("facilities", rows))

    def facility_details(self) -> Table:
        """What stands behind the facilities: outcomes, supports, what is open at the horizon."""
        of = self._outputs("facilities")
        rows = facility_detail_rows(self.facts["facilities"], of, self._weight)
        return Table("Facilities in detail", self._sure("facility_details", rows))

    def contracts(self) -> Table:
        """What every contract is worth to each side."""
        rows = contract_rows(
            self.facts["kinds"],
            self._sides("side"),
            self._sides("financing"),
            self._outputs("contract_value"),
            self._weight,
        )
        return Table("Contracts", self._sure("contracts", rows))

    def hurdles(self) -> Table:
        """Value of every contract to each side at the plan's rate and at its own hurdle rate."""
        return Table(
            "Value at own hurdles",
            tuple(hurdle_rows(self._sides("side"), self._outputs("contract_value"))),
        )

    def supports(self) -> Table:
        """Expected cost of every support."""
        rows = support_rows(self._labels("support"), self._outputs("contract_value"))
        return Table("Supports", self._sure("supports", rows))

    def guarantees(self) -> Table:
        """What guarantees cost who gives them: fees, payments, recoveries, how often called."""
        given, of, weight = (
            self.facts.get("guarantees", ()),
            self._outputs("guarantees"),
            self._weight,
        )
        worst = worst_paths(self._outputs("who_pays")["loss"], weight)
        rows = guarantee_rows(given, of, worst, weight)
        return Table("Guarantees", self._sure("guarantees", rows))

    def funding_gap(self) -> Table:
        """Cash needed by year beyond liquidity and all money promised."""
        gap = self._outputs("funding")["gap"]
        rows = funding_gap_rows(self._labels("internal_party"), self._years(), gap, self._weight)
        return Table("Funding gap (USD, nominal)", tuple(rows))

    def sources_and_uses(self) -> Table:
        """Sources and uses of funds by party, year and class of money."""
        of = self._outputs("funding")
        rows = sources_and_uses_rows(
            self._labels("internal_party"),
            self._labels("flow"),
            self._years(),
            (of["received"], of["received_se"]),
            (of["spent"], of["spent_se"]),
        )
        return Table("Sources and uses (USD, nominal)", tuple(rows))

    def cohorts(self) -> Table:
        """Chips: payback against the clocks of contract, debt, economy and books."""
        of = self._outputs("cohorts")
        rows = cohort_rows(self._labels("cohort"), of, self._closes(), self._weight)
        return Table("Chips", self._sure("cohorts", rows))

    def levelised(self) -> Table:
        """What compute costs by cohort, chip and maker: per hour, per watt, part by part."""
        of = self._outputs("levelised")
        rows = levelised_rows(self.facts.get("chips", {}), self._labels("part"), of, self._weight)
        return Table("Levelised cost of compute", tuple(rows))

    def token_costs(self) -> Table:
        """What a million tokens of each product cost, and take in energy, on each chip."""
        of = self._outputs("levelised")
        rows = token_rows(self.facts.get("chips", {}), self._labels("product"), of, self._weight)
        return Table("Cost of tokens", tuple(rows))

    def break_even(self) -> Table:
        """Volume at which the design of a chip is paid by what the chip saves."""
        rows = break_even_rows(
            self.facts.get("designs", {}),
            self._labels("cohort"),
            self._labels("part"),
            self._labels("product"),
            self._outputs("levelised"),
            self._weight,
        )
        return Table("Break-even of own chips", self._sure("break_even", rows))

    def dependence(self) -> Table:
        """Whose chips the capacity is made of, by month."""
        rows = dependence_rows(
            self._labels("maker"),
            self._labels("country"),
            self._outputs("dependence"),
            self._closes(),
        )
        return Table("Dependence on makers", tuple(rows), "Means over all futures.")

    def dependence_by_year(self) -> Table:
        """The same in the last month of each year."""
        return Table("Dependence on makers", tuple(at_year_ends(tuple(self.dependence()))))

    def physical(self) -> Table:
        """Energised power and running capacity by month and site."""
        rows = physical_rows(self._labels("site"), self._outputs("physical"), self._closes())
        return Table("Capacity", tuple(rows))

    def capacity_by_year(self) -> Table:
        """Energised power and running capacity at the end of each year, all sites and each."""
        of = self._outputs("plant")
        rows = capacity_rows(self._years(), self._labels("site"), of, self._weight)
        return Table("Capacity by year", tuple(rows))

    def energy(self) -> Table:
        """Energy by year and source of power; no rows where the plan names no sources."""
        rows = energy_rows(self._years(), self._labels("source"), self._outputs("plant"))
        return Table("Energy by source", self._sure("energy", rows), "Means over all futures.")

    def chip_supply(self) -> Table:
        """Wafers and chips by year and vendor; no rows where the plan names no vendors."""
        fabs = self.facts["fabs"]
        rows = chip_rows(self._years(), self._labels("vendor"), fabs, self._outputs("plant"))
        return Table("Chips made", self._sure("chip_supply", rows), "Means over all futures.")

    def _years(self) -> list[int]:
        return [int(year) for year in self._labels("year")]

    def structure(self) -> Table:
        """What was sized: amount, limits with their slack, schedule; docs/structuring.md."""
        made = self.facts.get("structure", {"facilities": []})
        return Table("Structure", tuple(made["facilities"]))

    def market(self) -> Table:
        """Prices and volumes of compute by month; no rows where the market does not clear."""
        rows = market_rows(self._labels("told"), self._outputs("market"), self._closes())
        return Table("Market", tuple(rows), "Means over all futures.")

    def market_by_year(self) -> Table:
        """The same as means over the months of each year."""
        rows = tuple(self.market())
        columns = [name for name in rows[0] if name != "month"] if rows else []
        return Table("Market by year", tuple(yearly(rows, columns)), "Means over all futures.")

    def segments(self) -> Table:
        """Price, volume and share served of every segment of demand by month."""
        rows = segment_rows(self._labels("told"), self._outputs("market"), self._closes())
        return Table("Segments", tuple(rows), "Means over all futures.")

    def segment_summary(self) -> Table:
        """Every segment of demand in its first and last month, and the mean share served."""
        return Table("Segments", tuple(summary_rows(tuple(self.segments()))))

    def welfare(self) -> Table:
        """Who gains by the market, less what its capital costs and its financiers lose."""
        of, pays = self._outputs("market"), tuple(self.who_pays())
        rows = welfare_rows(self._labels("told"), of, pays, self._weight)
        return Table("Welfare (USD, present value)", self._sure("welfare", rows))

    def learning(self) -> Table:
        """By how many times each factor improves in a year; docs/measures/learning.md."""
        yearly = self._outputs("learning")["yearly"]
        rows = learning_rows(self._labels("factor"), yearly, self._weight)
        return Table("Learning (times a year)", tuple(rows), self._assumption("learning"))

    def learning_published(self) -> Table:
        """The product of the four factors against published ranges."""
        published = catalogue.learning()["cost_of_a_fixed_problem"]
        yearly = self._outputs("learning")["yearly"]
        rows = published_rows(self._labels("factor"), yearly, published, self._weight)
        return Table(
            "Product of the four against published ranges (times a year)",
            self._sure("learning_published", rows),
        )

    def _assumption(self, reading: str) -> str:
        return str(self.facts.get("readings", {}).get("assumptions", {}).get(reading, ""))

    def thresholds(self) -> Table:
        """First months in which drivers pass levels; docs/measures/readings.md."""
        described = self.facts.get("readings", {}).get("thresholds", [])
        month = self._outputs("thresholds")["month"]
        rows = threshold_rows(described, month, self.facts["start"], self._weight)
        return Table(
            "Thresholds (first month)",
            self._sure("thresholds", rows),
            "Quantiles over all futures.",
        )

    def thresholds_by_year(self) -> Table:
        """Share of futures that have passed each threshold by the end of each year."""
        passed = self._outputs("thresholds")["passed"]
        rows = passed_rows(self._labels("threshold"), passed, self._closes())
        return Table("Thresholds passed by the end of the year", tuple(rows))

    def token_output(self) -> Table:
        """Output of tokens, nominal, real and by work done, with its deflators, by year."""
        level = self._outputs("token_output")["level"]
        rows = level_rows(self._labels("output"), level, self._closes())
        return Table("Output of tokens in December", tuple(rows), self._assumption("output"))

    def token_output_growth(self) -> Table:
        """Yearly change of the same from the first to the last month."""
        yearly = self._outputs("token_output")["yearly"]
        rows = end_rows(self._labels("output"), yearly, self._weight)
        return Table("Output of tokens, change a year", tuple(rows), self._assumption("output"))

    def income_shares(self) -> Table:
        """Shares of labour and capital, output and wage relative to the start, by year."""
        level = self._outputs("income_shares")["level"]
        rows = level_rows(self._labels("income"), level, self._closes())
        return Table("Who gets the income, in December", tuple(rows), self._assumption("income"))

    def income_shares_at_the_end(self) -> Table:
        """The same in the last month, quantiles over all futures."""
        end = self._outputs("income_shares")["end"]
        rows = end_rows(self._labels("income"), end, self._weight)
        return Table("Who gets the income at the end", tuple(rows), self._assumption("income"))

    def unspent(self) -> Table:
        """Money raised before it is needed: how long it waits, and its negative carry."""
        rows = unspent_rows(self._labels("unspent_account"), self._outputs("unspent"))
        return Table(
            "Money raised before it is needed (USD)",
            self._sure("unspent", rows),
            "Means, undiscounted.",
        )

    def supply_shares(self) -> Table:
        """Shares of supply by country and owner, and of what is spent by region, by year."""
        share = self._outputs("supply_shares")["share"]
        rows = supply_rows(self._labels("supply_group"), share, self._closes())
        return Table("Shares of supply in December", tuple(rows), self._assumption("supply"))

    def invariants(self) -> dict[str, float]:
        """Worst violation of every invariant, by name."""
        checks = zip(self._labels("check"), self._outputs("checks")["invariants"], strict=True)
        physical = zip(
            self._labels("physical_check"), self._outputs("checks")["physical"], strict=True
        )
        return {name: float(value) for name, value in [*checks, *physical]}

    def worst(self, check: str) -> float:
        """Worst violation of one invariant."""
        return self.invariants()[check]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data; docs/results.schema.json says what each key means."""
        facts, checks = self.facts, self.invariants()
        seconds = ("load", "lower", "compile", "simulate", "measure")
        return {
            "plan": facts["plan"],
            "paths": facts["paths"],
            "months": facts["months"],
            "seed": facts["seed"],
            "discount_rate": facts["discount_rate"],
            "seconds": {name: facts["seconds"].get(name, 0.0) for name in seconds},
            "conservation": {"max_relative_error": checks["conservation"]},
            "invariants": checks,
            "clearing": {"max_residual": checks["clearing_residual"]},
            "sampler": facts.get("sampler", "pseudo"),
            "until": facts.get("until"),
            "tilt": {**facts["tilt"], "figures": list(self.tilted())} if "tilt" in facts else None,
            "standard_errors": facts.get("errors", {}),
            "who_pays": list(self.who_pays()),
            "traced": facts["traced"],
            "circularity": facts["circularity"],
            "structure": list(self.structure()),
            "facilities": list(self.facilities()),
            "unspent": list(self.unspent()),
            "contracts": list(self.contracts()),
            "guarantees": list(self.guarantees()),
            "funding_gap_usd": list(self.funding_gap()),
            "cohorts": list(self.cohorts()),
            "levelised": list(self.levelised()),
            "token_costs": list(self.token_costs()),
            "break_even": list(self.break_even()),
            "dependence": list(self.dependence()),
            "physical": list(self.physical()),
            "capacity_by_year": list(self.capacity_by_year()),
            "energy": list(self.energy()),
            "chip_supply": list(self.chip_supply()),
            "market": list(self.market()),
            "segments": list(self.segments()),
            "welfare": list(self.welfare()),
            "learning": list(self.learning()),
            "learning_published": list(self.learning_published()),
            "thresholds": list(self.thresholds()),
            "thresholds_by_year": list(self.thresholds_by_year()),
            "token_output": list(self.token_output()),
            "token_output_growth": list(self.token_output_growth()),
            "income_shares": list(self.income_shares()),
            "income_shares_at_the_end": list(self.income_shares_at_the_end()),
            "supply_shares": list(self.supply_shares()),
            "warnings": facts["warnings"],
            "sources": facts["sources"],
        }

    def save(self, file: str | Path) -> Path:
        """Write everything to one file (netCDF 4); it reopens without the plan.

        Returns:
            The file.
        """
        target = Path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        stored = self.dataset.assign_attrs(
            {**self.dataset.attrs, "format": FORMAT, "facts": json.dumps(self.facts)}
        )
        large = stored.nbytes > AT_HAND_BYTES
        apart = [n for n, values in stored.data_vars.items() if large and "path" in values.dims]
        _write(stored.drop_vars(apart), target, "w")
        for name in apart:  # one at a time: written together, all would be held in memory
            one = stored[[name]]
            _write(one.drop_vars(one.coords), target, "a")
        return target

    @classmethod
    def load(cls, file: str | Path) -> Results:
        """Reopen saved results.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: the file cannot be read.
            ValueError: the file holds something else.
        """
        source = Path(file)
        if not source.exists():
            message = f"no results at {source}; a run saves them and says where"
            raise FileNotFoundError(message)
        dataset = opened(source, AT_HAND_BYTES)
        if dataset.attrs.get("format") != FORMAT:
            message = f"{source} holds no results of offtake ({FORMAT})"
            raise ValueError(message)
        facts = json.loads(dataset.attrs.pop("facts"))
        dataset.attrs.pop("format")
        return cls(dataset, facts)


def _write(dataset: xr.Dataset, target: Path, mode: Literal["w", "a"]) -> None:
    packed = {
        str(name): {"zlib": True, "complevel": 1, "shuffle": True}
        for name, values in dataset.data_vars.items()
        if values.dtype.kind == "f" and values.size
    }
    dataset.to_netcdf(target, mode=mode, engine="h5netcdf", encoding=packed)
