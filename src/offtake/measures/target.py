"""One result over paths and the influence of every path on it: what a sensitivity is taken of.

Two numbers of every path, above and below, make a result:

    ratio      factor x mean(above) / mean(below)
    quantile   of above, of the paths on which below is 1
    worst      mean of above over the paths with the largest below, a share of all

Most results are means, ratios whose below is 1 on every path; a loss given default is a ratio of
sums, a mean cover counts the paths on which there is one. The influence of a path on the result
has mean zero, and its mean moves as the result does: d result = mean(d influence) [1]. So every
result here is differentiated, bumped and given an error as if it were a plain mean. With constants
that all paths share (of a ratio by `observed`, of the others by `offtake.run.influence`):

    ratio      factor x (above - share x below) / mean(below),   share = mean(above) / mean(below)
    quantile   below x (level - S((at - above) / width)) / density                              [2]
    worst      (above - there) x S((below - at) / width) / level - rest                         [3]

S(x) = 1 / (1 + exp(-x)) stands for a step from 0 to 1, whose derivative would be zero where there
is one: what is estimated is the derivative at `at`, smoothed over some widths.

References:
    1. Hampel, F. R. (1974). The influence curve and its role in robust estimation. JASA 69.
    2. Liu, G., Hong, L. J. (2009). Kernel estimation of quantile sensitivities. Naval Research
       Logistics 56.
    3. Hong, L. J., Liu, G. (2009). Simulating sensitivities of conditional value at risk.
       Management Science 55.
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
Over = Literal["ratio", "quantile", "worst"]
"""How paths make a result."""
Constants = tuple[float, ...]
"""Of an influence: d influence / d above, d below; level, at, width, density; level, at, width,
there, rest."""


class Part(NamedTuple):
    """One output of a measure, of one item or of all together."""

    output: str
    form: Form = "value"
    factor: float = 1.0
    every: bool = False


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
    over: Over = "ratio"
    level: float = 0.0
    """Share of paths below a quantile, or among the worst."""


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
QUANTILES = {
    "min_dscr_p50": ("min_dscr", 0.5),
    "min_dscr_p5": ("min_dscr", 0.05),
    "llcr_p50": ("llcr", 0.5),
}
"""Of a facility: output and level."""
WORST = 0.05
"""Share of paths, those on which all parties together lose most, that are meant by the worst."""


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


def spread_targets(book: Book) -> Iterator[Target]:
    """Quantiles and means over the worst 5 %: the same paths for all parties."""
    for item, facility in enumerate(book.facilities):
        for name, (output, level) in QUANTILES.items():
            full, parts = f"facilities.{facility.contract}.{name}", (Part(output),)
            known = (Part(output, "known"),)
            yield Target(full, "1", Facilities, item, parts, known, over="quantile", level=level)
    lost = (Part("loss", every=True),)
    for item, party in enumerate(book.labels.parties):
        for name in ("net", "loss") if party not in book.owners else ():
            full, parts = f"parties.{party}.{name}_usd_worst5", (Part(name),)
            yield Target(full, "USD", WhoPays, item, parts, lost, over="worst", level=WORST)


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
        output = outputs[part.output]
        value = jnp.sum(output, axis=0) if part.every else output[target.item]
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


def influence(target: Target, constants: Array, above: Array, below: Array) -> Array:
    """Influence of paths on the result, [P].

    Args:
        target: says how paths make the result.
        constants: [k], see `Constants`.
        above: [P].
        below: [P].
    """
    if target.over == "ratio":
        return constants[0] * above + constants[1] * below
    if target.over == "quantile":
        level, at, width, density = (constants[i] for i in range(4))
        return below * (level - jax.nn.sigmoid((at - above) / width)) / density
    level, at, width, there, rest = (constants[i] for i in range(5))
    return (above - there) * jax.nn.sigmoid((below - at) / width) / level - rest


class Observed(NamedTuple):
    """A result over many paths."""

    value: float
    error: float
    """Standard error; NaN below two paths."""
    constants: Constants
    """Of the influence; of a ratio its slopes, the same on every path."""
    influence: FloatArray
    """[P]"""
    alike: int = 0
    """Paths that have the very value at which a quantile stands, or the loss with which the worst
    begin: where they are many, it jumps rather than moves."""


def observed(target: Target, above: FloatArray, below: FloatArray) -> Observed:
    """A ratio and the influence of every path on it.

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
    found = slopes[0] * above + slopes[1] * below
    return Observed(target.factor * share, error_of(found), slopes, found)


def error_of(found: FloatArray) -> float:
    """Standard error of a result by the influence of every path on it, [P]; NaN below two."""
    count = found.shape[0]
    return float(np.std(found, ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
