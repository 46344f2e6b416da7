"""Rental prices brought to one basis: a one-year contract.

An hour of the same chip is sold on demand, by contract of a year or more, or stands in an index;
one history of them mixes what was bought with when it was bought. A price p on another basis is
taken to that of a one-year contract by its conversion f:

    value = p · f,   low = p_low · f_low,   high = p_high · f_high

so the band holds whatever the price's and the conversion's own bands allow together. A price that
was on the basis already keeps its own; where it is one figure, both ends are that figure.
Conversions are numbers of `data/prices.yaml` (`rental_conversions`), each with its sources and
reason. Contracts of three years are not converted: no source was found that sets them beside
contracts of one year.
"""

from __future__ import annotations

from dataclasses import replace

from offtake.catalogue.items import Basis, CatalogueError, Number, UnknownNameError, fold
from offtake.catalogue.reader import prices, rental_conversions

ON: Basis = "one_year_contract"
ENDING = "_rental"


def rental_history(chip: str = "H100") -> tuple[Number, ...]:
    """Rental prices of a chip as of a one-year contract, USD/GPU/h, oldest first, with bands.

    Args:
        chip: name of the chip, as people write it.

    Raises:
        UnknownNameError: there are no rental prices of that chip.
    """
    known = {
        name.removesuffix(ENDING).upper(): history
        for name, history in prices().items()
        if name.endswith(ENDING)
    }
    found = [history for name, history in known.items() if fold(name) == fold(chip)]
    if not found:
        kind = "rental history of the chip"
        raise UnknownNameError(kind, chip, known)
    return tuple(map(_converted, found[0]))


def _converted(price: Number) -> Number:
    """One price as of a one-year contract."""
    low = price.value if price.low is None else price.low
    high = price.value if price.high is None else price.high
    if price.basis == ON:
        return replace(price, low=low, high=high)
    conversion = rental_conversions().get(price.basis or "")
    if conversion is None or conversion.low is None or conversion.high is None:
        message = f"catalogue: rental price of {price.date}: no conversion of {price.basis!r}"
        raise CatalogueError(message)
    how = f"{price.basis} × {conversion.value:.2f} ({conversion.low:.2f} to {conversion.high:.2f})"
    return Number(
        value=price.value * conversion.value,
        unit=price.unit,
        source=f"{price.source}; converted by {conversion.source}",
        date=price.date,
        confidence="assumption" if conversion.confidence == "assumption" else "derived",
        note="; ".join(filter(None, (how, price.note))),
        low=low * conversion.low,
        high=high * conversion.high,
        basis=ON,
    )
