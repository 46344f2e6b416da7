"""What an hour of a chip costs in full, per chip and per million tokens, against published figures.

    cost per hour = (chip x (1 + rest) x a(rate, life) + building x kW x a(rate, 15 years)) / 8766
                  + kW x energy price,            a(r, n) = r / (1 - (1 + r)^-n)

per hour owned, not per hour sold. Work per chip is counted as the market counts it: H100e and the
share of time that waits on memory (`offtake.market.exchange`).
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from docs.calibration.bands import COST_PER_HOUR, COST_PER_TOKEN, WORK_PER_MW
from docs.calibration.rows import Row, table, tally, within_factor
from offtake import catalogue

HOURS = 8766.0
REST = (0.13 + 0.03 + 0.0125) / 0.39
"""Network, CPU and storage over GPU, of the shares that Bernstein gave in October 2025."""
LIFE, BUILDING_LIFE = 4, 15
"""Years; four is SemiAnalysis's economic life, fifteen the term of the lease of Abilene."""
RATES = {"hyperscaler": 0.08, "neocloud": 0.12}
"""Assumptions, before the result: what an owner of the best credit asks of its assets, and the
`asset_rate` that a plan has if it states none; CoreWeave paid 9 to 15 % for debt in 2023-2025."""
PRICE_OF = {"H100": "H100", "B200": "GB200", "GB200": "GB200", "MI325X": "MI300X"}
"""Chip whose price stands for a chip's: its own, or the nearest that the catalogue prices."""
SOURCE = "SemiAnalysis InferenceX, 2026"
MEMORY_BOUND = 0.5
"""Of decoding; as in plans/compute-utility."""
THROUGHPUT = {"H100": 0.90e6, "B200": 2.8e6, "MI300X": 0.75e6, "MI355X": 2.55e6}
"""Tokens per second and MW of utility power, gpt-oss-120B at about 90 tokens per second and user;
SemiAnalysis InferenceX, blog."""
ACTIVE = {"gpt-oss-120B": 5.1, "DeepSeek-R1": 37.0}
"""Billion parameters active per token: OpenAI, gpt-oss model card, arXiv 2508.10925; DeepSeek-AI,
DeepSeek-V3 technical report, arXiv 2412.19437."""


def charge(rate: float, years: int) -> float:
    """Level yearly charge that pays for 1 USD over its life, 1/year."""
    return rate / (1.0 - (1.0 + rate) ** -years)


def construction() -> float:
    """Median of what the catalogue has for site, shell, power and cooling, USD/MW."""
    return statistics.median(number.value for number in catalogue.power()["construction_cost"])


@dataclass(frozen=True)
class HourlyCost:
    """Parts of the cost of an hour owned, USD/GPU/h."""

    chip: float
    building: float
    energy: float

    @property
    def total(self) -> float:
        """USD/GPU/h."""
        return self.chip + self.building + self.energy


def hourly(name: str, rate: float) -> HourlyCost:
    """Cost of an hour of a chip, from its latest price."""
    price = catalogue.prices()[f"chip_price_{PRICE_OF.get(name, name)}"][-1].value
    megawatts = catalogue.chip(name).needed("all_in_power").value / 1e6
    energy = catalogue.power()["energy_price"][-1].value
    return HourlyCost(
        chip=price * (1.0 + REST) * charge(rate, LIFE) / HOURS,
        building=construction() * megawatts * charge(rate, BUILDING_LIFE) / HOURS,
        energy=megawatts * energy,
    )


def cost_rows() -> list[Row]:
    """Cost per hour by chip and kind of owner."""
    found: list[Row] = []
    for name, priced in PRICE_OF.items():
        for owner, rate in RATES.items():
            published = catalogue.prices()[f"ownership_cost_{owner}_{name}"][-1].value
            cost = hourly(name, rate)
            note = f"chip {cost.chip:.2f}, building {cost.building:.2f}, energy {cost.energy:.2f}"
            if priced != name:
                note += f"; at the price of {priced}"
            what, unit = f"{name}, {owner}", "USD/GPU/h"
            found.append(
                within_factor(what, unit, cost.total, published, COST_PER_HOUR, SOURCE, note)
            )
    return found


# ------------------------------------------------------------------------------------------- tokens


def work(name: str) -> float:
    """Hours of an H100's work done in an hour, as the market counts them while decoding."""
    chip, standard = catalogue.chip(name), catalogue.chip("H100")
    bandwidth = chip.bandwidth.value / chip.h100e.value / standard.bandwidth.value
    return chip.h100e.value / (1.0 - MEMORY_BOUND + MEMORY_BOUND / bandwidth)


def tokens_per_hour(name: str) -> float:
    """Tokens of gpt-oss-120B per chip and hour, as published per MW."""
    return THROUGHPUT[name] * catalogue.chip(name).needed("all_in_power").value / 1e6 * 3600.0


def token_rows() -> list[Row]:
    """Work per MW over that of an H100, and cost per million tokens."""
    found: list[Row] = []
    power = {name: catalogue.chip(name).needed("all_in_power").value for name in THROUGHPUT}
    for name in THROUGHPUT:
        if name == "H100":
            continue
        model = work(name) / power[name] * power["H100"]
        published = THROUGHPUT[name] / THROUGHPUT["H100"]
        what = f"{name}: work per MW over an H100's, gpt-oss-120B"
        found.append(within_factor(what, "1", model, published, WORK_PER_MW, SOURCE))
    rate = RATES["neocloud"]
    slower = ACTIVE["DeepSeek-R1"] / ACTIVE["gpt-oss-120B"]
    model = hourly("B200", rate).total * slower / tokens_per_hour("B200") * 1e6
    what = "B200: cost of output of DeepSeek-R1 at 50 tokens/s/user"
    note = "tokens of gpt-oss-120B, fewer by active parameters"
    unit = "USD/M token"
    found.append(within_factor(what, unit, model, 0.56, COST_PER_TOKEN, SOURCE, note))
    dearer = hourly("GB300", rate).total / hourly("H100", rate).total
    what = "GB300: tokens per dollar over an H100's, DeepSeek-R1 at 40 tokens/s/user"
    model = work("GB300") / dearer
    found.append(within_factor(what, "1", model, 9.7, COST_PER_TOKEN, SOURCE))
    return found


def section() -> str:
    """The part of the page on costs."""
    costs, tokens = cost_rows(), token_rows()
    megawatt = construction() / 1e6
    best, usual = RATES["hyperscaler"], RATES["neocloud"]
    return f"""## Cost of an hour of a chip

Price of the chip, {REST:.0%} more for server and network, {LIFE} years; building at the median of
the catalogue, {megawatt:.1f} M USD/MW over {BUILDING_LIFE} years; energy. Owners' rates are
assumptions: {best:.0%} for a hyperscaler, {usual:.0%} for a neocloud.

{table(costs)}

{tally(costs)} Neither staff, spares, financing fees nor unsold hours are in the model's figure.

## Cost per million tokens

A market counts work in H100e, corrected for time that waits on memory. Other published costs per
token name no throughput from which this side could be worked out, and are not judged.

{table(tokens)}

{tally(tokens)}

Where the model is low, new chips serve more than their 8-bit rates say: neither formats of four
bits nor the domains in which 72 chips share their memory are counted. Where it is high, for the
MI300X, rates and bandwidth on paper were not reached when this was measured. A plan that mixes
generations of chips should give `h100e` of a chip for the work that it will do.
"""
