"""A file that fits into memory is read as xarray reads it, whichever way it is opened."""

from pathlib import Path

import numpy as np
import xarray as xr

from offtake.results.stored import opened


def kept(folder: Path) -> Path:
    """What results have: texts, moments, truths, whole numbers, scalars, unlabelled dimensions."""
    values = np.arange(6.0).reshape(3, 2)
    values[1, 1] = np.nan
    made = xr.Dataset(
        {
            "paid": (("path", "claim"), values, {"unit": "USD"}),
            "seen": (("path", "size"), np.arange(6).reshape(3, 2)),
            "late": ("claim", np.array([True, False])),
            "total": 1.5,
            "none": (("claim", "nobody"), np.zeros((2, 0))),
        },
        coords={
            "claim": ["loan: interest", "Zürich"],
            "period": np.array(["2026-01-31", "2026-02-28"], "datetime64[ns]"),
        },
        attrs={"plan": "Small", "format": "x"},
    )
    file = folder / "run.nc"
    made.to_netcdf(file, engine="h5netcdf")
    return file


def test_both_ways_give_the_same(tmp_path):
    file = kept(tmp_path)
    at_once = opened(file, 2**20)
    with opened(file, 0) as stays:
        assert at_once.identical(stays.load())
        for name in stays.variables:
            assert at_once[name].dtype == stays[name].dtype, name
    assert at_once.paid.attrs == {"unit": "USD"}
