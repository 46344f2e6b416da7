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
AT_HAND_BYTES = 512 * 2**20
"""Bytes of arrays by path that stay in memory after they were asked for."""


class Arrays(Mapping[str, FloatArray]):
    """Arrays of a dataset, without its labels.

    Args:
        dataset: of which no array is read before it is asked for.
        most: bytes of arrays by path that stay at hand; `AT_HAND_BYTES` if None.
    """

    def __init__(self, dataset: xr.Dataset, most: int | None = None) -> None:
        self.dataset = dataset
        self._variables = {str(name): each.variable for name, each in dataset.data_vars.items()}
        self._most = AT_HAND_BYTES if most is None else most
        self._hand = OrderedDict[str, FloatArray]()
        self._always = dict[str, FloatArray]()

    def __getitem__(self, name: str) -> FloatArray:
        """One array, paths first where it is kept for every path."""
        if name in self._always:
            return self._always[name]
        if name not in self._hand:
            values = np.asarray(self._variables[name].values, np.float64)
            if not self.by_path(name):
                self._always[name] = values
                return values
            self._hand[name] = values
            self._let_go()
        self._hand.move_to_end(name)
        return self._hand[name]

    def _let_go(self) -> None:
        """Of what was asked for, all but the last ones."""
        while len(self._hand) > 1 and sum(v.nbytes for v in self._hand.values()) > self._most:
            self._hand.popitem(last=False)

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
    """The same arrays without some of the paths.

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
        self._whole, self._stay, self._means = whole, stay, means

    def __getitem__(self, name: str) -> FloatArray:
        """One array, paths first where it is kept for every path."""
        if self._whole.by_path(name):
            return self._whole[name][self._stay]
        mean = self._means(name)
        return self._whole[name] if mean is None else mean


class Outputs(Mapping[str, FloatArray]):
    """Arrays of one measure by output, each taken once.

    Args:
        arrays: of all measures.
        measure: whose outputs these are.
    """

    def __init__(self, arrays: Mapping[str, FloatArray], measure: str) -> None:
        self._arrays, start = arrays, f"{measure}_"
        self._names = {n.removeprefix(start): n for n in arrays if n.startswith(start)}
        self._taken = dict[str, FloatArray]()

    def __getitem__(self, output: str) -> FloatArray:
        """One output, paths first where it is kept for every path, `.._se` beside means."""
        if output not in self._taken:
            self._taken[output] = self._arrays[self._names[output]]
        return self._taken[output]

    def __iter__(self) -> Iterator[str]:
        """Names of the outputs."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many outputs there are."""
        return len(self._names)
