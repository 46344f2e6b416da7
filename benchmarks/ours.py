"""The benchmark plan run by offtake, with the same outputs as the programs written by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

import offtake
from benchmarks.shared import LOANS, PARTIES, FloatArray, Inputs, Outputs, inputs_of
from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import PAID_TOLERANCE
from offtake.engine.clear import SLOT_CHECKS, Cleared
from offtake.engine.simulate import Draws, Record, block
from offtake.finance.trailing import NO_SERVICE
from offtake.lowering.book import book_of
from offtake.lowering.lower import LoweredPlan, lower
from offtake.run.devices import on_devices, prepare
from offtake.run.draw import HostDraws, draw

PLAN = Path(__file__).with_name("plan.yaml")
WANTED = tuple(
    f"contracts.{loan}.{what}" for loan in LOANS for what in ("balance", "accelerated", "dscr")
)


class Same(NamedTuple):
    """A measure with the outputs of the programs written by hand; not one of offtake's own."""

    net: FloatArray
    """[party, claim] +1.0 paid, -1.0 received"""
    factor: FloatArray
    """[period]"""
    observed: IntArray
    """[3, loan] balance, accelerated, dscr in the record"""
    closing: IntArray
    """[3, loan] the same after the last period"""

    def reduce(self, record: Record) -> Outputs:
        """Outputs of a block."""
        months = record.months
        present = jnp.einsum("t,tcp->cp", jnp.asarray(self.factor), months.paid)
        last = record.closing[jnp.asarray(self.closing)]
        after = [
            jnp.concatenate([months.observations[1:, self.observed[k]], last[k][None]])
            for k in range(3)
        ]
        before = jnp.concatenate([jnp.zeros_like(after[0][:1]), after[0][:-1]])
        going = jnp.concatenate([jnp.zeros_like(after[1][:1]), after[1][:-1]]) < 0.5
        opened = before > PAID_TOLERANCE * jnp.max(after[0], axis=0)[None]
        counted = opened & going & (after[2] < 0.5 * NO_SERVICE)
        least = jnp.min(jnp.where(counted, after[2], jnp.inf), axis=0)
        least = jnp.where(jnp.isfinite(least), least, jnp.nan)
        return Outputs(jnp.asarray(self.net) @ present, least, jnp.max(after[1], axis=0))


def same_measure(lowered: LoweredPlan) -> Same:
    """The measure for the benchmark plan."""
    labels, book = lowered.labels, book_of(lowered)
    net = np.zeros((len(PARTIES), len(labels.claims)))
    place = {labels.parties.index(name): row for row, name in enumerate(PARTIES)}
    for c, claim in enumerate(labels.claims):
        net[place[claim.payer], c] += 1.0
        net[place[claim.payee], c] -= 1.0
    names = [
        [f"contracts.{n}.{what}" for n in LOANS] for what in ("balance", "accelerated", "dscr")
    ]
    rate = lowered.table.rows[lowered.table.at("plan.discount_rate")].value
    return Same(
        net,
        (1.0 + rate) ** -np.asarray(book.elapsed),
        np.array([[labels.observations.index(name) for name in row] for row in names]),
        np.array([[labels.published.index(name) for name in row] for row in names]),
    )


class Ours:
    """A plan lowered and compiled; blocks are run one by one.

    Args:
        width: paths per device and block.
        devices: CPU devices.
    """

    def __init__(self, width: int, devices: int | None = None) -> None:
        self.devices = prepare(devices)
        self.lowered = lower(offtake.load(PLAN), WANTED)
        self.measure = same_measure(self.lowered)
        self.width = width * self.devices.count

        def reduce(measure: Same, record: Record, weight: Array) -> dict[str, Any]:
            del weight
            return measure.reduce(record)._asdict()

        self._run = on_devices(block(self.lowered.shape, reduce), self.devices)

    def draws(self, paths: int, seed: int = 1) -> list[HostDraws]:
        """Draws of whole blocks, at least `paths` paths."""
        firsts = range(0, paths, self.width)
        return [draw(self.lowered, seed, first, self.width, self.width) for first in firsts]

    def inputs(self, draws: list[HostDraws]) -> Inputs:
        """The same draws as the programs written by hand take them."""
        parts = [inputs_of(self.lowered, block) for block in draws]
        return Inputs(*(np.concatenate(pieces, axis=-1) for pieces in zip(*parts, strict=True)))

    def run(self, draws: list[HostDraws]) -> Outputs:
        """All blocks, one after the other."""
        found = []
        for drawn in draws:
            reduced = self._run(self.lowered.program, self.measure, Draws(*drawn))[0]
            found.append(jax.device_get(reduced))
        return Outputs(
            *(
                np.concatenate([np.moveaxis(block[name], 0, -1) for block in found], axis=-1)
                for name in Outputs._fields
            )
        )


@contextmanager
def without_clearing() -> Iterator[None]:
    """What is compiled in here pays nine tenths of every claim: a month without its clearing."""

    def pay(net: Any, shape: Any, claims: Array, *rest: Any) -> Cleared:
        del net, shape, rest
        nothing = jnp.zeros(claims.shape[-1])
        checks = jnp.zeros((len(SLOT_CHECKS), claims.shape[-1]))
        return Cleared(claims, 0.9 * claims, nothing, checks)

    with mock.patch("offtake.engine.step.clear", pay):
        yield
