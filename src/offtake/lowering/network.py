"""Lines of all groups to the network that the engine clears.

Shapes as in `offtake.engine.program`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from offtake.core.contract import IntArray, Line, Lowered
from offtake.core.labels import ClaimLabel
from offtake.engine.program import BoolArray, Network, Shape


def claim_labels(lowered: Sequence[Lowered]) -> list[ClaimLabel]:
    """Labels of all claims, in the order of the claim axis."""
    labels: list[ClaimLabel] = []
    for part in lowered:
        for line in part.lines:
            for k, contract in enumerate(part.contracts):
                where = part.parts[k] if part.parts else ""
                labels.append(
                    ClaimLabel(
                        contract,
                        where,
                        line.name,
                        int(line.payer[k]),
                        int(line.payee[k]),
                        int(line.flow),
                        line.form,
                        int(line.rank[k]),
                        0 if line.tier is None else int(line.tier[k]),
                    )
                )
    return labels


def _concatenate(lowered: Sequence[Lowered], field: str) -> IntArray:
    parts = [getattr(line, field) for part in lowered for line in part.lines]
    return np.concatenate([np.asarray(part, np.int64) for part in parts])


def _cyclic_edges(payer: IntArray, payee: IntArray, internal: int) -> BoolArray:
    """[C] True for a claim that lies on a cycle of claims between internal parties."""
    inside = (payer < internal) & (payee < internal)
    reach = np.eye(internal, dtype=bool)
    reach[payer[inside], payee[inside]] = True
    for middle in range(internal):
        reach |= reach[:, [middle]] & reach[[middle], :]
    result = np.zeros(len(payer), dtype=bool)
    result[inside] = reach[payee[inside], payer[inside]]
    return result


def _rank_positions(payer: IntArray, rank: IntArray, internal: int) -> tuple[IntArray, int]:
    """Dense position of every claim in its payer's waterfall, and the longest waterfall."""
    position = np.zeros(len(payer), np.int64)
    longest = 1
    for party in range(internal):
        own = payer == party
        distinct = np.unique(rank[own])
        position[own] = np.searchsorted(distinct, rank[own])
        longest = max(longest, len(distinct))
    return position, longest


def _protected(line: Line, row: int, labels: Sequence[ClaimLabel]) -> list[int]:
    names = line.protects[row]
    flows = {int(flow) for flow in line.protected_flows}
    beneficiary = int(line.payee[row])
    return [
        index
        for index, label in enumerate(labels)
        if label.payer == beneficiary
        and label.form == "claim"
        and (label.contract in names or "*" in names)
        and (not flows or label.flow in flows)
    ]


@dataclass
class _Supports:
    claim: list[int]
    tier: list[int]
    pair_support: list[int]
    pair_claim: list[int]
    pair_recovery: list[int]


def _collect_supports(lowered: Sequence[Lowered], labels: Sequence[ClaimLabel]) -> _Supports:
    found = _Supports([], [], [], [], [])
    offset = 0
    for part in lowered:
        width = len(part.contracts)
        recovery = {
            line.name.removesuffix("_recovery"): offset + i * width
            for i, line in enumerate(part.lines)
            if line.form == "recovery"
        }
        for i, line in enumerate(part.lines):
            if line.form != "support" or line.tier is None:
                continue
            for k in range(width):
                for claim in _protected(line, k, labels):
                    found.pair_support.append(len(found.claim))
                    found.pair_claim.append(claim)
                    found.pair_recovery.append(
                        recovery[line.name] + k if line.name in recovery else -1
                    )
                found.claim.append(offset + i * width + k)
                found.tier.append(int(line.tier[k]))
        offset += width * len(part.lines)
    return found


def _places(key: IntArray, count: int) -> IntArray:
    """[count] position of each slot in `key`, the length of `key` where it is not there."""
    place = np.full(count, len(key))
    place[key] = np.arange(len(key))
    return place


def _refuse_residual_first(slot: IntArray, residual: BoolArray, payer: IntArray) -> None:
    """Claims of what is left come last: clearing pays them from what all others leave."""
    for party in np.unique(payer[residual]):
        mine = payer == party
        if slot[mine & residual].min() <= slot[mine & ~residual].max(initial=-1):
            message = f"party {party} has a claim that ranks with or behind one of what is left"
            raise ValueError(message)


def build_network(lowered: Sequence[Lowered], internal: int) -> tuple[Network, int]:
    """Lines of all groups to the fixed part of clearing, and the number of ranks R.

    Args:
        lowered: groups, primary ones first.
        internal: number of internal parties N; parties below it have limited cash.
    """
    labels = claim_labels(lowered)
    payer, payee = _concatenate(lowered, "payer"), _concatenate(lowered, "payee")
    rank = _concatenate(lowered, "rank")
    flow = np.array([label.flow for label in labels], np.int64)
    form = np.array([label.form for label in labels])
    position, ranks = _rank_positions(payer, rank, internal)
    slot = np.where(payer < internal, payer * ranks + position, internal * ranks)
    residual = form == "residual"
    slot_residual = np.zeros(internal * ranks + 1, dtype=bool)
    slot_residual[slot[residual]] = True
    _refuse_residual_first(slot, residual & (payer < internal), payer)
    supports = _collect_supports(lowered, labels)
    # A support is booked as paid to the party it supports; its cash reaches the creditor.
    plain_edge = form != "support"
    inside = np.where(plain_edge, payee, internal)
    edges_from = np.concatenate([payer, payer[supports.claim][supports.pair_support]])
    edges_to = np.concatenate([inside, payee[supports.pair_claim]])
    cyclic = _cyclic_edges(edges_from.astype(np.int64), edges_to.astype(np.int64), internal)
    inner = np.flatnonzero((payer < internal) & (payee < internal) & plain_edge)
    outside = np.flatnonzero((payer >= internal) & (payee < internal) & plain_edge)
    support_claim = np.array(supports.claim, np.int64)[supports.pair_support]
    pair_claim = np.array(supports.pair_claim, np.int64)
    pair_ends = np.minimum(payer[support_claim], payee[pair_claim])
    pair_inner = np.flatnonzero(pair_ends < internal)
    linked = np.concatenate(
        [inner, pair_claim[pair_inner], support_claim[pair_inner]],
    )
    key = np.unique(slot[linked][slot[linked] < internal * ranks])
    network = Network(
        payer=payer,
        payee=payee,
        flow=flow,
        slot=slot,
        residual=residual,
        # Who shares a rank with a claim on a cycle shares its lag, or would take all of the rank.
        lagged=residual & np.isin(slot, slot[residual & cyclic[: len(payer)]]),
        plain=~residual,
        slot_residual=slot_residual[:-1].reshape(internal, ranks),
        inner=inner,
        outside=outside,
        support=np.array(supports.claim, np.int64),
        tier=np.array(supports.tier, np.int64),
        pair_support=np.array(supports.pair_support, np.int64),
        pair_claim=pair_claim,
        pair_recovery=np.array(supports.pair_recovery, np.int64),
        pair_inner=pair_inner,
        inner_group=np.unique(pair_claim[pair_inner], return_inverse=True)[1],
        key=key,
        place=_places(key, internal * ranks + 1),
        tiers=np.unique(np.array([0, *supports.tier], np.int64)),
    )
    return network, ranks


def _most_linked(network: Network) -> int:
    """Largest number of supports of one tier that claims link: each may offer after the last."""
    count = len(network.support)
    meets = np.zeros((count, len(network.payer)), dtype=bool)
    meets[network.pair_support, network.pair_claim] = True
    same_tier = network.tier[:, None] == network.tier[None, :]
    linked = (meets @ meets.T) & same_tier | np.eye(count, dtype=bool)
    for middle in range(count):
        linked |= linked[:, [middle]] & linked[[middle], :]
    return int(linked.sum(axis=1).max(initial=1))


def build_shape(
    lowered: Sequence[Lowered],
    network: Network,
    parties: int,
    internal: int,
    ranks: int,
    signals: int,
    totals: int,
) -> Shape:
    """Static facts of a program."""
    return Shape(
        lines=tuple(tuple((line.name, line.form) for line in part.lines) for part in lowered),
        rows=tuple(len(part.contracts) for part in lowered),
        derived=tuple(part.group.stage == "derived" for part in lowered),
        parties=parties,
        internal=internal,
        ranks=ranks,
        signals=signals,
        totals=totals,
        backed=bool((network.payer[network.support[network.pair_support]] < internal).any()),
        overflow=_most_linked(network),
    )


def concrete(tree: Any) -> Any:
    """The program with every leaf an array of the engine's types (int64, float64, bool)."""
    if hasattr(tree, "_fields"):
        fields = cast("tuple[Any, ...]", tree)
        return type(fields)(*(concrete(leaf) for leaf in fields))
    if isinstance(tree, tuple):
        return tuple(concrete(leaf) for leaf in cast("tuple[Any, ...]", tree))
    if isinstance(tree, dict):
        return {key: concrete(leaf) for key, leaf in cast("dict[str, Any]", tree).items()}
    if tree is None:
        return None
    leaf = np.asarray(tree)
    if leaf.dtype.kind in "iu":
        return leaf.astype(np.int64)
    return leaf.astype(np.float64) if leaf.dtype.kind == "f" else leaf
