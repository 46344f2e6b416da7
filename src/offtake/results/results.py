"""Results of a run: a labelled dataset, its facts, and its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

FORMAT = "offtake-results-1"


class Results:
    """What a run leaves behind.

    Attributes:
        dataset: every output of every measure, labelled. Outputs kept for every path have the
            dimension `path`; others come as a mean with its standard error beside it (`..._se`).
        facts: what the tables need beside the numbers (names, roles, settings); plain JSON.
    """

    def __init__(self, dataset: xr.Dataset, facts: Mapping[str, Any]) -> None:
        self.dataset = dataset
        self.facts = dict(facts)

    def __getitem__(self, name: str) -> xr.DataArray:
        """One variable of the dataset."""
        return self.dataset[name]

    def __contains__(self, name: str) -> bool:
        """Whether the dataset has a variable."""
        return name in self.dataset

    def save(self, file: str | Path) -> Path:
        """Write everything to one file (netCDF 4); it reopens without the plan.

        Returns:
            The file.
        """
        target = Path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        stored = self.dataset.assign_attrs(
            {**self.dataset.attrs, "format": FORMAT, "facts": json.dumps(self.facts)}
        )
        packed = {
            str(name): {"zlib": True, "complevel": 1, "shuffle": True}
            for name, values in stored.data_vars.items()
            if values.dtype.kind == "f" and values.ndim
        }
        stored.to_netcdf(target, engine="h5netcdf", encoding=packed)
        return target

    @classmethod
    def load(cls, file: str | Path) -> Results:
        """Reopen saved results.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file holds something else.
        """
        import xarray as xr

        source = Path(file)
        if not source.exists():
            message = f"no results at {source}; a run saves them and says where"
            raise FileNotFoundError(message)
        with xr.open_dataset(source, engine="h5netcdf") as opened:
            dataset = opened.load()
        if dataset.attrs.get("format") != FORMAT:
            message = f"{source} holds no results of offtake ({FORMAT})"
            raise ValueError(message)
        facts = json.loads(dataset.attrs.pop("facts"))
        dataset.attrs.pop("format")
        return cls(dataset, facts)
