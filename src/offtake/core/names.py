"""Names of the items of a plan, and the nearest name to one that does not exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from offtake.core.errors import Mistake, quoted

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
"""A letter, then letters, digits, ``_`` or ``-``. A dot would separate the parts of a place."""

LONGEST_NAME = 64


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like ``word``, or None if none looks like it.

    Capitals, ``-`` and ``_`` are ignored before likeness is measured.

    Args:
        word: what was written.
        known: names that exist.

    Returns:
        One of ``known``, or None.
    """
    names = list(known)
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)
    exact = plain.get(_plain(word))
    if exact is not None:
        return exact
    close = difflib.get_close_matches(_plain(word)[:LONGEST_NAME], list(plain), n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")


def suggestion(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """How to mend an unknown name: the nearest, else those that exist, else ``otherwise``.

    Args:
        word: what was written.
        known: names that exist.
        otherwise: the sentence used where no name exists at all.

    Returns:
        One sentence.
    """
    names = list(known)
    close = nearest(word, names)
    if close is not None:
        return f"did you mean {close}?"
    if not names:
        return otherwise
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"use one of: {shown}"


def check_name(text: str) -> str:
    """The name itself, if it may be given to an item.

    Raises:
        Mistake: ``name-form``.
    """
    if not NAME.match(text) or len(text) > LONGEST_NAME:
        raise Mistake(
            code="name-form",
            found=quoted(text),
            expected="a name: a letter, then letters, digits, _ or -, at most 64 in all",
            mend="rename it, for example " + (proposal(text) or "my_name"),
        )
    return text


def proposal(text: str) -> str:
    """The nearest permitted name made from ``text``; empty if nothing of it can be kept."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).lstrip("0123456789_-").rstrip("_-")[:LONGEST_NAME]
