"""Arrays of results by name, of which those kept for every path may be too many to hold at once.

A table asks for the outputs of one measure. What is in a file is read when it is asked for, and
what was read last stays at hand while it is not too large.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

FloatArray = NDArray[np.float64]
AT_HAND_BYTES = 256 * 2**20
"""Bytes of arrays by path that stay in memory after they were asked for."""


class _AtHand:
    """Arrays that were asked for, the last ones while they are not too large together."""

    def __init__(self) -> None:
        self._arrays = OrderedDict[str, FloatArray]()

    def get(self, name: str, read: Callable[[str], FloatArray]) -> FloatArray:
        """One array, read if it is not at hand."""
        if name not in self._arrays:
            self._arrays[name] = read(name)
            while len(self._arrays) > 1 and self._bytes() > AT_HAND_BYTES:
                self._arrays.popitem(last=False)
        self._arrays.move_to_end(name)
        return self._arrays[name]

    def _bytes(self) -> int:
        return sum(values.nbytes for values in self._arrays.values())


class Arrays(Mapping[str, FloatArray]):
    """Arrays of a dataset, without its labels.

    Args:
        dataset: of which no array is read before it is asked for.
    """

    def __init__(self, dataset: xr.Dataset) -> None:
        self.dataset = dataset
        self._variables = {str(name): each.variable for name, each in dataset.data_vars.items()}
        self._hand = _AtHand()
        self._means = dict[str, FloatArray]()

    def __getitem__(self, name: str) -> FloatArray:
        """One array, paths first where it is kept for every path."""
        if self.by_path(name):
            return self._hand.get(name, self._read)
        if name not in self._means:
            self._means[name] = self._read(name)
        return self._means[name]

    def _read(self, name: str) -> FloatArray:
        return np.asarray(self._variables[name].values, np.float64)

    def __iter__(self) -> Iterator[str]:
        """Names."""
        return iter(self._variables)

    def __len__(self) -> int:
        """How many arrays there are."""
        return len(self._variables)

    def by_path(self, name: str) -> bool:
        """Whether an array is kept for every path."""
        return self._variables[name].dims[:1] == ("path",)


class Without(Arrays):
    """The same arrays without some of the paths; nothing stays at hand.

    Args:
        whole: of all paths.
        stay: [path] which paths stay.
        means: of an output that is a mean over paths, that over those that stay; None where a name
            is of another array.
    """

    def __init__(
        self, whole: Arrays, stay: NDArray[np.bool_], means: Callable[[str], FloatArray | None]
    ) -> None:
        self.dataset, self._variables = whole.dataset, whole._variables
        self._whole, self._stay, self._rest = whole, stay, means

    def __getitem__(self, name: str) -> FloatArray:
        """One array, paths first where it is kept for every path."""
        if self._whole.by_path(name):
            return self._whole[name][self._stay]
        mean = self._rest(name)
        return self._whole[name] if mean is None else mean


class Outputs(Mapping[str, FloatArray]):
    """Arrays of one measure by output, for the time that a table is made.

    Args:
        arrays: of all measures.
        measure: whose outputs these are.
    """

    def __init__(self, arrays: Arrays, measure: str) -> None:
        self._arrays, start = arrays, f"{measure}_"
        self._names = {n.removeprefix(start): n for n in arrays if n.startswith(start)}
        self._hand = _AtHand()

    def __getitem__(self, output: str) -> FloatArray:
        """One output, paths first where it is kept for every path, `.._se` beside means."""
        return self._hand.get(self._names[output], self._arrays.__getitem__)

    def __iter__(self) -> Iterator[str]:
        """Names of the outputs."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many outputs there are."""
        return len(self._names)
