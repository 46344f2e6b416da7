"""The file of a run (netCDF 4) as a dataset: at once where it fits into memory, else bit by bit.

A file that fits is read by h5py, array by array, and decoded by xarray: opening the two hundred
arrays of a run one by one, as xarray does for those that are to stay in the file, looks every
dimension of each up again and takes three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

OF_THE_FORMAT = frozenset(
    {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates"}
    | {"_NCProperties", "_nc3_strict"}
)
"""Attributes by which netCDF 4 keeps its dimensions in HDF5 (NetCDF-4 format specification)."""
NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"


def opened(file: Path, most_bytes: int) -> xr.Dataset:
    """A dataset; one larger than so many bytes stays in its file until arrays are asked for.

    Raises:
        OSError: the file cannot be read, or is no HDF5.
    """
    import h5py  # pyright: ignore[reportMissingTypeStubs]
    import xarray as xr  # half a second, paid only where a file is opened

    with h5py.File(file, "r") as held:
        arrays: dict[str, Any] = dict(held.items())  # runs have no groups
        if sum(array.nbytes for array in arrays.values()) <= most_bytes:
            variables = {
                name: (_dimensions(held, name, array), _values(array), _own(array.attrs))
                for name, array in arrays.items()
                if not _text(array.attrs.get("NAME", "")).startswith(NO_VARIABLE)
            }
            return xr.decode_cf(xr.Dataset(variables, attrs=_own(held.attrs)))
    return xr.open_dataset(file, engine="h5netcdf", cache=False)


def _dimensions(held: Any, name: str, array: Any) -> list[str]:
    """Names of an array's dimensions: of the scales that are tied to them, or its own."""
    scales = array.attrs.get("DIMENSION_LIST")
    if scales is not None:
        return [held[scale[0]].name.removeprefix("/") for scale in scales]
    return [name] if "CLASS" in array.attrs else []


def _values(array: Any) -> Any:
    text = array.dtype.kind == "O"
    return np.asarray(array.asstr()[()], str) if text else array[()]


def _own(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of an array, apart from what the format says."""
    return {name: said for name, said in attributes.items() if name not in OF_THE_FORMAT}


def _text(said: str | bytes) -> str:
    return said.decode() if isinstance(said, bytes) else str(said)
