"""A record written by hand: parties, claims, what was paid in every period, nothing behind it.

    ledger = Ledger({"company": "internal", "bank": "external"}, periods=3, rate=0.25)
    ledger.cash("company", 25.0)
    ledger.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={0: 100.0})
    ledger.claim("loan", "company", "bank", Flow.INTEREST, claimed={1: 10.0}, paid={1: 4.0})
    ledger.publish("loan", balance=57.0, accelerated=1.0)
    book, record = ledger.book(), ledger.record()

What is claimed equals what is paid where it is left out; arrays [path] stand for several paths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.flows import Flow
from offtake.core.labels import ClaimLabel, Labels
from offtake.core.measure import Book


class Months(NamedTuple):
    claimed: NDArray
    paid: NDArray
    observations: NDArray
    cash: NDArray
    stopped: NDArray


class HandRecord(NamedTuple):
    months: Months
    closing: NDArray
    checks: NDArray
    values: NDArray


@dataclass
class Line:
    label: ClaimLabel
    claimed: Mapping[int, Any]
    paid: Mapping[int, Any]


@dataclass
class Ledger:
    """Parties (internal ones first), one claim after another, yearly periods unless told."""

    parties: Mapping[str, str]
    periods: int
    rate: float = 0.0
    paths: int = 1
    owners: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    years: Any = None
    """[T] calendar year of each period; 2026, 2026, 2027, ... if left out"""

    def __post_init__(self):
        self.lines: list[Line] = []
        self.opening: dict[str, Any] = {}
        self.published: dict[str, Any] = {}
        self.names = tuple(self.parties)
        self.internal = sum(kind != "external" for kind in self.parties.values())
        inside = [kind != "external" for kind in self.parties.values()]
        assert inside == sorted(inside, reverse=True), "internal parties come first"

    def cash(self, party: str, amount: Any) -> None:
        self.opening[party] = amount

    def publish(self, contract: str, **values: Any) -> None:
        self.published |= {f"contracts.{contract}.{name}": v for name, v in values.items()}

    def claim(
        self,
        contract: str,
        payer: str,
        payee: str,
        flow: Flow,
        *,
        paid: Mapping[int, Any],
        claimed: Mapping[int, Any] | None = None,
        form: str = "claim",
        line: str = "",
    ) -> None:
        ends = self.names.index(payer), self.names.index(payee)
        label = ClaimLabel(contract, "", line or flow.name.lower(), *ends, int(flow), form)
        self.lines.append(Line(label, {**paid, **(claimed or {})}, paid))

    def _values(self) -> NDArray:
        rows = [self.rate]
        rows += [self.opening.get(name, 0.0) for name in self.names[: self.internal]]
        return np.stack([np.broadcast_to(np.asarray(row, float), self.paths) for row in rows])

    def book(self) -> Book:
        n, inner = self.internal, self.names[: self.internal]
        rows = {"plan.discount_rate": 0}
        rows |= {f"parties.{name}.cash": 1 + i for i, name in enumerate(inner)}
        labels = Labels(
            parties=self.names,
            internal=n,
            claims=tuple(line.label for line in self.lines),
            rows=(),
            observations=(),
            published=tuple(self.published),
            monthly_streams=(),
            once_streams=(),
            lagged=(),
        )
        lengths = np.concatenate([[0.0], np.ones(self.periods - 1)])
        years = np.maximum(2025 + np.arange(self.periods), 2026)
        return Book(
            labels=labels,
            roles={name: self.roles.get(name, "") for name in self.names},
            owners=dict(self.owners),
            kinds={line.label.contract: "" for line in self.lines} | dict(self.kinds),
            facilities=(),
            cohorts={},
            discount_row=0,
            hurdle_rows={},
            elapsed=np.cumsum(lengths),
            years=lengths,
            calendar_years=years if self.years is None else np.asarray(self.years),
            rows=rows,
        )

    def _amounts(self, what: str) -> NDArray:
        amounts = np.zeros((self.periods, len(self.lines), self.paths))
        for c, line in enumerate(self.lines):
            for t, amount in getattr(line, what).items():
                amounts[t, c] = amount
        return amounts

    def record(self) -> HandRecord:
        paid, values = self._amounts("paid"), self._values()
        change = np.zeros((self.periods, len(self.names), self.paths))
        for c, line in enumerate(self.lines):
            change[:, line.label.payer] -= paid[:, c]
            change[:, line.label.payee] += paid[:, c]
        cash = values[1 : 1 + self.internal] + np.cumsum(change, axis=0)[:, : self.internal]
        assert cash.min() >= -1e-9 * (1.0 + np.abs(paid).max()), "more is paid than there is"
        nothing = np.zeros((self.periods, 0, self.paths))
        closing = [
            np.broadcast_to(np.asarray(v, float), self.paths) for v in self.published.values()
        ]
        return HandRecord(
            months=Months(self._amounts("claimed"), paid, nothing, cash, np.zeros_like(change)),
            closing=np.stack(closing) if closing else np.zeros((0, self.paths)),
            checks=np.zeros((0, self.paths)),
            values=values,
        )


def on_device(record: HandRecord) -> Any:
    """The record as measures get it: arrays of JAX."""
    from offtake.core.arrays import jax, jnp

    return jax.tree.map(jnp.asarray, record)


def four_parties() -> Ledger:
    """The example of docs/measures.md, in USD and years at 25 %/year.

    A company with 25 of its own borrows 100 at 10 % and buys chips for 115. Its customer pays 40,
    then defaults and pays 60 % of 50 and of 20. Running costs are 10 a year.
    """
    ledger = Ledger(
        {"company": "internal", "bank": "external", "customer": "external", "vendor": "external"},
        periods=4,
        rate=0.25,
        roles={"company": "operator", "bank": "lender", "customer": "customer", "vendor": "vendor"},
    )
    ledger.cash("company", 25.0)
    ledger.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={0: 100.0})
    ledger.claim("order", "company", "vendor", Flow.CAPITAL_COST, paid={0: 115.0})
    ledger.claim(
        "sales",
        "customer",
        "company",
        Flow.SALE,
        claimed={1: 40.0, 2: 50.0, 3: 20.0},
        paid={1: 40.0, 2: 30.0, 3: 12.0},
    )
    ledger.claim(
        "service", "company", "vendor", Flow.RUNNING_COST, paid={1: 10.0, 2: 10.0, 3: 10.0}
    )
    ledger.claim(
        "loan",
        "company",
        "bank",
        Flow.INTEREST,
        claimed={1: 10.0, 2: 7.0, 3: 5.7},
        paid={1: 10.0, 2: 7.0, 3: 2.0},
    )
    ledger.claim(
        "loan",
        "company",
        "bank",
        Flow.PRINCIPAL,
        claimed={1: 30.0, 2: 35.0, 3: 57.0},
        paid={1: 30.0, 2: 13.0, 3: 0.0},
    )
    ledger.publish("loan", balance=57.0, arrears=3.7, accelerated=1.0)
    ledger.publish("sales", arrears=0.0)
    ledger.publish("service", arrears=0.0)
    return ledger


def random_ledger(seed: int, rate: float = 0.1, periods: int = 4, paths: int = 3) -> Ledger:
    """Payments at random between three internal parties, an account and three external ones.

    Every internal party starts with the cash that it turns out to need, or with more.
    """
    rng = np.random.default_rng(seed)
    kinds = dict.fromkeys(["a", "b", "c"], "internal") | {"a_reserve": "account"}
    kinds |= dict.fromkeys(["x", "y", "z"], "external")
    ledger = Ledger(kinds, periods, rate, paths, owners={"a_reserve": "a"})
    names = list(kinds)
    for k in range(int(rng.integers(4, 14))):
        payer, payee = rng.choice(len(names), 2, replace=False)
        flow = Flow(int(rng.integers(0, len(Flow))))
        form = str(rng.choice(["claim", "claim", "residual", "support", "recovery"]))
        asked = rng.exponential(10.0, (periods, paths)) * (rng.random((periods, paths)) < 0.7)
        given_ = asked * np.where(rng.random((periods, paths)) < 0.6, 1.0, rng.random((1, paths)))
        ledger.claim(
            f"deal{k}",
            names[payer],
            names[payee],
            flow,
            claimed=dict(enumerate(asked)),
            paid=dict(enumerate(given_)),
            form=form,
        )
        if rng.random() < 0.5:
            ledger.publish(f"deal{k}", balance=rng.exponential(5.0, paths), accelerated=0.0)
    paid = ledger._amounts("paid")
    for i, name in enumerate(names[: ledger.internal]):
        flow_in = sum(
            (paid[:, c] * ((n.label.payee == i) - float(n.label.payer == i)))
            for c, n in enumerate(ledger.lines)
        )
        need = np.maximum(0.0, -np.min(np.cumsum(flow_in, axis=0), axis=0))
        ledger.cash(name, need + rng.exponential(2.0) * float(rng.random() < 0.3))
    return ledger
