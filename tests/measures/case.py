"""A ledger with what else measures look at: observations, numbers, facilities, cohorts, terms.

case = Case({"company": "internal", "bank": "external"}, periods=4, rate=0.25)
case.observe("chips.new.margin", [0.0, 5.0, -1.0, -2.0])
case.over_time("loan", balance=[0.0, 100.0, 50.0, 0.0, 0.0])    starts of periods, then the close
case.number("contracts.loan.rate", 0.1)
case.lend("loan", "bank", "company", collateral=("new",), rate=0.1, term=3.0)
"""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.labels import ClaimLabel
from offtake.core.measure import Book, Chip, Facility
from tests.measures.ledger import HandRecord, Ledger, on_device


class Case(Ledger):
    """A ledger that grows observations [T] or [T, path] and numbers of the plan."""

    def __post_init__(self):
        super().__post_init__()
        self.observed: dict[str, Any] = {}
        self.numbers: dict[str, Any] = {}
        self.terms: dict[str, Any] = {}
        self.facilities: list[Facility] = []
        self.cohorts: dict[str, str] = {}
        self.chips: dict[str, dict[str, Any]] = {}
        self.products: tuple[str, ...] = ()
        self.hurdles: dict[str, str] = {}
        self.parts: dict[int, str] = {}
        self.periods_per_year = 1

    def observe(self, name: str, values: Any) -> None:
        self.observed[name] = values

    def number(self, place: str, value: Any) -> None:
        self.numbers[place] = value

    def over_time(self, contract: str, **values: Any) -> None:
        for name, series in values.items():
            series = np.asarray(series, float)
            assert len(series) == self.periods + 1, "starts of all periods and the last close"
            self.observed[f"contracts.{contract}.{name}"] = series[:-1]
            self.publish(contract, **{name: series[-1]})

    def lend(
        self,
        contract: str,
        lender: str,
        borrower: str,
        *,
        collateral: tuple[str, ...] = (),
        base: str | None = None,
        amount: float = 100.0,
        **numbers: float,
    ) -> None:
        for field, value in {"amount": amount, **numbers}.items():
            self.number(f"contracts.{contract}.{field}", value)
        self.terms[contract] = SimpleNamespace(rate=SimpleNamespace(base=base), term=1)
        self.facilities.append(Facility(contract, "loan", lender, borrower, collateral, 0))

    def cohort(
        self,
        name: str,
        site: str,
        *,
        chip: str = "",
        maker: str = "works",
        country: str = "",
        **numbers: float,
    ) -> None:
        self.cohorts[name] = site
        self.chips[name] = {"kind": chip or name, "maker": maker, "country": country}
        defaults = {"units": 1.0, "price": 1.0, "accounting_life": 6.0, "deliver": 0.0}
        defaults |= {"h100e": 1.0, "bandwidth": 1.0, "per": 1.0}
        for field, value in {**defaults, **numbers}.items():
            self.number(f"chips.{name}.{field}", value)

    def part(self, part: str) -> None:
        """The last claim is for a part of its contract."""
        line = self.lines[-1]
        label = line.label
        line.label = ClaimLabel(
            label.contract, part, label.line, label.payer, label.payee, label.flow, label.form
        )

    def book(self) -> Book:
        book = super().book()
        start = len(self._values())
        rows = {place: start + i for i, place in enumerate(self.numbers)} | dict(book.rows)
        lengths = book.years / self.periods_per_year
        return replace(
            book,
            labels=replace(book.labels, observations=tuple(self.observed)),
            facilities=tuple(
                replace(
                    f,
                    size_row=rows.get(f"contracts.{f.contract}.amount", -1),
                    start_row=rows.get(f"contracts.{f.contract}.start", -1),
                )
                if f.units_row < 0
                else self._sold(f, rows)
                for f in self.facilities
            ),
            cohorts=self.cohorts,
            chips={
                name: Chip(
                    **facts,
                    h100e=rows[f"chips.{name}.h100e"],
                    bandwidth=(rows[f"chips.{name}.bandwidth"], rows[f"chips.{name}.per"]),
                )
                for name, facts in self.chips.items()
            },
            products=self.products,
            hurdle_rows={party: rows[place] for party, place in self.hurdles.items()},
            years=lengths,
            elapsed=np.cumsum(lengths),
            rows=rows,
            terms=self.terms,
        )

    def _sold(self, facility: Facility, rows: dict[str, int]) -> Facility:
        """The rows of a sale on credit, of the cohort that it pledges."""
        cohort = f"chips.{facility.collateral[0]}"
        return replace(
            facility,
            size_row=-1,
            start_row=rows[f"{cohort}.deliver"],
            units_row=rows[f"{cohort}.units"],
            price_row=rows[f"{cohort}.price"],
            down_row=rows[f"contracts.{facility.contract}.down_payment"],
        )

    def record(self) -> HandRecord:
        record = super().record()
        added = [self._by_path(value) for value in self.numbers.values()]
        values = np.concatenate([record.values, *[x[None] for x in added]])
        seen = [self._by_period(value) for value in self.observed.values()]
        shape = (self.periods, 0, self.paths)
        observations = np.stack(seen, axis=1) if seen else np.zeros(shape)
        return record._replace(
            values=values, months=record.months._replace(observations=observations)
        )

    def _by_path(self, value: Any) -> NDArray:
        return np.broadcast_to(np.asarray(value, float), self.paths)

    def _by_period(self, value: Any) -> NDArray:
        series = np.asarray(value, float)
        wide = series[:, None] if series.ndim == 1 else series
        return np.broadcast_to(wide, (self.periods, self.paths))

    def reduce(self, measure: Any) -> dict[str, NDArray]:
        """Outputs of a measure, compiled as in a run."""
        from offtake.core.arrays import jax

        built = measure.build(self.book())
        outputs = jax.jit(lambda m, r: m.reduce(r))(built, on_device(self.record()))
        assert set(outputs) == set(measure.outputs)
        for name, value in outputs.items():
            assert value.ndim == len(measure.outputs[name].dims) + 1, name
            assert value.shape[-1] == self.paths, name
        return {name: np.asarray(value) for name, value in outputs.items()}

    def has_finite_derivatives(self, measure: Any) -> bool:
        """Whether what is finite of a measure has one by everything paid and observed."""
        from offtake.core.arrays import jax, jnp

        built, record = measure.build(self.book()), on_device(self.record())

        def total(paid: Any, observed: Any) -> Any:
            months = record.months._replace(paid=paid, observations=observed)
            out = built.reduce(record._replace(months=months))
            return sum(jnp.sum(jnp.where(jnp.isfinite(x), x, 0.0)) for x in out.values())

        slope = jax.jit(jax.grad(total, argnums=(0, 1)))
        slopes = slope(record.months.paid, record.months.observations)
        return all(np.all(np.isfinite(slope)) for slope in slopes)
