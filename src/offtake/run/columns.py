"""What is kept for every path, output by output: in memory while it is small, else in files.

A table reads the outputs of one measure, not those of all. So beyond `HELD_BYTES` every output
goes to a file of its own (8 bytes a number, paths first), and comes back whole when it is asked
for. Nothing is rounded or binned: quantiles are those of all paths.
"""

import os
import shutil
import socket
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Key = tuple[str, str]
"""(measure, output)"""
HELD_BYTES = 256 * 2**20
"""Bytes that are held in memory before they are written to files."""


class Columns:
    """Outputs that are kept for every path; more paths can be added.

    Args:
        folder: in which files are made, in a folder of their own that goes with the object; that
            of the system for temporary files if None.
        most: bytes that are held in memory; `HELD_BYTES` if None.
    """

    def __init__(self, folder: Path | None = None, most: int | None = None) -> None:
        self._parent, self._most = folder, HELD_BYTES if most is None else most
        self._folder: Path | None = None
        self._held = dict[Key, list[FloatArray]]()
        self._bytes = 0
        self._shape = dict[Key, tuple[int, ...]]()
        self._paths = dict[Key, int]()

    @property
    def in_files(self) -> bool:
        """Whether anything is in files."""
        return self._folder is not None

    def add(self, pieces: Mapping[Key, FloatArray]) -> None:
        """Take in the next paths: output -> [path, ..]."""
        for key, values in pieces.items():
            self._held.setdefault(key, []).append(values)
            self._shape[key] = values.shape[1:]
            self._paths[key] = self._paths.get(key, 0) + values.shape[0]
            self._bytes += values.nbytes
        if self._bytes > self._most:
            self._write()

    def whole(self, key: Key) -> FloatArray:
        """[path, ..] all paths of an output."""
        held = self._held.get(key, [])
        if not self.in_files:
            if len(held) > 1:  # joined once: what is asked for twice is not held twice
                self._held[key] = held = [np.concatenate(held)]
            return held[0]
        return self.first(key, self._paths[key])

    def first(self, key: Key, paths: int) -> FloatArray:
        """[path, ..] the first paths of an output; all of them where there are fewer."""
        if not self.in_files:
            return self.whole(key)[:paths]
        self._write()
        found = np.empty((min(paths, self._paths[key]), *self._shape[key]))
        flat: Any = found.reshape(-1)
        view, filled = memoryview(flat).cast("B") if found.size else memoryview(b""), 0
        with self._file(key).open("rb", buffering=0) as file:
            while filled < view.nbytes:
                filled += _some(file.readinto(view[filled:]), self._file(key))
        return found

    def shape(self, key: Key) -> tuple[int, ...]:
        """Paths, and the other axes, of an output."""
        return (self._paths[key], *self._shape[key])

    def _file(self, key: Key) -> Path:
        assert self._folder is not None
        return self._folder / f"{key[0]}.{key[1]}.f64"

    def _write(self) -> None:
        """Write what is held to the ends of the files."""
        if self._folder is None:
            made = tempfile.mkdtemp(prefix=f"columns-{_here()}-{os.getpid()}-", dir=self._parent)
            self._folder = Path(made)
            weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        for key, parts in self._held.items():
            with self._file(key).open("ab") as file:
                for values in parts:
                    file.write(np.ascontiguousarray(values).data)
        self._held.clear()
        self._bytes = 0


def _some(read: int | None, file: Path) -> int:
    """Bytes that were read; a file that ends too early is told."""
    if not read:
        message = f"{file} ends before its last path"
        raise OSError(message)
    return read


def remove_left_over(folder: Path) -> None:
    """Remove files of processes of this machine that were killed."""
    for made in folder.glob(f"columns-{_here()}-*"):
        process = made.name.split("-")[-2]
        if process.isdigit() and not _runs(int(process)):
            shutil.rmtree(made, ignore_errors=True)


def _here() -> str:
    """Name of this machine without dashes."""
    return socket.gethostname().replace("-", "_")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
