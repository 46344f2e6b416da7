"""One result as a ratio of two means over paths: what a sensitivity is taken of.

    result = factor x mean(above) / mean(below)

Most results are means (below is 1 on every path); a loss given default is a ratio of sums, a mean
cover counts the paths on which there is one. The influence of a path on the result,

    influence = factor x (above - share x below) / mean(below),   share = mean(above) / mean(below)

has mean zero, and its mean moves as the result does: d result = mean(d influence) [1]. So every
result here is differentiated, bumped and given an error as if it were a plain mean.

References:
    1. Hampel, F. R. (1974). The influence curve and its role in robust estimation. JASA 69.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jax, jnp
from offtake.core.measure import Book, Measure, Output, Record
from offtake.measures.cohorts import Cohorts
from offtake.measures.contract_value import ContractValue, sides
from offtake.measures.facilities import Facilities
from offtake.measures.who_pays import WhoPays

FloatArray = NDArray[np.float64]
KINDS = (Facilities, WhoPays, ContractValue)
"""Measures that have the outputs of targets."""
Form = Literal["value", "known", "never", "told"]
"""The output where it is known, else 0; or 1, else 0: where it is known, infinite, either."""


class Part(NamedTuple):
    """One output of a measure, of one item."""

    output: str
    form: Form = "value"
    factor: float = 1.0


@dataclass(frozen=True)
class Target:
    """A result that a user may ask for by name."""

    name: str
    unit: str
    kind: type[Any]
    """The measure that has the outputs."""
    item: int
    above: tuple[Part, ...]
    below: tuple[Part, ...] = ()
    """Empty: 1 on every path."""
    factor: float = 1.0


def _plain(output: str) -> tuple[str, tuple[Part, ...], tuple[Part, ...], float]:
    return "USD", (Part(output),), (), 1.0


def _known(output: str) -> tuple[str, tuple[Part, ...], tuple[Part, ...], float]:
    return "1", (Part(output),), (Part(output, "known"),), 1.0


_EXPOSURE = (Part("ead_usd"),)
_RECOVERED = Part("recovered_usd", factor=-1.0)
_SUPPORTED = Part("supported_usd", factor=-1.0)

FACILITY = {
    "pd": ("1", (Part("default_period", "known"),), (), 1.0),
    "lgd": ("1", (*_EXPOSURE, _RECOVERED), _EXPOSURE, 1.0),
    "el_usd": _plain("loss_usd"),
    "el_bp_per_year": ("bp", (Part("loss_usd"),), (Part("lent_usd_years"),), 1e4),
    "ead_usd_mean": _plain("ead_usd"),
    "lgd_after_supports": ("1", (*_EXPOSURE, _RECOVERED, _SUPPORTED), _EXPOSURE, 1.0),
    "el_after_supports_usd": _plain("loss_after_supports_usd"),
    "min_dscr_mean": _known("min_dscr"),
    "llcr_mean": _known("llcr"),
    "size_usd": _plain("size_usd"),
    "drawn_usd_mean": _plain("drawn_usd"),
    "shortfall_at_maturity_usd": _plain("shortfall_usd"),
    "open_at_horizon_usd": _plain("open_usd"),
}
"""Results of a facility: unit, above, below, factor."""
PARTY = {
    f"{name}_usd": _plain(output)
    for name, output in (
        *((name, name) for name in ("fronted", "returned", "net", "loss", "shortfall")),
        *(("supports", "supports"), ("open_at_horizon", "open"), ("unreturned", "unreturned")),
    )
}
"""Results of a party."""


def targets(book: Book) -> Iterator[Target]:
    """Every result of a plan that a sensitivity can be taken of."""
    for item, facility in enumerate(book.facilities):
        for name, (unit, above, below, factor) in FACILITY.items():
            full = f"facilities.{facility.contract}.{name}"
            yield Target(full, unit, Facilities, item, above, below, factor)
    for item, party in enumerate(book.labels.parties):
        if party not in book.owners:
            for name, (unit, above, below, factor) in PARTY.items():
                yield Target(f"parties.{party}.{name}", unit, WhoPays, item, above, below, factor)
    for item, (contract, party) in enumerate(sides(book)):
        name = f"contracts.{contract}.npv_usd.{party}"
        yield Target(name, "USD", ContractValue, item, (Part("npv_usd"),))


def all_targets(book: Book) -> Iterator[Target]:
    """The same, and what is read off real moves alone: how often chips are not paid back."""
    yield from targets(book)
    # Not paid back, of the futures in which it is bought.
    never, told = (Part("payback_months", "never"),), (Part("payback_months", "told"),)
    for item, cohort in enumerate(book.cohorts):
        yield Target(f"cohorts.{cohort}.share_never", "1", Cohorts, item, never, told)


@dataclass(frozen=True)
class Pieces:
    """The measure: what stands above and below the line of a target, on every path."""

    inner: Measure
    target: Target

    name: ClassVar[str] = "target"
    wanted: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[Mapping[str, Output]] = {
        "above": Output((), "paths", "", "Above the line."),
        "below": Output((), "paths", "", "Below it."),
    }

    @classmethod
    def build(cls, book: Book) -> "Pieces":
        """A measure of every plan has this; a target has to be named instead."""
        raise NotImplementedError

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """Both pieces, [P]."""
        return _pieces(self.inner.reduce(record), self.target)


@dataclass(frozen=True)
class Several:
    """The measure: the same of several targets, [target, P]."""

    inner: tuple[Measure, ...]
    """of each kind that a target is of"""
    targets: tuple[Target, ...]

    name: ClassVar[str] = "target"
    wanted: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[Mapping[str, Output]] = {
        "above": Output(("target",), "paths", "", "Above the line."),
        "below": Output(("target",), "paths", "", "Below it."),
    }

    @classmethod
    def build(cls, book: Book) -> "Several":
        """A measure of every plan has this; targets have to be named instead."""
        raise NotImplementedError

    def reduce(self, record: Record) -> Mapping[str, Array]:
        """Both pieces of every target, [target, P]."""
        found = {type(measure): measure.reduce(record) for measure in self.inner}
        parts = [_pieces(found[target.kind], target) for target in self.targets]
        return {side: jnp.stack([part[side] for part in parts]) for side in ("above", "below")}


def _pieces(outputs: Mapping[str, Array], target: Target) -> dict[str, Array]:
    above = _sum(outputs, target, target.above)
    below = _sum(outputs, target, target.below) if target.below else above * 0.0 + 1.0
    return {"above": above, "below": below}


def _sum(outputs: Mapping[str, Array], target: Target, parts: tuple[Part, ...]) -> Array:
    terms: list[Array] = []
    for part in parts:
        value = outputs[part.output][target.item]
        terms.append(part.factor * _formed(value, part.form))
    return sum(terms[1:], terms[0])


def _formed(value: Array, form: Form) -> Array:
    """Not known is NaN or infinite: the other branch may not hand it to a derivative."""
    if form == "value":
        return jnp.where(jnp.isfinite(value), value, 0.0)
    if form == "known":
        return jnp.isfinite(value).astype(jnp.float64)
    return (jnp.isinf(value) if form == "never" else ~jnp.isnan(value)).astype(jnp.float64)


@cache
def _registered() -> None:
    jax.tree_util.register_dataclass(Pieces, data_fields=["inner"], meta_fields=["target"])
    jax.tree_util.register_dataclass(Several, data_fields=["inner"], meta_fields=["targets"])


def pieces(target: Target, book: Book) -> Pieces:
    """The measure of one target in one plan."""
    _registered()
    return Pieces(target.kind.build(book), target)


def several(found: tuple[Target, ...], book: Book) -> Several:
    """The measure of several targets in one plan."""
    _registered()
    kinds = dict.fromkeys(target.kind for target in found)
    return Several(tuple(kind.build(book) for kind in kinds), found)


class Observed(NamedTuple):
    """A result over many paths."""

    value: float
    error: float
    """Standard error; NaN below two paths."""
    slopes: tuple[float, float]
    """d influence / d above, d influence / d below: the same on every path."""
    influence: FloatArray
    """[P]"""


def observed(target: Target, above: FloatArray, below: FloatArray) -> Observed:
    """The result and the influence of every path on it.

    Args:
        target: whose pieces these are.
        above: [P].
        below: [P].

    Raises:
        ArithmeticError: nothing stands below the line, as with a loss given default without one.
    """
    count, base = above.shape[0], float(np.mean(below))
    if base == 0.0:
        message = (
            f"{target.name} is not known: on none of {count:,} futures is there anything to take "
            "it of; run more futures, or a scenario that is worse"
        )
        raise ArithmeticError(message)
    share = float(np.mean(above)) / base
    slopes = target.factor / base, -target.factor * share / base
    influence = slopes[0] * above + slopes[1] * below
    error = float(np.std(influence, ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    return Observed(target.factor * share, error, slopes, influence)
