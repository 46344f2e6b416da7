"""Small networks for tests of clearing: claims as rows, no contracts behind them.

All networks are filled up to the same sizes with claims of nothing, so that the clearing is
compiled once for all tests.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax, jnp
from offtake.core.contract import IntArray, Line, Lowered
from offtake.core.flows import Flow
from offtake.engine.clear import Cleared, clear
from offtake.engine.program import Network, Shape
from offtake.lowering.network import build_network

INTERNAL, PARTIES = 4, 10
CLAIMS, RANKS, INNER, OUTSIDE = 32, 6, 16, 9
SUPPORTS, PAIRS = 5, 10
PATHS = 12
SHAPE = Shape((), (), (), PARTIES, INTERNAL, RANKS, 0, 0, True, SUPPORTS)
TIERS = np.arange(4)


class Silent:
    """A group that only lends its name to lines."""

    kind = "silent"
    stage = "primary"
    published = ()


@cache
def compiled() -> Any:
    """The clearing of a network of these sizes."""
    return jax.jit(clear, static_argnums=1)


@dataclass
class Claims:
    """A network under construction; parties are numbers, internal ones first."""

    internal: int
    parties: int
    cash: list[float]
    minimum: list[float] | None = None
    lines: list[Line] = field(default_factory=list)
    amounts: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def owe(
        self, payer: int, payee: int, amount: float, rank: int = 100, form: str = "claim"
    ) -> str:
        """A claim; returns its name."""
        name = f"c{len(self.names)}"
        self._add(name, self._line(name, Flow.SALE, payer, payee, rank, form), amount)
        return name

    def support(
        self,
        by: int,
        of: int,
        claims: tuple[str, ...],
        limit: float,
        tier: int = 1,
        weight: float = 1.0,
        recovery_rank: int | None = None,
        rank: int = 100,
    ) -> str:
        """A support of claims on a party; returns its name."""
        name = f"c{len(self.names)}"
        more = {"tier": np.array([tier]), "protects": (claims,)}
        self._add(name, self._line(name, Flow.SUPPORT, by, of, rank, "support", **more), 0.0)
        self.limits.append(limit)
        self.weights.append(weight)
        if recovery_rank is not None:
            back = f"{name}_recovery"
            line = self._line(back, Flow.SUPPORT, of, by, recovery_rank, "recovery")
            self._add(back, line, 0.0)
        return name

    def _line(
        self, name: str, flow: Flow, payer: int, payee: int, rank: int, form: Any, **more: Any
    ) -> Line:
        one = np.array
        return Line(
            name, flow, one([self._at(payer)]), one([self._at(payee)]), one([rank]), form, **more
        )

    def _at(self, party: int) -> int:
        """Number of a party among those of the filled network, whose internal ones come first."""
        return party if party < self.internal else party + INTERNAL - self.internal

    def _add(self, name: str, line: Line, amount: float) -> None:
        self.names.append(name)
        self.lines.append(line)
        self.amounts.append(amount)

    def place(self, name: str) -> int:
        """Place of a claim on the claim axis."""
        return self.names.index(name)

    def lowered(self) -> list[Lowered]:
        """One group per claim, so that every claim can be protected by its own name; a support
        shares its group with its recovery, as in a real instrument."""
        result: list[Lowered] = []
        i = 0
        while i < len(self.lines):
            pair = i + 1 < len(self.lines) and self.names[i + 1] == f"{self.names[i]}_recovery"
            group = tuple(self.lines[i : i + 2]) if pair else (self.lines[i],)
            result.append(Lowered(Silent(), (self.names[i],), {}, group))  # type: ignore[arg-type]
            i += len(group)
        return result

    def network(self) -> Network:
        """The network, filled up to the common sizes."""
        bare, ranks = build_network(self.lowered(), INTERNAL)
        return _filled(bare, ranks)

    def given(self, payout: Any = None, **leaves: Any) -> "Given":
        """Amounts of the filled network; leaves of `Given` replace what the network states.

        Args:
            payout: share that each party pays of its claims, [M] or [M, P].
            leaves: [rows] or [rows, P].
        """
        share = np.ones((self.parties, 1)) if payout is None else _columns(payout)
        outer = np.concatenate([np.ones((INTERNAL, share.shape[1])), share[self.internal :]])
        own = {
            "amounts": self.amounts,
            "limits": self.limits,
            "weights": self.weights,
            "cash": self.cash,
            "minimum": self.minimum or [],
        }
        return Given(
            **{k: _tall(leaves.get(k, v), SIZES[k], 0.0) for k, v in own.items()},
            payout=_tall(outer, PARTIES, 1.0),
        )

    def clear(self, payout: Any = None, **leaves: Any) -> Cleared:
        """Clear; arguments as of `given`. Leaves of the result are cut to the claims there are."""
        given = self.given(payout, **leaves)
        found = compiled()(self.network(), SHAPE, *given.arguments())
        cut, paths = len(self.names), given.paths
        claimed, paid, residual, violations = (np.asarray(leaf)[..., :paths] for leaf in found)
        return Cleared(claimed[:cut], paid[:cut], residual, violations)  # type: ignore[arg-type]


@dataclass
class Given:
    """Amounts of a filled network, every leaf [.., P] with one path or all of them."""

    amounts: NDArray[np.float64]
    limits: NDArray[np.float64]
    weights: NDArray[np.float64]
    cash: NDArray[np.float64]
    minimum: NDArray[np.float64]
    payout: NDArray[np.float64]

    @property
    def paths(self) -> int:
        """Number of paths P."""
        return max(leaf.shape[1] for leaf in vars(self).values())

    def arguments(self, paths: int = PATHS) -> tuple[Any, ...]:
        """As `clear` takes them, the last path repeated up to `paths`."""
        order = ("amounts", "limits", "weights", "cash", "minimum", "payout")
        leaves = (getattr(self, name) for name in order)
        return tuple(
            jnp.asarray(x[:, np.minimum(np.arange(paths), x.shape[1] - 1)]) for x in leaves
        )


SIZES = {
    "amounts": CLAIMS,
    "limits": SUPPORTS,
    "weights": SUPPORTS,
    "cash": INTERNAL,
    "minimum": INTERNAL,
}


def _columns(rows: Any) -> NDArray[np.float64]:
    found = np.asarray(rows, np.float64)
    return found.reshape(len(found), -1) if found.size else np.zeros((0, 1))


def _tall(rows: Any, size: int, filler: float) -> NDArray[np.float64]:
    found = _columns(rows)
    assert len(found) <= size, f"{len(found)} rows do not fit into {size}"
    return np.concatenate([found, np.full((size - len(found), found.shape[1]), filler)])


def _filled(bare: Network, ranks: int) -> Network:
    """A network with claims of nothing between external parties, up to the common sizes.

    The last claim and the last support do nothing; what has to point somewhere points there.
    """
    assert ranks <= RANKS
    outside = INTERNAL * RANKS
    inside = bare.payer < INTERNAL
    position = bare.slot - bare.payer * ranks
    slot = np.where(inside, bare.payer * RANKS + position, outside)
    residual = np.zeros((INTERNAL, RANKS), bool)
    residual[:, :ranks] = bare.slot_residual
    last = PARTIES - 1
    pair_claim = _upto(bare.pair_claim, PAIRS, CLAIMS - 1)
    pair_inner = _upto(bare.pair_inner, PAIRS, PAIRS - 1)
    return Network(
        payer=_upto(bare.payer, CLAIMS, last),
        payee=_upto(bare.payee, CLAIMS, last),
        flow=_upto(bare.flow, CLAIMS, 0),
        slot=_upto(slot, CLAIMS, outside),
        residual=_upto(bare.residual, CLAIMS, False),
        lagged=_upto(bare.lagged, CLAIMS, False),
        plain=_upto(bare.plain, CLAIMS, True),
        slot_residual=residual,
        inner=_upto(bare.inner, INNER, CLAIMS - 1),
        outside=_upto(bare.outside, OUTSIDE, CLAIMS - 1),
        support=_upto(bare.support, SUPPORTS, CLAIMS - 1),
        tier=_upto(bare.tier, SUPPORTS, 1),
        pair_support=_upto(bare.pair_support, PAIRS, SUPPORTS - 1),
        pair_claim=pair_claim,
        pair_recovery=_upto(bare.pair_recovery, PAIRS, -1),
        pair_inner=pair_inner,
        inner_group=np.unique(pair_claim[pair_inner], return_inverse=True)[1],
        key=np.arange(outside),
        place=np.arange(outside + 1),
        tiers=TIERS,
    )


def _upto(index: Any, size: int, filler: int | bool) -> IntArray:
    assert len(index) <= size, f"{len(index)} entries do not fit into {size}"
    if len(index) == size:
        assert size not in (CLAIMS, SUPPORTS), "the last claim and the last support do nothing"
    return np.concatenate([index, np.full(size - len(index), filler, np.asarray(index).dtype)])
