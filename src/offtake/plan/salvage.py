"""What can be kept of an item that is not right, so that its other mistakes are found too.

A contract with a price in the wrong unit still names its parties; if one of them does not exist,
that is a second mistake, and both are told. The remains serve for checks only: no plan that is run
is ever made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from offtake.core.walk import annotation_of, options


def salvage(model: type[BaseModel], value: Mapping[str, object]) -> BaseModel:
    """The item with every field that could not be read set to None.

    Args:
        model: class of the item.
        value: as written.

    Returns:
        An object of that class which no longer keeps its promises.
    """
    kept: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if name in value:
            kept[name] = _part(annotation_of(info), value[name])
        elif not info.is_required():
            kept[name] = _part(annotation_of(info), info.get_default(call_default_factory=True))
        else:
            kept[name] = None
    return model.model_construct(_fields_set=set(value) & set(kept), **kept)


def _part(annotation: Any, value: object) -> Any:
    """As much of a value as can be read; None if nothing can."""
    try:
        return _adapter(annotation).validate_python(value)
    except ValidationError:
        pass
    for option in options(annotation):
        bare = get_args(option)[0] if get_origin(option) is Annotated else option
        arguments = [a for a in get_args(bare) if a is not Ellipsis]
        if isinstance(value, Mapping):
            entries = cast("Mapping[str, object]", value)
            if isinstance(bare, type) and issubclass(bare, BaseModel):
                return salvage(bare, entries)
            if get_origin(bare) is dict:
                parts = {key: _part(arguments[1], entry) for key, entry in entries.items()}
                return {key: part for key, part in parts.items() if part is not None}
        elif isinstance(value, list) and get_origin(bare) in (list, tuple):
            items = [_part(arguments[0], entry) for entry in cast("list[object]", value)]
            return [item for item in items if item is not None]
    return None


@lru_cache(maxsize=512)
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)
