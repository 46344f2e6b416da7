"""Traced blocks kept on disk, so that a plan run again is not traced again.

Tracing a plan takes seconds of Python, and the compiled program of the cache is found only by what
tracing yields. What it yields depends on the source of offtake, the versions below it and the
structure of the plan, never on its numbers; so it is kept as an exported function under a name made
of just these. A file that cannot be read is traced and written again.
"""

import hashlib
import os
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import offtake
from offtake.core.arrays import jax
from offtake.engine.simulate import Block, Draws
from offtake.engine.step import Entry


@cache
def source() -> str:
    """Digest of every file of the package."""
    digest = hashlib.sha256()
    root = Path(offtake.__file__).parent
    for file in sorted(root.rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def flat(given: Any) -> tuple[list[Any], Any]:
    """Leaves and structure of arguments."""
    return jax.tree.flatten(given)  # pyright: ignore


def name_of(given: Any, static: object) -> str:
    """Name of the block for arguments of this structure: their tree, shapes and types."""
    leaves, tree = flat(given)
    shapes = [(leaf.shape, str(leaf.dtype)) for leaf in leaves]
    versions = [version(name) for name in ("jax", "jaxlib", "numpy")]
    said = repr((static, str(tree), shapes, versions, source(), jax.default_backend()))
    return hashlib.sha256(said.encode()).hexdigest()


def _read(file: Path) -> Any:
    """The exported function in a file, None if there is none that can be read."""
    try:
        return jax.export.deserialize(bytearray(file.read_bytes()))
    except FileNotFoundError:
        return None
    except Exception:  # whatever a broken file makes the reader say
        file.unlink(missing_ok=True)
        return None


def _write(file: Path, content: bytes) -> None:
    """Write so that another process sees the whole file or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    Path(part).replace(file)


def kept(run: Block, given: tuple[Any, Any, Draws], static: object, folder: Path) -> Block:
    """The same block, read from `folder` if it was traced before, else traced and kept there.

    Args:
        run: pure function of its arguments and of `static`.
        given: arguments of the shapes it will be called with.
        static: what the trace depends on besides the source and the structure of `given`.
        folder: where traced blocks are kept.
    """
    file = folder / f"{name_of(given, static)}.traced"
    exported = _read(file)
    if exported is None:
        leaves, tree = flat(given)

        def of_leaves(*leaves: Any) -> Any:
            reduced, months = run(*jax.tree.unflatten(tree, leaves))
            return reduced, tuple(months)

        exported = jax.export.export(jax.jit(of_leaves))(*leaves)
        _write(file, bytes(exported.serialize()))

    def again(program: Any, measures: Any, draws: Draws) -> tuple[Any, Entry]:
        reduced, months = exported.call(*jax.tree.leaves((program, measures, draws)))
        return reduced, Entry(*months)

    return again
