"""A folder in which finished shards are kept, so that a run that was stopped can be carried on.

It holds `run.json`, which says of what run the shards are, and a file for every finished shard.
Both are written beside their place, flushed to the disk and moved there in one step: at any moment
a file is whole or not there. A shard carries checksums (those of the zip format, over every array);
one that does not hold to them is done again.

Shards of two runs never mix. What a shard holds is a function of the lowered plan, the measures,
the seed, the sampler, the source of offtake, the versions of the libraries that compute, and the
width and kind of device; a folder in which any of these is another is refused, and the message
names it.
"""

import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import offtake
from offtake.core.errors import WrongRequest
from offtake.core.random import Sampler
from offtake.run.columns import FloatArray, Key, remove_left_over
from offtake.run.merge import Piece
from offtake.run.shards import Shard, cut
from offtake.run.simulate import LoweredRunner
from offtake.run.traced import flat, source

FORMAT = "offtake-shards-1"
MANIFEST = "run.json"
LEFTOVER_SECONDS = 600.0
"""Age from which a file that was being written is taken to be left over."""
PARTS = ("paths", "mean", "square", "worst")


@dataclass(frozen=True)
class Identity:
    """What the numbers of a shard depend on, but for which paths it holds.

    Attributes:
        said: what it is -> its value, as it is told.
    """

    said: Mapping[str, str]

    @classmethod
    def of(cls, runner: LoweredRunner, seed: int, sampler: Sampler) -> "Identity":
        """Of a run of a lowered plan."""
        leaves, tree = flat((runner.lowered.program, runner.measures))
        numbers = hashlib.sha256()
        for leaf in leaves:
            array = np.ascontiguousarray(leaf)
            numbers.update(f"{array.shape} {array.dtype}".encode())
            numbers.update(array.tobytes())
        rows = [
            (r.place, r.value, repr(r.distribution), r.scale) for r in runner.lowered.table.rows
        ]
        structure = (str(tree), rows, runner.lowered.shape, runner.lowered.labels, runner.keeps)
        numbers.update(repr(structure).encode())
        libraries = ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib", "numpy"))
        return cls(
            {
                "plan": runner.lowered.plan.plan.name,
                "numbers and structure of the plan": numbers.hexdigest()[:16],
                "seed": str(seed),
                "sampler": sampler,
                "offtake": f"{offtake.__version__} ({source()[:16]})",
                "libraries": libraries,
                "computed on": f"{runner.devices.kind}, {runner.share} paths at once",
            }
        )

    @property
    def digest(self) -> str:
        """Eight characters that tell it from others."""
        return hashlib.sha256(repr(sorted(self.said.items())).encode()).hexdigest()[:8]


class Folder:
    """Shards of one run on disk.

    Args:
        path: the folder; made if there is none.
        identity: of the run.

    Raises:
        WrongRequest: it holds shards of another run, or is no folder of shards.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._leftovers()
        manifest = path / MANIFEST
        said = {"format": FORMAT, **identity.said}
        if manifest.exists():
            _hold_to(manifest, said)
        elif any(file.suffix != ".part" for file in path.iterdir() if file.is_file()):
            message = (
                f"folder {path}: found files and no {MANIFEST}; expected an empty or a new folder, "
                "or one of an earlier run; name another one"
            )
            raise WrongRequest(message)
        else:
            _write(manifest, (json.dumps(said, indent=1) + "\n").encode())

    @classmethod
    def shared(cls, path: Path, manifest: bytes) -> "Folder | None":
        """The folder of a run as another machine sees it; None where it sees none.

        Args:
            path: of the folder.
            manifest: content of its `run.json`.
        """
        file = path / MANIFEST
        if not file.exists() or file.read_bytes() != manifest:
            return None
        found = cls.__new__(cls)
        found.path = path
        return found

    def _leftovers(self) -> None:
        """Remove what was being written when a run was ended, not what another one is writing."""
        remove_left_over(self.path)
        for file in self.path.glob("*.part"):
            if time.time() - file.stat().st_mtime > LEFTOVER_SECONDS:
                file.unlink(missing_ok=True)

    def file(self, shard: Shard) -> Path:
        """Where a shard is kept."""
        return self.path / f"{shard.first:012d}-{shard.count}.npz"

    def missing(self, paths: int) -> list[Shard]:
        """Shards of a run of so many paths that are not there whole; broken ones are removed."""
        found = list[Shard]()
        for shard in cut(paths):
            file = self.file(shard)
            if not file.exists():
                found.append(shard)
            elif not _is_whole(file):
                file.unlink()
                found.append(shard)
        return found

    def keep(self, shard: Shard, content: bytes) -> None:
        """Keep a finished shard."""
        _write(self.file(shard), content)

    def read(self, shard: Shard) -> Piece:
        """What a shard left.

        Raises:
            OSError: the file is not there or broken.
        """
        try:
            return unpacked(shard, self.file(shard).read_bytes())
        except (zipfile.BadZipFile, ValueError, KeyError) as broken:
            message = f"{self.file(shard)} is broken ({broken}); run again: it is made anew"
            raise OSError(message) from broken


def packed(piece: Piece) -> bytes:
    """What a shard left, as the content of its file."""
    made = io.BytesIO()
    # As `numpy.savez_compressed`, but quickly: level 6 would take a tenth longer than to simulate
    # a small plan, for a tenth fewer bytes.
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as content:
        for part in PARTS:
            for key, values in getattr(piece, part).items():
                with content.open(f"{part} {key[0]} {key[1]}.npy", "w") as member:
                    np.lib.format.write_array(member, values, allow_pickle=False)
    return made.getvalue()


def unpacked(shard: Shard, content: bytes) -> Piece:
    """What a shard left, from the content of its file.

    Raises:
        BadZipFile, ValueError, KeyError: the content is broken.
    """
    found: dict[str, dict[Key, FloatArray]] = {part: {} for part in PARTS}
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for name in arrays.files:
            part, measure, output = name.split(" ")
            found[part][measure, output] = arrays[name]
    paths, mean, square, worst = (found[part] for part in PARTS)
    return Piece(shard.first, shard.count, paths, mean, square, worst)


def _is_whole(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as content:
            return content.testzip() is None
    except (zipfile.BadZipFile, EOFError, ValueError, OSError):
        return False


def _write(file: Path, content: bytes) -> None:
    """Write so that the file is there whole or not at all, whatever happens."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _hold_to(manifest: Path, said: Mapping[str, str]) -> None:
    """Refuse a folder of another run, and say what is other about it."""
    try:
        found: Any = json.loads(manifest.read_text())
        was: dict[str, Any] = dict(found)
    except (ValueError, TypeError) as broken:
        message = f"{manifest} is broken ({broken}); remove the folder or name another one"
        raise WrongRequest(message) from broken
    other = [f"{k}: {was.get(k)} there, {v} here" for k, v in said.items() if was.get(k) != v]
    if other:
        message = (
            f"folder {manifest.parent} holds another run ({'; '.join(other)}); ask for that run "
            "again, name another folder, or remove this one"
        )
        raise WrongRequest(message)
