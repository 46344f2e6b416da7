"""What is built, the power that sites draw, and what fabs make; one path."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from offtake.core.series import Series
from tests.reference.books import clip
from tests.reference.future import Future

Z90 = 1.2815515655446004
"""90 % quantile of the standard normal."""
CURVES = {
    "smooth": lambda u: u * u * (3.0 - 2.0 * u),
    "even": lambda u: u,
    "early": lambda u: u * (2.0 - u),
    "late": lambda u: u * u,
}


class Works:
    """Phases, sources of power and fabs: built, delayed, paid for, switched on."""

    def __init__(self, future: Future) -> None:
        """Delays are drawn once."""
        self.future = future
        plan = future.plan
        self.items: dict[str, tuple[Any, str]] = {
            f"sites.{s}.phases[{j}]": (phase, "energise")
            for s, site in plan.sites.items()
            for j, phase in enumerate(site.phases)
        }
        self.items |= {f"power.{n}": (source, "available") for n, source in plan.power.items()}
        self.items |= {f"fabs.{n}": (fab, "open") for n, fab in plan.fabs.items()}
        self.delays = {place: self.delay(place, item) for place, (item, _) in self.items.items()}

    def delay(self, place: str, item: Any) -> float:
        """Lognormal with stated median and P90, partly by causes that works share, periods."""
        if item.delay is None:
            return 0.0
        future = self.future
        z, left = 0.0, 1.0
        for cause in item.delay.causes:
            weight = future.number(f"{place}.delay.causes.{cause}")
            z += math.sqrt(weight) * future.once[f"causes.{cause}"]
            left -= weight
        z += math.sqrt(max(left, 0.0)) * future.once[place]
        median = future.number(f"{place}.delay.median")
        p90 = future.number(f"{place}.delay.p90")
        if median <= 0.0 or p90 <= 0.0:
            return max(p90 * z / Z90, 0.0)
        return median * math.exp(math.log(max(p90 / median, 1.0)) / Z90 * z)

    def month(
        self, t: int, seen: dict[str, float], signals: Mapping[str, float], paid_for: set[str]
    ) -> None:
        """Share of the cost of each that is due, and of the period for which it is switched on."""
        for place, (item, date) in self.items.items():
            stated = getattr(item, date) is not None
            planned = self.future.number(f"{place}.{date}") if stated else 0.0
            build, delay = self.future.number(f"{place}.build"), self.delays[place]
            done = clip((t - (planned - build)) / max(build + delay, 1e-9))
            seen[f"{place}.due"] = CURVES[item.spend](done)
            active = clip(t - (planned + delay))
            paid, funded = signals.get(f"{place}.paid", 0.0), f"{place}.paid" in paid_for
            if funded and not self.future.reaches(f"{place} is paid for", paid, 1.0 - 1e-6):
                active = 0.0
            seen[f"{place}.active"] = active


class Power:
    """Sources of power, and the order in which a site draws on them."""

    def __init__(self, future: Future, over_time: Callable[[Series, str, int], float]) -> None:
        self.future, self.over_time = future, over_time

    def offer(self, t: int, seen: dict[str, float], facility: Mapping[str, float]) -> None:
        """What each source gives and costs, and what each site can have of it.

        Args:
            facility: site -> MW of all its energised phases at the meter.
        """
        plan, number = self.future.plan, self.future.number
        for name, source in plan.power.items():
            place = f"power.{name}"
            fuel = number(f"{place}.heat_rate") * self.over_time(source.fuel, f"{place}.fuel", t)
            price = self.over_time(source.price, f"{place}.price", t) + fuel
            seen[f"{place}.price"] = price + self.over_time(
                source.other_cost, f"{place}.other_cost", t
            )
            gives = number(f"{place}.capacity") * number(f"{place}.capacity_factor")
            gives *= seen[f"{place}.active"]
            seen[f"{place}.available_mw"] = gives
            users = [s for s, site in plan.sites.items() if name in site.power]
            whole = sum(facility[s] for s in users)
            for s in users:
                share = facility[s] / whole if whole > 0.0 else 0.0
                seen[f"sites.{s}.power.{name}.mw"] = gives * share

    def share(self, site: str, seen: Mapping[str, float], facility: float) -> float:
        """Share of its energised phases that a site has power for."""
        sources = self.future.plan.sites[site].power
        if not sources or facility <= 0.0:
            return 1.0
        return min(sum(seen[f"sites.{site}.power.{p}.mw"] for p in sources) / facility, 1.0)

    def draw(
        self, site: str, seen: Mapping[str, float], wanted: float, market_price: float
    ) -> tuple[float, dict[str, float]]:
        """Mean price of what a site draws, USD/MWh, and MW from each source."""
        sources = self.future.plan.sites[site].power
        if not sources:
            return market_price, {}

        def rank(name: str) -> tuple[bool, float, int]:
            must = self.future.plan.power[name].must_take
            price = 0.0 if must else seen[f"power.{name}.price"]
            return not must, price, sources.index(name)

        left, taken, first = wanted, {}, None
        for name in sorted(sources, key=rank):
            there = seen[f"sites.{site}.power.{name}.mw"]
            taken[name] = min(max(left, 0.0), there)
            left -= there
            if first is None and there > 0.0:
                first = seen[f"power.{name}.price"]
        drawn = sum(taken.values())
        if drawn <= 0.0:
            return first or 0.0, taken
        return sum(mw * seen[f"power.{name}.price"] for name, mw in taken.items()) / drawn, taken


class Fabs:
    """Plants that make chips."""

    def __init__(self, future: Future, over_time: Callable[[Series, str, int], float]) -> None:
        self.future, self.over_time = future, over_time
        self.age = dict.fromkeys(future.plan.fabs, 0.0)

    def month(self, t: int, seen: dict[str, float]) -> dict[str, float]:
        """Wafers and chips of each fab; chips by vendor."""
        number, made = self.future.number, dict.fromkeys(self.future.plan.vendors, 0.0)
        for name, fab in self.future.plan.fabs.items():
            place = f"fabs.{name}"
            active = seen[f"{place}.active"]
            middle = self.age[name] + active / 2.0
            self.age[name] += active
            months = 12.0 * float(self.future.calendar.years[t])
            used = self.over_time(fab.utilisation, f"{place}.utilisation", t)
            most = number(f"{place}.capacity") * months * active * used
            ramp = max(number(f"{place}.ramp"), 1e-9)
            seen[f"{place}.wafers"] = most * clip(middle / ramp)
            done = most * clip((middle - number(f"{place}.cycle")) / ramp)
            good = self.over_time(fab.die_yield, f"{place}.die_yield", t)
            dies = number(f"{place}.dies_per_wafer") / number(f"{place}.dies_per_chip")
            seen[f"{place}.chips"] = done * dies * good
            made[fab.vendor] += done * dies * good
        return made
