"""Walks over the terms a user wrote: numbers with their places, references, fields with units."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from offtake.core.fieldtypes import DayField, FloatingField, Ref, Unit, WhenField
from offtake.core.quantity import FloatingRate, Quantity, When
from offtake.core.series import Series


def join(place: str, key: str | int) -> str:
    """Place of an entry: ``join("sites", "hall")`` is ``sites.hall``; 2 gives ``sites[2]``."""
    if isinstance(key, int):
        return f"{place}[{key}]"
    return f"{place}.{key}" if place else key


def numbers(value: object, place: str = "") -> Iterator[tuple[str, Quantity | When]]:
    """Every number and date under a model, in the order in which its fields are declared.

    Args:
        value: a model, or anything a model holds.
        place: where it stands, such as ``contracts.loan``.

    A class of terms whose fields stand elsewhere in the file says so in its class variable
    ``places``: field -> place.

    Yields:
        (place, number): ``contracts.loan.margin``, ``sites.abilene.phases[2].energise``; an entry
        of a dated map as ``drivers.revenue.2027``. The margin of a floating rate stands at the
        place of the rate.
    """
    if isinstance(value, (Quantity, When)):
        yield place, value
    elif isinstance(value, FloatingRate):
        yield place, value.margin
    elif isinstance(value, Series):
        yield from _series_numbers(value, place)
    elif isinstance(value, BaseModel):
        elsewhere: Mapping[str, str] = getattr(type(value), "places", {})
        for name in type(value).model_fields:
            key = elsewhere.get(name, name)
            yield from numbers(getattr(value, name), join(place, key))
    elif isinstance(value, Mapping):
        for key, entry in cast("Mapping[object, object]", value).items():
            yield from numbers(entry, join(place, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, entry in enumerate(cast("Sequence[object]", value)):
            yield from numbers(entry, join(place, index))


def _series_numbers(series: Series, place: str) -> Iterator[tuple[str, Quantity | When]]:
    if not series.labels:
        for _, number in series.knots:
            yield place, number
        return
    for label, (_, number) in zip(series.labels, series.knots, strict=True):
        yield join(place, label), number


def references(model: BaseModel, place: str = "") -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Every name of another item under a model.

    Args:
        model: terms as read.
        place: where they stand.

    Yields:
        (place, sections in which the name may stand, name). A series given by a driver, and the
        base of a floating rate, count as names in ``drivers``.
    """
    for at, annotation, value in leaves(model, place):
        if isinstance(value, Series):
            if value.driver is not None:
                yield at, ("drivers",), value.driver
        elif isinstance(value, FloatingRate):
            if value.base is not None:
                yield at, ("drivers",), value.base
        elif isinstance(value, str):
            sections = _sections(annotation)
            if sections:
                yield at, sections, value


def driver_fields(model: BaseModel, place: str = "") -> Iterator[tuple[str, Unit, str]]:
    """Every field whose number comes from a driver: (place, unit of the field, driver)."""
    for at, annotation, value in leaves(model, place):
        field = _number_field(annotation)
        if field is None:
            continue
        if isinstance(value, Series) and value.driver is not None:
            yield at, field, value.driver
        elif isinstance(value, FloatingRate) and value.base is not None:
            yield at, field, value.base


def leaves(model: BaseModel, place: str = "") -> Iterator[tuple[str, Any, object]]:
    """Every value under a model that is not itself a mapping, a list or a model.

    Keys of mappings count as values too, at the place of their entry.

    Yields:
        (place, annotation, value).
    """
    for name, info in type(model).model_fields.items():
        yield from _leaves(annotation_of(info), getattr(model, name), join(place, name))


def annotation_of(info: FieldInfo) -> Any:
    """The annotation of a field as it was written, its metadata included."""
    annotation: Any = info.annotation
    for extra in info.metadata:
        annotation = Annotated[annotation, extra]
    return annotation


def _leaves(annotation: Any, value: object, place: str) -> Iterator[tuple[str, Any, object]]:
    if isinstance(value, BaseModel):
        yield from leaves(value, place)
    elif isinstance(value, Mapping):
        keys, entries = _arguments(annotation, (dict, Mapping), 2)
        for key, entry in cast("Mapping[object, object]", value).items():
            yield join(place, str(key)), keys, key
            yield from _leaves(entries, entry, join(place, str(key)))
    elif isinstance(value, (list, tuple)):
        (items,) = _arguments(annotation, (list, tuple, Sequence), 1)
        for index, entry in enumerate(cast("Sequence[object]", value)):
            yield from _leaves(items, entry, join(place, index))
    else:
        yield place, annotation, value


def options(annotation: Any) -> list[Any]:
    """The members of a union, without None; the annotation itself otherwise."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        if get_origin(inner) in (Union, types.UnionType):
            return options(inner)
        del extras
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [o for a in get_args(annotation) if a is not type(None) for o in options(a)]
    return [annotation]


def _sections(annotation: Any) -> tuple[str, ...]:
    found: list[str] = []
    for option in options(annotation):
        for extra in getattr(option, "__metadata__", ()):
            if isinstance(extra, Ref):
                found += extra.sections
    return tuple(found)


def _arguments(annotation: Any, origins: tuple[Any, ...], count: int) -> list[Any]:
    for option in options(annotation):
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        if get_origin(bare) in origins:
            given = [a for a in get_args(bare) if a is not Ellipsis]
            return (given * count)[:count] if len(given) < count else given[:count]
    return [object] * count


@dataclass(frozen=True)
class FieldRow:
    """One field of some terms, for listings, documentation and forms.

    Attributes:
        name: key in the plan file.
        form: what may be written, in words.
        unit: canonical unit; None where the field is not a number.
        required: whether it must be written.
        default: as it would be written; None if required or absent by default.
        doc: the attribute docstring.
        example: an accepted spelling; empty where there is none to give.
    """

    name: str
    form: str
    unit: str | None
    required: bool
    default: str | None
    doc: str
    example: str


def fields(model: type[BaseModel]) -> list[FieldRow]:
    """The fields of some terms, in order.

    Args:
        model: class of terms.

    Returns:
        One row per field.
    """
    return [_row(name, info) for name, info in model.model_fields.items()]


def _row(name: str, info: FieldInfo) -> FieldRow:
    annotation = annotation_of(info)
    found = _number_field(annotation)
    default = None if info.is_required() or info.default is None else _shown(info.get_default())
    return FieldRow(
        name=name,
        form=words(annotation),
        unit=None if found is None else (found.canonical or "any"),
        required=info.is_required(),
        default=default,
        doc=" ".join((info.description or "").split()),
        example="" if found is None else found.example,
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value or value == 0 else "none"


def _number_field(annotation: Any) -> Unit | None:
    for option in options(annotation):
        for extra in getattr(option, "__metadata__", ()):
            if isinstance(extra, Unit):
                return extra
            if isinstance(extra, (WhenField, DayField)):
                return Unit("date", "a date", "2026-07")
            if isinstance(extra, FloatingField):
                return Unit("1/year", "an interest rate", "SOFR + 250 bp", also=("1",))
    return None


def words(annotation: Any) -> str:
    """What may be written in a field, in words."""
    return " or ".join(dict.fromkeys(_words(option) for option in options(annotation)))


def _words(option: Any) -> str:
    bare = get_args(option)[0] if get_origin(option) is Annotated else option
    for extra in getattr(option, "__metadata__", ()):
        if isinstance(extra, Ref):
            return "name from " + " or ".join(extra.sections)
    number = _number_field(option)
    if number is not None:
        over_time = " over time" if bare is Series else ""
        return number.noun + over_time + (" or sized" if number.sized else "")
    origin = get_origin(bare)
    if origin is Literal:
        choices = [str(choice) for choice in get_args(bare)]
        return choices[0] if len(choices) == 1 else "one of " + ", ".join(choices)
    if origin in (list, tuple):
        return "list of: " + words(get_args(bare)[0])
    if origin is dict:
        key, entry = get_args(bare)
        return f"mapping of {words(key)} to {words(entry)}"
    return _PLAIN.get(bare, getattr(bare, "__name__", str(bare)))


_PLAIN: dict[Any, str] = {
    str: "text", int: "whole number", bool: "true or false", float: "number",
    typing.Any: "anything", object: "anything",
}  # fmt: skip
