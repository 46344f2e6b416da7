"""Figures of every future, by the name of their mean."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.errors import UnknownFigure
from offtake.core.measure import Book, Measure
from offtake.lowering.lower import LoweredPlan
from offtake.measures.facilities import Facilities
from offtake.measures.who_pays import WhoPays
from offtake.results.named import meant, why_no_mean
from offtake.run.simulate import Asked

FloatArray = NDArray[np.float64]
COLUMNS = ("fronted", "returned", "net", "loss", "shortfall", "supports", "unreturned")


def future_measures() -> Asked:
    """Measures that `by_future` reads."""
    kinds: tuple[Any, ...] = (WhoPays, Facilities)

    def build(lowered: LoweredPlan, book: Book) -> tuple[Measure, ...]:
        del lowered
        return tuple(kind.build(book) for kind in kinds)

    return Asked(sorted({pattern for kind in kinds for pattern in kind.wanted}), build)


def by_future(book: Book, reduced: Any) -> dict[str, FloatArray]:
    """Figures of every future by the name of their mean, each [P].

    Args:
        reduced: outputs of `WhoPays` and `Facilities`, paths first.
    """
    found = dict[str, FloatArray]()
    pays, facilities = reduced[WhoPays.name], reduced[Facilities.name]
    for m, party in enumerate(book.labels.parties):
        if party not in book.owners:
            for column in COLUMNS:
                found[f"who_pays.{party}.{column}_usd"] = np.asarray(pays[column])[:, m]
    for f, facility in enumerate(book.facilities):
        above = f"facilities.{facility.contract}"
        found[f"{above}.el_usd"] = np.asarray(facilities["loss_usd"])[:, f]
        defaulted = np.isfinite(np.asarray(facilities["default_period"])[:, f])
        found[f"{above}.pd"] = defaulted.astype(np.float64)
    return found


def names_by_future(book: Book) -> list[str]:
    """Names of all of them."""
    every = np.zeros((1, max(len(book.labels.parties), len(book.facilities))))
    empty = {WhoPays.name: dict.fromkeys(COLUMNS, every)}
    some = {"loss_usd": every, "default_period": every}
    return list(by_future(book, {**empty, Facilities.name: some}))


def named_by_future(of: str, book: Book) -> str:
    """The full name of a figure of every future.

    Raises:
        UnknownFigure: there is none of that name; the message names the nearest, or says why a
            figure of a run has no value in a single future.
    """
    known = names_by_future(book)
    try:
        return meant(of, known)
    except UnknownFigure as unknown:
        why = why_no_mean(of)
        if why is None:
            raise
        message = (
            f"{of!r} is {why}: it has no value in a single future, so that no share of a variance "
            "is its own; ask for pd or el_usd of the facility, or for what a party pays or loses "
            "(net_usd, loss_usd)"
        )
        raise UnknownFigure(message) from unknown
