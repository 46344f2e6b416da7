"""A project deal valued again and again: PySAM (SSC) and offtake, evaluations per second.

The deal is a single owner's project with a loan sized by cover, reserves, taxes and credits over 25
years (`tests.conformance.ssc.live`), whose figures agree year by year (docs/conformance.md). Both
value it at prices drawn round its own. PySAM sizes the loan at each price; offtake sizes it once, at
the deal's price, as it would be signed, and then simulates it: what that takes is printed beside.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shared import best
from offtake.core.arrays import Array, jax, jnp
from offtake.engine.simulate import Draws, Record, block
from offtake.lowering.lower import lower
from offtake.plan.load import check_text
from offtake.run.devices import on_devices, prepare
from offtake.run.draw import draw
from offtake.run.structuring import structure
from tests.conformance.ssc.live import loaded, made
from tests.conformance.ssc.plan import plan_of
from tests.conformance.ssc.read import read

CASE = 12
"""Number of the deal: a single owner, debt by cover."""
WIDTHS = (256, 1024, 4096)
"""Paths per device and block that are tried."""
SPREAD = 0.1
"""Prices lie between nine tenths and eleven tenths of the deal's."""


def with_prices(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with each year's revenue drawn round its own."""
    operation = plan["contracts"]["operation"]
    drawn = {}
    for year, stated in operation["inflow"].items():
        usd = float(stated.split()[0])
        drawn[year] = f"{usd * (1 - SPREAD)!r} to {usd * (1 + SPREAD)!r} USD/year"
    operation = {**operation, "inflow": drawn}
    return {**plan, "contracts": {**plan["contracts"], "operation": operation}}


def by_pysam(times: int) -> float:
    """Seconds for each evaluation, one process, as PySAM runs."""
    model = loaded(CASE)
    price = model.value("ppa_price_input")[0]
    prices = price * np.random.default_rng(1).uniform(1 - SPREAD, 1 + SPREAD, times)
    model.execute(0)
    started = time.perf_counter()
    for value in prices:
        model.value("ppa_price_input", [float(value)])
        model.execute(0)
    return (time.perf_counter() - started) / times


class Owner:
    """A measure: what the owner gets less what it puts in, by year."""

    def __init__(self, net: Any) -> None:
        self.net = net

    def reduce(self, record: Record) -> dict[str, Array]:
        """[T, P] USD."""
        return {"owner": jnp.einsum("c,tcp->tp", self.net, record.months.paid)}


def by_offtake(paths: int, widths: Sequence[int]) -> tuple[float, dict[int, float]]:
    """Seconds to size the deal; seconds for each evaluation by width of a block, compile apart."""
    with tempfile.TemporaryDirectory() as folder:
        plan = with_prices(plan_of(read(made(CASE, Path(folder)))))
    checked = check_text(json.dumps(plan))
    assert checked.plan is not None, checked.errors
    devices = prepare(None)
    started = time.perf_counter()
    lowered = lower(structure(checked.plan).plan, ())
    sized = time.perf_counter() - started
    claims = lowered.labels.claims
    net = jnp.asarray([(c.payee == "owner") - 1.0 * (c.payer == "owner") for c in claims])

    def reduce(measure: Array, record: Record, weight: Array) -> dict[str, Array]:
        del weight
        return Owner(measure).reduce(record)

    run = on_devices(block(lowered.shape, reduce), devices)

    def each(width: int) -> float:
        wide = width * devices.count
        blocks = [draw(lowered, 1, first, wide, wide) for first in range(0, paths, wide)]

        def whole() -> None:
            for drawn in blocks:
                jax.block_until_ready(run(lowered.program, net, Draws(*drawn)))

        return best(whole, 3) / (wide * len(blocks))

    return sized, {width: each(width) for width in widths}


def report(quick: bool = False) -> None:
    """Evaluations per second, side by side."""
    pysam = by_pysam(5 if quick else 200)
    sized, found = by_offtake(512 if quick else 16_384, WIDTHS[:1] if quick else WIDTHS)
    print("\nA project deal of 25 years, valued at many prices")
    print(f"  PySAM, sized at each price        {1 / pysam:12,.0f} evaluations/s")
    for width, ours in found.items():
        print(
            f"  offtake, sized once and simulated {1 / ours:12,.0f} evaluations/s, {pysam / ours:6,.0f} x as fast, "
            f"{width:,} paths per device and block"
        )
    print(f"  sizing it, compile included: {sized:.1f} s")
