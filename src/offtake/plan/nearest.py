"""The numbers of a plan that somebody may mean who names a place that it does not have.

People of the field have more words for a thing than a plan has (a tenor is a term, a price that
declines is a trend below zero), and leave words out (`contracts.loan` where there are two loans).
So places are compared word by word: the share of the words of both that they have in common, the
last word counting twice.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

SAME = {
    "tenor": "term",
    "maturity": "term",
    "length": "term",
    "duration": "term",
    "coupon": "rate",
    "interest": "rate",
    "spread": "rate",
    "margin": "rate",
    "size": "amount",
    "principal": "amount",
    "notional": "amount",
    "ltv": "advance_rate",
    "leverage": "advance_rate",
    "gearing": "advance_rate",
    "decline": "trend",
    "drop": "trend",
    "fall": "trend",
    "growth": "trend",
    "drift": "trend",
    "vol": "volatility",
    "sigma": "volatility",
    "pd": "hazard",
    "default": "hazard",
    "lgd": "recovery",
    "capex": "price",
    "cost": "price",
    "quantity": "units",
    "count": "units",
    "number": "units",
    "date": "energise",
    "capacity": "power",
}
"""Word that people use -> word of a plan."""
FALLING = frozenset({"decline", "drop", "fall"})
"""Words whose number has the other sign in a plan."""
ALIKE = 0.7
"""Likeness from which two words are one with a slip of the pen."""
LEAST = 0.3
"""Share of words in common below which nothing is meant."""


def words_of(place: str) -> list[str]:
    """The words of a place, in order: `contracts.hy_loan.term` has contracts, hy, loan, term."""
    return [word for word in re.split(r"[^a-z0-9]+", place.casefold()) if word]


def falls(place: str) -> bool:
    """Whether a place names by how much something falls."""
    return bool(FALLING & set(words_of(place)))


def numbers_like(place: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known places that a place is most like; none if it is like none.

    Args:
        place: as said.
        known: places that exist.
        most: so many at most, of those that are equally like it first.
    """
    said = _meant(words_of(place))
    scored = sorted(((_likeness(said, words_of(k)), i, k) for i, k in enumerate(known)),
                    key=lambda each: (-each[0], each[1]))  # fmt: skip
    if not scored or scored[0][0] < LEAST:
        return []
    best = scored[0][0]
    return [name for likeness, _, name in scored[:most] if likeness > best - 0.05]


def _meant(words: list[str]) -> list[str]:
    return [part for word in words for part in words_of(SAME.get(word, word))]


def _likeness(said: list[str], known: list[str]) -> float:
    if not said or not known:
        return 0.0
    common = sum(_in(word, known) for word in said)
    last = _in(said[-1], known[-1:])
    return (common + last) / (len(said) + len(known) - common + 1.0)


def _in(word: str, words: list[str]) -> float:
    if word in words:
        return 1.0
    return float(bool(difflib.get_close_matches(word, words, n=1, cutoff=ALIKE)))
