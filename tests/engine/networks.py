"""Small networks for tests of clearing: claims as rows, no contracts behind them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jax, jnp
from offtake.core.contract import Line, Lowered
from offtake.core.flows import Flow
from offtake.engine.clear import Cleared, clear
from offtake.lowering.network import build_network, build_shape


class Silent:
    """A group that only lends its name to lines."""

    kind = "silent"
    stage = "primary"
    published = ()


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

    def owe(self, payer: int, payee: int, amount: float, rank: int = 100, form: str = "claim") -> str:
        name = f"c{len(self.names)}"
        one = np.array
        line = Line(name, Flow.SALE, one([payer]), one([payee]), one([rank]), form)  # type: ignore[arg-type]
        self._add(name, line, amount)
        return name

    def support(
        self, by: int, of: int, claims: tuple[str, ...], limit: float, tier: int = 1,
        weight: float = 1.0, recovery_rank: int | None = None, rank: int = 100,
    ) -> str:
        name = f"c{len(self.names)}"
        one = np.array
        self._add(
            name,
            Line(name, Flow.SUPPORT, one([by]), one([of]), one([rank]), "support", one([tier]), (claims,)),
            0.0,
        )
        self.limits.append(limit)
        self.weights.append(weight)
        if recovery_rank is not None:
            back = Line(f"{name}_recovery", Flow.SUPPORT, one([of]), one([by]), one([recovery_rank]), "recovery")
            self._add(f"{name}_recovery", back, 0.0)
        return name

    def _add(self, name: str, line: Line, amount: float) -> None:
        self.names.append(name)
        self.lines.append(line)
        self.amounts.append(amount)

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

    def clear(self, paths: NDArray[np.float64] | None = None, payout: Any = None) -> Cleared:
        """Clear; `paths` scales opening cash per path (default one path)."""
        scale = np.ones(1) if paths is None else paths
        lowered = self.lowered()
        network, ranks = build_network(lowered, self.internal)
        shape = build_shape(lowered, network, self.parties, self.internal, ranks, 0, 0)
        wide = lambda x: jnp.asarray(np.array(x, float).reshape(-1, 1) * np.ones_like(scale))  # noqa: E731
        minimum = self.minimum or [0.0] * self.internal
        share = np.ones(self.parties) if payout is None else payout
        run = jax.jit(clear, static_argnums=1)
        return run(
            network, shape, wide(self.amounts), wide(self.limits), wide(self.weights),
            jnp.asarray(np.array(self.cash)[:, None] * scale), wide(minimum), wide(share),
        )
