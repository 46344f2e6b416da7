"""What every contract is worth to each side, under the measure of the plan and the pricing measure.

Of a compute note whose holder may choose, of rights to cancel a compute commitment or step it down,
and of rights to renew a lease, also what the choice is worth: by the simple rule, by a fitted
policy, and at most (`run.elections`).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.random import BLOCK
from offtake.finance.least_squares import Estimate
from offtake.lowering.lower import LoweredPlan, lower
from offtake.plan.schema import Plan
from offtake.run.draw import draw
from offtake.run.elections import choices, pilot, with_policies
from offtake.run.futures import WANTED, Futures
from offtake.run.pricing_measure import PLAN, PRICING, Measure, prices_of_risk
from offtake.run.record import recorder
from offtake.run.structuring import signed_plan, sized_plan

FloatArray = NDArray[np.float64]


class LineValue(NamedTuple):
    """Value today of what is paid on one line of a contract, USD."""

    contract: str
    line: str
    payer: str
    payee: str
    value: Estimate


class SideValue(NamedTuple):
    """Value today of a contract to one side, USD."""

    contract: str
    party: str
    value: Estimate


class Priced(NamedTuple):
    """A plan under one measure."""

    sides: list[SideValue]
    lines: list[LineValue]
    elections: dict[tuple[str, str], dict[str, Estimate]]
    """contract and choice -> simple, fitted, bound, lost, gap"""
    prices_of_risk: dict[str, float]


def price(plan: Plan, paths: int = 4096, seed: int = 1) -> dict[str, Priced]:
    """Value every contract under both measures, on the same draws.

    Args:
        plan: as loaded.
        paths: number of futures; whole blocks of 256 are drawn.
        seed: of every random stream.

    Returns:
        Measure -> values.

    Raises:
        ValueError: fewer than one path, or a negative seed: those are of pilot paths.
    """
    if paths < 1 or seed < 0:
        message = f"paths must be at least 1 and seed at least 0, found {paths} and {seed}"
        raise ValueError(message)
    sized, blocks = sized_plan(plan).plan, -(-paths // BLOCK)
    first = _priced(sized, blocks, seed, PLAN)
    told = any(getattr(x, "price_of_risk", None) is not None for x in plan.drivers.values())
    alike = not told and plan.plan.risk_free is None
    return {"plan": first, "pricing": first if alike else _priced(sized, blocks, seed, PRICING)}


def _priced(plan: Plan, blocks: int, seed: int, measure: Measure) -> Priced:
    """One measure; holders that fit a policy fit it under it."""
    ready = with_policies(plan, signed_plan(plan), measure)
    lowered = lower(ready, WANTED)
    values = np.concatenate(_present_values(lowered, blocks, seed, measure), axis=1)
    names = lowered.labels.parties
    lines: dict[tuple[str, str, str, str], FloatArray] = {}
    sides: dict[tuple[str, str], FloatArray] = {}
    for i, claim in enumerate(lowered.labels.claims):
        payer, payee = names[claim.payer], names[claim.payee]
        if payer == payee:
            continue
        key = claim.contract, claim.line, payer, payee
        lines[key] = lines.get(key, 0.0) + values[i]
        for party, sign in ((payee, 1.0), (payer, -1.0)):
            side = claim.contract, party
            sides[side] = sides.get(side, 0.0) + sign * values[i]
    return Priced(
        [SideValue(*key, Estimate.of(x)) for key, x in sides.items()],
        [LineValue(*key, Estimate.of(x)) for key, x in lines.items()],
        _elections(plan, blocks, seed, measure),
        prices_of_risk(lowered) if measure.pricing else {},
    )


def _present_values(
    lowered: LoweredPlan, blocks: int, seed: int, measure: Measure
) -> list[FloatArray]:
    """[C, P] of every block: value today of what is paid on every claim, USD."""
    record, seen = recorder(lowered), lowered.labels.observations
    drivers = {name: i for i, name in enumerate(seen) if name.startswith("drivers.")}
    found: list[FloatArray] = []
    for first in range(0, blocks * BLOCK, BLOCK):
        draws = draw(lowered, seed, first, BLOCK, BLOCK)
        months = record(measure.moved(lowered, draws))
        observed = np.asarray(months.observations)
        factor = measure.discount(
            lowered, draws.values, {name: observed[:, i] for name, i in drivers.items()}
        )
        found.append(np.einsum("tcp,tp->cp", np.asarray(months.paid), factor))
    return found


def _elections(
    plan: Plan, blocks: int, seed: int, measure: Measure
) -> dict[tuple[str, str], dict[str, Estimate]]:
    """What choosing is worth to those whom contracts let choose."""
    names = tuple(name for name, terms in plan.contracts.items() if choices(terms))
    if not names:
        return {}
    fitted_on = pilot(plan, names, measure)
    own = Futures.of(plan, names, blocks * BLOCK, seed, measure)
    return {
        (name, kind.choice): kind(own, name).worth(kind(fitted_on, name))._asdict()
        for name in names
        for kind in choices(plan.contracts[name])
    }


def plain(plan: Plan, priced: dict[str, Priced], paths: int, seed: int) -> dict[str, Any]:
    """What was found as it may stand in JSON."""
    rate = plan.plan.risk_free
    return {
        "plan": plan.plan.name,
        "paths": -(-paths // BLOCK) * BLOCK,
        "seed": seed,
        "discounted_at": {
            "plan": "plan.discount_rate",
            "pricing": "plan.discount_rate" if rate is None else str(rate.written()),
        },
        "prices_of_risk": priced["pricing"].prices_of_risk,
        "contracts": [
            {"contract": side.contract, "party": side.party, **_both(priced, "sides", i)}
            for i, side in enumerate(priced["plan"].sides)
        ],
        "lines": [
            {**dict(zip(line._fields[:4], line[:4], strict=True)), **_both(priced, "lines", i)}
            for i, line in enumerate(priced["plan"].lines)
        ],
        "elections": [
            {
                "contract": name,
                "choice": choice,
                "measure": measure,
                "unit": "USD",
                **{what: _told(x) for what, x in found.items()},
            }
            for measure, made in priced.items()
            for (name, choice), found in made.elections.items()
        ],
    }


def _both(priced: dict[str, Priced], what: str, i: int) -> dict[str, Any]:
    return {name: _told(getattr(made, what)[i].value) for name, made in priced.items()}


def _told(x: Estimate) -> dict[str, float]:
    return {"value_usd": x.mean, "standard_error_usd": x.error}
