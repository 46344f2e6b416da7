"""The protocol that contracts and the engine both speak, and neither owns.

Shapes: `K` rows of a group (all contracts of one kind, stacked), `P` paths, last. Amounts are USD
of one period, never negative. Periods: 0 is the opening date and has no length; period `t` is the
t-th period of the plan and its money moves at its close. A date is a position on that axis
(plan start 0.0, close of period t is t), so the share of period t that lies after position `d` is
`clip(t - d, 0, 1)` and a payment dated `d` falls into the period with `t - 1 < d <= t`.

A group is a NamedTuple of arrays with the methods of `Contract`; nothing in it may depend on
values of the plan's numbers. Those arrive as `n`, a dict field -> `[K, P]`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array
from offtake.core.flows import Flow
from offtake.core.series import Series

IntArray = NDArray[np.int64]
Numbers = Mapping[str, Array]
Amounts = Mapping[str, Array]


class Month(NamedTuple):
    """What a contract may see in one period."""

    t: Array
    """[] period, as a float64 for arithmetic with positions and durations."""
    period: Array
    """[] period, as an integer for looking things up."""
    years: Array
    """[] length of the period in years (months / 12; 0 in the opening period)."""
    hours: Array
    """[] length of the period in hours (real days x 24)."""
    obs: Array
    """[observation, P] observations, in their own units."""
    cash: Array
    """[party, P] opening cash of internal parties, USD."""
    past: Array
    """[total, P] registered totals of what was paid, USD: in the period before for `claim`, in this
    period for `settle`."""
    claimed: Array
    """[total, P] registered totals of what primary contracts claim now, USD (derived stage)."""
    stopped: Array
    """[party, P] True for a party in default since the period before."""


Form = Literal["claim", "residual", "support", "recovery"]


@dataclass(frozen=True)
class Line:
    """One kind of claim that a group makes: K claims with a name, fixed parties, rank and class.

    `form`:
    * claim: `claim()` gives the amount owed;
    * residual: `claim()` gives the most it would take of what is left (np.inf: all of it);
    * support: `claim()` gives the undrawn limit; what is drawn is decided by clearing and booked
      as a payment from `payer` (the supporter) to `payee` (the party supported);
    * recovery: what the supporter has paid and takes over; `claim()` gives the balance from
      periods before, clearing adds what is drawn now. Its `payer` is the party supported.
    """

    name: str
    flow: Flow
    payer: IntArray
    payee: IntArray
    rank: IntArray
    form: Form = "claim"
    tier: IntArray | None = None
    """[K] support only: order in which supports are called, from 1."""
    protects: tuple[tuple[str, ...], ...] = ()
    """[K] support only: ids of the contracts whose claims on `payee` are protected; "*" is all."""
    protected_flows: tuple[Flow, ...] = ()
    """Support only: classes of claim that are protected; empty is every class."""


@dataclass(frozen=True)
class Lowered:
    """A group as `lower` leaves it: structure, no values."""

    group: "Contract"
    contracts: tuple[str, ...]
    """[K] id of the contract a row belongs to; a contract may take several rows."""
    numbers: Mapping[str, IntArray]
    """field -> [K] row in the plan's table of numbers."""
    lines: tuple[Line, ...]
    signals: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict[str, Any])
    """signal name -> [K] name of the environment's signal it feeds, None for none."""
    stops: IntArray | None = None
    """[K] party put in default by the row's "stop" signal; None where the kind gives none."""
    parts: tuple[str, ...] = ()
    """[K] what part of the contract the row is (a phase, a cohort); empty when rows are whole."""


class Pledge(NamedTuple):
    """How a facility is secured."""

    contract: str
    """id of the security agreement"""
    buyer: str
    """party that buys what is pledged"""
    assets: tuple[str, ...]
    secures: tuple[tuple[str, str], ...]
    """all facilities that it secures, each with its seniority"""


class Lowerer(Protocol):
    """What `lower` may ask of the plan: names become indices, fields become rows of the table."""

    periods: int
    """Number of periods, the opening one included."""
    periods_per_year: int

    def number(self, contract: str, field: str) -> int:
        """Row of a field of a contract; a field left out is the row of its default."""
        ...

    def number_at(self, place: str) -> int:
        """Row of any number of the plan, by its place in the file."""
        ...

    def constant(self, value: float) -> int:
        """Row that holds a constant which the plan does not write."""
        ...

    def optionals(self, contracts: Sequence[str], **defaults: float) -> dict[str, IntArray]:
        """Rows of fields that may be left out, field -> [K]; defaults in units of the table."""
        ...

    def counted(self, contracts: Sequence[str]) -> IntArray:
        """Rows of the share of merchant contracts' revenue that counts, [K].

        1, but where a loan is sized: there a lender's case may count less (DESIGN §10).
        """
        ...

    def base_rate(self, base: str | None) -> int:
        """Index of the observation of a base rate; of zero for a fixed rate."""
        ...

    def numbers(self, contracts: Sequence[str], *fields: str) -> dict[str, IntArray]:
        """Rows of several fields of several contracts, field -> [K]."""
        ...

    def party(self, name: str) -> int:
        """Index of a party."""
        ...

    def parties(self, names: Sequence[str]) -> IntArray:
        """Indices of parties, [K]."""
        ...

    def observe(self, name: str) -> int:
        """Index of a named observation; also `contract.<id>.<published value>`."""
        ...

    def series(self, contract: str, field: str) -> int:
        """Index of the observation that carries a field which may change over time."""
        ...

    def series_next(self, contract: str, field: str) -> int:
        """Index of the observation of what such a field is to be in the next period.

        Dates that the plan writes are known beforehand; of a driver it is what it is now.
        """
        ...

    def series_of(self, value: Series, place: str) -> int:
        """Index of the observation that carries any series of a plan, by its place in the file."""
        ...

    def phase_count(self, site: str) -> int:
        """Number of phases of a site."""
        ...

    def debts(self, borrower: str, publishing: str) -> tuple[tuple[str, str], ...]:
        """Contracts under which a party borrows that publish a value of that name.

        Returns:
            Id and seniority of each.
        """
        ...

    def pledge(self, facility: str) -> Pledge | None:
        """How a facility is secured; None if no contract secures it."""
        ...

    def borrower(self, facility: str, otherwise: str) -> str:
        """Party that borrows under a facility; another one where that is not known."""
        ...

    def is_site(self, asset: str) -> bool:
        """Whether something pledged is a site."""
        ...

    def is_cohort(self, asset: str) -> bool:
        """Whether something pledged is a cohort of chips."""
        ...

    def contracts_of_site(self, site: str, publishing: str, field: str = "site") -> tuple[str, ...]:
        """Ids of the contracts that name a site in a field and publish a value of that name."""
        ...

    def tax_years(self) -> tuple[IntArray, NDArray[np.float64]]:
        """Calendar year of every period, counted from the plan's first, and how far it has run.

        Returns:
            [period] year from 0; [period] share of the year that has passed at the close, of the
            plan's first year the share of what lies after the start.
        """
        ...

    def total(
        self,
        party: str,
        signs: Mapping[tuple[str, Flow], float],
        contracts: Sequence[str] = (),
    ) -> int:
        """Index of a registered total: signed sum of a party's claims in ("in") and out ("out").

        Args:
            party: whose claims.
            signs: of each class in each direction.
            contracts: whose claims count; all where there are none.
        """
        ...

    def position(self, day: date) -> float:
        """Position of a date on the axis of periods (plan start 0.0, close of period t is t)."""
        ...

    def accrual(self, convention: str) -> NDArray[np.float64]:
        """[period] accrual factors in years by day count convention; 0 for the opening period."""
        ...


class Contract(Protocol):
    """A group of contracts of one kind. A NamedTuple of arrays, hence a pytree."""

    @property
    def kind(self) -> str:
        """Name of the kind, as in the plan."""
        ...

    @property
    def stage(self) -> str:
        """Stage at which it claims: primary or derived."""
        ...

    @property
    def published(self) -> tuple[str, ...]:
        """Names of the values that others may read."""
        ...

    def init(self, n: Numbers) -> Any:
        """State at the start, a pytree of [.., K, P]."""
        ...

    def publish(self, n: Numbers, s: Any, month: Month) -> Mapping[str, Array]:
        """Values others may read from the start of the period, name -> [K, P].

        Of `month` there is what stands before anybody claims: the date, what the environment shows,
        cash, what was paid in the period before, who is in default. What others publish is zero,
        and after the last period everything but state, cash and default is that of the last.
        """
        ...

    def claim(self, n: Numbers, s: Any, month: Month) -> Amounts:
        """Amount, cap or limit of every line, name -> [K, P], USD."""
        ...

    def settle(
        self, n: Numbers, s: Any, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[Any, Mapping[str, Array]]:
        """State after the month and the signals to the environment, name -> [K, P]."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """A group that works something out of its numbers once for each path, before the months."""

    def prepare(self, n: Numbers) -> Numbers:
        """Its numbers, and what it reads beside them in every month."""
        ...


def prepared(group: Contract, n: Numbers) -> Numbers:
    """Numbers of a group as its months read them."""
    return group.prepare(n) if isinstance(group, Prepared) else n


class Environment(Protocol):
    """Everything that moves outside contracts: drivers, sites, chips, the market, credit."""

    def init(self, values: Array, once: Array) -> Any:
        """State at the start. values: [row, P] numbers of the plan; once: [stream, P] normals."""
        ...

    def observe(
        self, values: Array, state: Any, t: Array, shocks: Array, signals: Array
    ) -> tuple[Array, Array, Any]:
        """Observations [observation, P], payout share of every party [party, P], next state.

        t: [] period, an integer; shocks: [stream, P] standard normals of this period;
        signals: [signal, P] of the last.
        """
        ...
