"""A program: everything the engine needs, as arrays, with no names in it.

Legend of shapes, used in the whole engine:

    P paths              T periods, the opening one included
    M parties            N internal parties; parties 0..N-1 are internal, N..M-1 external
    G groups             K rows of one group (contracts of one kind)
    C claims             one per line and row; groups one after another, lines within, rows last
    R ranks              dense positions in a payer's waterfall, the longest waterfall's length
    J supports           claims of form "support";  S supported pairs (support, claim it protects)
    O observations       V values published by groups;  U signals;  E entries of registered totals
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.contract import Contract, Environment, IntArray

BoolArray = NDArray[np.bool_]


class Network(NamedTuple):
    """Who can owe whom: the fixed part of clearing."""

    payer: IntArray
    """[C] party that owes."""
    payee: IntArray
    """[C] party that is owed."""
    flow: IntArray
    """[C] class of the claim."""
    slot: IntArray
    """[C] payer * R + rank for internal payers, N * R for external ones."""
    residual: BoolArray
    """[C] asks for what is left."""
    lagged: BoolArray
    """[C] residual, at the rank of one on a cycle: asks for what was left the period before."""
    plain: BoolArray
    """[C] not a residual: has to be paid in full."""
    slot_residual: BoolArray
    """[N, R] slot of residual claims, which leave the minimum cash untouched."""
    inner: IntArray
    """[I] claims between internal parties."""
    outside: IntArray
    """[X] claims of external payers on which an internal party is the payee."""
    support: IntArray
    """[J] claim of every support."""
    tier: IntArray
    """[J] order in which supports are called, from 1."""
    pair_support: IntArray
    """[S] support of the pair, index into `support`."""
    pair_claim: IntArray
    """[S] claim it protects."""
    pair_recovery: IntArray
    """[S] claim by which the supporter recovers, -1 where it has none."""
    pair_inner: IntArray
    """[pairs that can change within a clearing] supporter or creditor is internal."""
    inner_group: IntArray
    """[pairs that can change within a clearing] the same number for those of one claim."""
    key: IntArray
    """[key] slots whose payments another party's cash depends on, or what is asked of it."""
    place: IntArray
    """[N * R + 1] position of a slot in `key`, its length for the others and external payers."""
    tiers: IntArray
    """[1 + tiers present] tiers in order, after a 0 that calls nobody."""


class Totals(NamedTuple):
    """Registered totals: signed sums of claims, as entries of a sparse matrix."""

    claim: IntArray
    """[E] claim."""
    total: IntArray
    """[E] total it counts towards, ascending."""
    sign: NDArray[np.float64]
    """[E] factor."""


class Program(NamedTuple):
    """A plan lowered to arrays. A pytree: compiled code depends on its shapes only."""

    groups: tuple[Contract, ...]
    """[G] primary groups first, then derived ones."""
    numbers: tuple[dict[str, IntArray], ...]
    """[G] field -> [K] row of the table of numbers."""
    signals: tuple[dict[str, IntArray], ...]
    """[G] signal -> [K] index of the environment's signal it adds to; U for none."""
    stop_party: tuple[IntArray, ...]
    """[G] [K] party stopped by the row's "stop" signal; M for none."""
    environment: Environment
    network: Network
    totals: Totals
    select: IntArray
    """[O] which of the environment's observations and published values are offered, in order."""
    opening_cash: IntArray
    """[N] row of the table of numbers."""
    minimum_cash: IntArray
    """[N] row of the table of numbers."""
    years: NDArray[np.float64]
    """[T] length of each period in years."""
    hours: NDArray[np.float64]
    """[T] length of each period in hours."""


@dataclass(frozen=True)
class Shape:
    """Static facts about a program that array shapes alone do not tell. Hashable."""

    lines: tuple[tuple[tuple[str, str], ...], ...]
    """[G] (name, form) of every line of a group."""
    rows: tuple[int, ...]
    """[G] K."""
    derived: tuple[bool, ...]
    """[G] stage of the group."""
    parties: int
    internal: int
    ranks: int
    signals: int
    totals: int
    backed: bool
    """Whether a supporter has limited cash: what is asked of it is claimed in its waterfall."""
    overflow: int
    """Times that a tier offers what is left: supports of a tier that claims link, at most."""
