"""What a market that clears costs: a month with it against the same plan with a stated price.

Both plans are compiled in one process with an empty cache and run in turn on one device, each on its
own draws, so that noise of the machine meets both. Months are counted in processor time, the least
of many runs: others at work on the machine change it less than the time of day. Time of compiling
and the ratio are also taken of a made-up plan as the number of its cohorts grows.
"""

import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks import child

COHORTS = (8, 50, 200)
PER_SITE = 8
TIMES = 9
PRICE = {"process": "mean_reverting", "volatility": "35 %/year", "half_life": "12 months"}
MEASURED = """
import json, sys, time
import offtake
from offtake.core.arrays import jax
from offtake.run.draw import draw
from offtake.run.simulate import Runner

runners, drawn, found = [], [], []
for name in sys.argv[2:]:
    runner = Runner(offtake.load(name), devices=1)
    runner.compile()
    runners.append(runner)
    drawn.append(draw(runner.lowered, 1, 0, runner.width, runner.width))
    jax.block_until_ready(runner.run_block(drawn[-1]))
for _ in range(int(sys.argv[1])):
    row = []
    for runner, given in zip(runners, drawn):
        started = time.process_time()
        jax.block_until_ready(runner.run_block(given))
        row.append(time.process_time() - started)
    found.append(row)
months = [len(runner.lowered.calendar.years) * runner.width for runner in runners]
print(json.dumps({
    "compile": [runner.seconds["compile"] for runner in runners],
    "month": [min(column) / n for column, n in zip(zip(*found), months)],
}))
"""


def measured(plans: list[Path], times: int) -> dict[str, Any]:
    """Seconds of compiling, and processor seconds of a path and month, of each plan.

    Raises:
        RuntimeError: the process failed.
    """
    with tempfile.TemporaryDirectory() as cache:
        return child.measured(MEASURED, [str(times), *map(str, plans)], cache)


def without_market(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan with a driver for the price of compute in place of the market that sets it."""
    market = {
        name: value
        for name, value in plan["market"].items()
        if name
        not in ("demand", "supply", "rule", "price_cap", "fixed_price", "priority", "blocks")
    }
    market |= {"compute_price": "compute_price", "utilisation": "80 %"}
    told = {name for name, driver in plan["drivers"].items() if "market" in driver}
    drivers = {name: driver for name, driver in plan["drivers"].items() if name not in told}
    drivers["compute_price"] = {"start": "1.2 USD/H100e/h", **PRICE}
    scenarios = {"scenarios": {}} if "scenarios" in plan else {}
    return {**plan, "market": market, "drivers": drivers, **scenarios}


def _chips(cohorts: int, sites: list[str]) -> dict[str, Any]:
    return {
        f"chips_{k}": {
            "site": sites[k % len(sites)],
            "chip": {"h100e": 2.0 + 0.5 * (k % 9), "watts": f"{1500 + 10 * (k % 37)} W"},
            "units": 20000,
            "deliver": f"{2026 + k * 5 // cohorts}-{1 + k % 12:02d}",
            "price": "30k to 60k USD",
        }
        for k in range(cohorts)
    }


def _contracts(chips: list[str], sites: list[str]) -> dict[str, Any]:
    sells = {"seller": "utility", "buyer": "others"}
    buys = {"seller": "others", "buyer": "utility"}
    contracts: dict[str, Any] = {
        "order": {
            "kind": "chip_purchase",
            **buys,
            "chips": list(chips),
            "milestones": {"delivery": "100 %"},
        },
        "equity": {
            "kind": "common_equity",
            "investor": "others",
            "issuer": "utility",
            "commitment": "900 bn USD",
            "funds": ["order"],
        },
    }
    for name in sites:
        contracts[f"sale_{name}"] = {"kind": "spot_sale", **sells, "site": name}
        power = {"kind": "power_purchase", **buys, "price": "energy", "site": name}
        contracts[f"power_{name}"] = power
        contracts[f"staff_{name}"] = {
            "kind": "operating_cost",
            "payer": "utility",
            "payee": "others",
            "per_mw": "0.5 M USD/MW/year",
            "site": name,
        }
    return contracts


def _market(asked: int) -> dict[str, Any]:
    segment = {"price": "1.2 USD/H100e/h", "choke_price": "8 USD/H100e/h", "compute": "asked"}
    return {
        "energy_price": "energy",
        "running_cost": "0.5 M USD/MW/year",
        "price_cap": "6 USD/H100e/h",
        "blocks": 4,
        "demand": {
            "chat": {**segment, "elasticity": 0.4, "shape": "language_mid"},
            "agents": {**segment, "elasticity": 0.7, "shape": "reasoning", "waits": "20 %"},
            "batch": {**segment, "elasticity": 1.2, "waits": "100 %"},
        },
        "supply": {
            "rest": {
                "capacity": f"{asked} H100e",
                "cost_from": "0.02 USD/H100e/h",
                "cost_to": "0.5 USD/H100e/h",
                "response": 0.3,
            }
        },
    }


def grown(cohorts: int) -> dict[str, Any]:
    """A made-up plan of so many cohorts on an eighth as many sites, with a market of four blocks."""
    sites = [f"site_{k}" for k in range(max(1, cohorts // PER_SITE))]
    chips, asked = _chips(cohorts, sites), 50_000 * cohorts
    return {
        "plan": {
            "name": f"{cohorts} cohorts",
            "start": "2026-01",
            "horizon": "7 years",
            "discount_rate": "6 %/year",
        },
        "parties": {
            "utility": {"kind": "internal", "cash": "1 bn USD"},
            "others": {"kind": "external"},
        },
        "sites": {
            name: {"owner": "utility", "phases": [{"power": "400 MW", "energise": "2026-03"}]}
            for name in sites
        },
        "chips": chips,
        "drivers": {
            "energy": {"process": "mean_reverting", "start": "60 USD/MWh", **_moves(25)},
            "asked": {"process": "mean_reverting", "start": f"{asked} H100e", **_moves(30)},
            "price": {"market": "price"},
        },
        "market": _market(asked),
        "contracts": _contracts(list(chips), sites),
    }


def _moves(volatility: int) -> dict[str, str]:
    return {"volatility": f"{volatility} %/year", "half_life": "12 months"}


def written(plan: dict[str, Any], folder: Path, name: str) -> Path:
    """The file of a plan."""
    file = folder / f"{name}.yaml"
    with file.open("w") as out:
        YAML(typ="safe").dump(plan, out)
    return file


def report(root: Path, *, quick: bool) -> None:
    """Print what the market costs, for two plans and as the number of cohorts grows."""
    reads = YAML(typ="safe")
    kept = [root / f"plans/{name}/plan.yaml" for name in ("abilene", "compute-utility")]
    plans = {} if quick else {file.parent.name: reads.load(file) for file in kept}
    plans |= {f"{n} cohorts": grown(n) for n in (COHORTS[:1] if quick else COHORTS)}
    print("A month with a market that clears, against the same plan with a stated price")
    for name, plan in plans.items():
        with tempfile.TemporaryDirectory() as folder:
            pair = (plan, without_market(plan))
            files = [written(p, Path(folder), f"plan_{k}") for k, p in enumerate(pair)]
            found = measured(files, 1 if quick else TIMES)
            compiled, month = found["compile"], [1e6 * value for value in found["month"]]
            print(
                f"  {name:16s} {month[0] / month[1]:5.2f} x ({month[0]:6.2f} and {month[1]:6.2f} us per path "
                f"and month); compile, empty cache {compiled[0]:5.1f} s and {compiled[1]:5.1f} s",
                flush=True,
            )
