"""Everything that moves outside contracts: drivers, sites, chips, the credit of outside parties."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm

from offtake import catalogue
from offtake.core.formula import Constant, Expression, Named, in_units
from offtake.core.series import Series
from offtake.plan.drivers import Formula, FromMarket, MeanReverting, RandomWalk, Regimes
from offtake.plan.told import from_market, from_plant
from tests.reference.books import clip
from tests.reference.future import Future
from tests.reference.plant import Fabs, Power, Works
from tests.reference.spot import Spot


class Drivers:
    """Series, processes, regimes and formulas, each a number per period."""

    def __init__(self, future: Future) -> None:
        """Processes start on their trend, regimes in their initial state."""
        self.future = future
        self.drivers: dict[str, Any] = future.plan.drivers
        self.processes = [
            k for k, d in self.drivers.items() if isinstance(d, RandomWalk | MeanReverting)
        ]
        self.deviation = dict.fromkeys(self.processes, 0.0)
        self.state = {
            k: list(d.states).index(d.initial)
            for k, d in self.drivers.items()
            if isinstance(d, Regimes)
        }
        self.mixing = self._mixing()
        self.told: Mapping[str, float] = {}
        """what the market makes known, once it has cleared"""

    def _mixing(self) -> np.ndarray:
        """Lower triangular factor of the correlation matrix of the processes' shocks."""
        matrix = np.eye(len(self.processes))
        for i, correlated in enumerate(self.future.plan.correlations):
            value = self.future.number(f"drivers.correlations[{i}].value")
            here = [self.processes.index(k) for k in correlated.between if k in self.processes]
            for a in here:
                for b in here:
                    if a != b:
                        matrix[a, b] = value
        return np.linalg.cholesky(matrix) if self.processes else matrix

    def advance(self, t: int) -> None:
        """Draw the period's shocks."""
        years = float(self.future.calendar.years[t])
        shocks = [self.future.monthly[f"drivers.{k}"][t] for k in self.processes]
        mixed = self.mixing @ np.array(shocks)
        for name, shock in zip(self.processes, mixed, strict=True):
            self._move(name, years, float(shock))
        for name in self.state:
            if t > 0:
                self._switch(name, t)

    def _move(self, name: str, years: float, shock: float) -> None:
        """One step of a process; variance of the exact transition."""
        volatility = self.future.number(f"drivers.{name}.volatility")
        decay, variance = 1.0, years
        if isinstance(self.drivers[name], MeanReverting):
            half_life = self.future.number(f"drivers.{name}.half_life")
            speed = math.log(2.0) / (half_life / self.future.calendar.per_year)
            decay = math.exp(-speed * years)
            variance = -math.expm1(-2.0 * speed * years) / (2.0 * speed)
        self.deviation[name] = (
            self.deviation[name] * decay + volatility * math.sqrt(variance) * shock
        )

    def _switch(self, name: str, t: int) -> None:
        """Leave the state with probability 1 - exp(-1 / mean stay), for another one at random."""
        states = list(self.drivers[name].states)
        here = self.state[name]
        uniform = float(norm.cdf(self.future.monthly[f"drivers.{name}"][t]))
        stay = self.future.number(f"drivers.{name}.mean_stay.{states[here]}")
        leaves = -math.expm1(-1.0 / stay)
        if len(states) > 1 and not self.future.reaches(f"{name} switches", uniform, leaves):
            others = len(states) - 1
            hop = 1 + min(int(uniform / leaves * others), others - 1)
            self.state[name] = (here + hop) % len(states)

    def level(self, name: str, t: int) -> float:
        """Value of a driver in period t."""
        driver = self.drivers[name]
        place = f"drivers.{name}"
        if isinstance(driver, Series):
            if driver.driver is not None:
                return self.level(driver.driver, t)
            return self.future.series(driver, place, t)
        if isinstance(driver, Regimes):
            return self.future.number(f"{place}.states.{list(driver.states)[self.state[name]]}")
        if isinstance(driver, FromMarket):
            told = driver.market
            return self.told[told if told.startswith("vendors.") else f"cleared.{told}"]
        if isinstance(driver, Formula):
            tree, _ = in_units(driver.expression, self.future.plan.driver_units, driver.formula)
            return self.formula(tree, t)
        elapsed = float(np.cumsum(self.future.calendar.years)[t])
        start = self.future.number(f"{place}.start")
        level = start * (1.0 + self.future.number(f"{place}.trend")) ** elapsed
        if driver.ceiling is not None:
            level /= 1.0 + (level - start) / self.future.number(f"{place}.ceiling")
        return level * math.exp(self.deviation[name])

    def formula(self, tree: Expression, t: int) -> float:
        """Value of a formula; a quotient by zero is zero."""
        if isinstance(tree, Constant):
            return tree.value
        if isinstance(tree, Named):
            return self.level(tree.name, t)
        left, right = self.formula(tree.left, t), self.formula(tree.right, t)
        if tree.operator == "/":
            return left / right if right != 0.0 else 0.0
        operations = {
            "+": left + right,
            "-": left - right,
            "*": left * right,
            "min": min(left, right),
            "max": max(left, right),
        }
        return operations[tree.operator] if tree.operator != "**" else max(left, 0.0) ** right


@dataclass
class World:
    """What contracts observe, month by month."""

    future: Future
    drivers: Drivers = field(init=False)
    spot: Spot = field(init=False)
    works: Works = field(init=False)
    power: Power = field(init=False)
    fabs: Fabs = field(init=False)
    defaulted: set[str] = field(default_factory=set)
    seen: dict[str, float] = field(default_factory=dict)
    delivered: dict[str, float] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)
    efficiency: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Delays are drawn once."""
        self.drivers = Drivers(self.future)
        self.spot = Spot(self.future)
        self.works = Works(self.future)
        self.power = Power(self.future, self._over_time)
        self.fabs = Fabs(self.future, self._over_time)

    def month(self, t: int, signals: Mapping[str, float], paid_for: set[str]) -> None:
        """Observe a period.

        Args:
            signals: what contracts said at the end of the period before.
            paid_for: names of the signals that some contract sends; what nobody pays for follows
                its dates alone.
        """
        self.drivers.advance(t)
        self.seen = {"zero": 0.0}
        self.spot.sold |= {
            c for c in self.future.plan.chips if signals.get(f"chips.{c}.sold", 0.0) > 0.0
        }
        late = from_market(self.future.plan.drivers)
        built = from_plant(self.future.plan.drivers)
        for name in self.future.plan.drivers:
            if name not in late | built:
                self.seen[f"drivers.{name}"] = self.drivers.level(name, t)
        self.works.month(t, self.seen, signals, paid_for)
        self._vendors(t, self.fabs.month(t, self.seen))
        self.drivers.told = self.seen
        for name in built:
            self.seen[f"drivers.{name}"] = self.drivers.level(name, t)
        mw = {site: self._energised(site) for site in self.future.plan.sites}
        self.power.offer(t, self.seen, {site: facility for site, (_, facility) in mw.items()})
        metered: dict[str, float] = {}
        for site in self.future.plan.sites:
            metered |= self._site(site, t, mw[site], signals, paid_for)
        self.spot.month(t, self.seen, metered, signals, self.power)
        for site in self.future.plan.sites:
            here = [c for c, cohort in self.future.plan.chips.items() if cohort.site == site]
            mine = [c for c in here if c not in self.spot.sold]
            energy = sum(self.seen[f"chips.{c}.energy"] for c in mine)
            self.seen[f"sites.{site}.energy_mwh"] = energy
        self.seen["resale.offered_h100e"] = sum(
            self.spot.full[c][0]
            for c in self.future.plan.chips
            if c not in self.spot.sold and signals.get(f"chips.{c}.for_sale", 0.0) > 0.0
        )
        for c in self.future.plan.chips:
            self.seen[f"chips.{c}.owned"] = float(c not in self.spot.sold)
        self.seen["resale.market_h100e"] = self.seen.get("cleared.capacity", 0.0)
        self.drivers.told = self.seen
        for name in self.future.plan.drivers:
            if name in late:
                self.seen[f"drivers.{name}"] = self.drivers.level(name, t)
        self._credit(t)

    def _credit(self, t: int) -> None:
        """Outside parties default by their hazard rate, correlated with shocks of drivers."""
        years = float(self.future.calendar.years[t])
        for name, party in self.future.plan.parties.items():
            place = f"parties.{name}.credit"
            share = 1.0
            if party.credit is not None:
                hazard = self._hazard(name, party.credit, t)
                latent, left = 0.0, 1.0
                for driver in party.credit.drivers:
                    rho = self.future.number(f"{place}.drivers.{driver}")
                    latent += rho * self.future.monthly[f"drivers.{driver}"][t]
                    left -= rho**2
                latent += math.sqrt(max(left, 1e-12)) * self.future.monthly[place][t]
                probability = -math.expm1(-hazard * years)
                spared = self.future.reaches(f"{name} defaults", norm.cdf(latent), probability)
                if not spared:
                    self.defaulted.add(name)
                if name in self.defaulted:
                    share = self.future.number(f"{place}.recovery")
            self.seen[f"parties.{name}.payout"] = share

    def _hazard(self, name: str, credit: Any, t: int) -> float:
        place = f"parties.{name}.credit.hazard"
        if credit.hazard is None:
            # The catalogue's history of the rating, from the plan's start; its rows carry dates.
            rows = {k: v for k, v in self.future.values.items() if k.startswith(f"{place}.")}
            start = max(t - 1.0, 0.0) * self.future.calendar.months / 12.0 + 1e-9
            known = catalogue.rating(credit.rating.rstrip("+-")).hazards()
            passed = sum(years <= start for years, _ in known)
            return list(rows.values())[max(passed, 1) - 1]
        if credit.hazard.driver is not None:
            return self.seen[f"drivers.{credit.hazard.driver}"]
        return self.future.series(credit.hazard, place, t)

    def _vendors(self, t: int, fabs: Mapping[str, float]) -> None:
        """A vendor sends the share it is open to of the lesser of output and backlog, by turns.

        Args:
            fabs: vendor -> chips that its fabs make.
        """
        plan, number = self.future.plan, self.future.number
        years = float(self.future.calendar.years[t])
        for c in plan.chips:
            self.seen[f"chips.{c}.ready"], self.seen[f"chips.{c}.sent"] = 1.0, 0.0
        for name, vendor in plan.vendors.items():
            made = fabs[name]
            if vendor.output is not None:
                made += self._over_time(vendor.output, f"vendors.{name}.output", t) * years
            self.seen[f"vendors.{name}.chips"] = made / years if years > 0.0 else made
            backlog: dict[str, float] = {}
            for c, cohort in plan.chips.items():
                if cohort.vendor == name:
                    reached = t >= number(f"chips.{c}.deliver") - 1e-9
                    due = number(f"chips.{c}.units") if reached else 0.0
                    backlog[c] = max(due - self.sent.get(c, 0.0), 0.0)
            able, opened = (
                sum(backlog.values()),
                self._over_time(vendor.open, f"vendors.{name}.open", t),
            )
            own = any(fab.vendor == name for fab in plan.fabs.values())
            limited = vendor.output is not None or own
            able = opened * (min(able, made) if limited else able)
            self.seen[f"vendors.{name}.unsold"] = max(opened * made - able, 0.0) if limited else 0.0
            for turn in sorted({plan.chips[c].turn for c in backlog}):
                mine = {c: b for c, b in backlog.items() if plan.chips[c].turn == turn}
                whole = sum(mine.values())
                goes = min(max(able, 0.0), whole)
                for c, b in mine.items():
                    share = goes / whole if whole > 0.0 else 0.0
                    self.sent[c] = self.sent.get(c, 0.0) + b * share
                    self.seen[f"chips.{c}.sent"] = b * share
                able -= whole
            for c in backlog:
                units = number(f"chips.{c}.units")
                ready = min(self.sent[c] / units, 1.0) if units > 0.0 else 1.0
                self.seen[f"chips.{c}.ready"] = ready

    def _over_time(self, series: Series, place: str, t: int) -> float:
        if series.driver is not None:
            return self.seen[f"drivers.{series.driver}"]
        return self.future.series(series, place, t)

    def _energised(self, site: str) -> tuple[float, float]:
        """IT power of the phases that are switched on, and of the whole facility, MW."""
        phases = [p for p in self.works.items if p.startswith(f"sites.{site}.phases[")]
        mw = {p: self.seen[f"{p}.active"] * self.future.number(f"{p}.power") for p in phases}
        return sum(mw.values()), sum(mw[p] * self.future.number(f"{p}.pue") for p in phases)

    def _site(
        self,
        site: str,
        t: int,
        mw: tuple[float, float],
        signals: Mapping[str, float],
        paid_for: set[str],
    ) -> dict[str, float]:
        """Power, chips and compute of a site; what each cohort draws at the meter, MW."""
        future, hours = self.future, float(self.future.calendar.hours[t])
        power, facility = mw
        pue = facility / power if power > 0.0 else 0.0
        power *= self.power.share(site, self.seen, facility)
        cohorts = [c for c, cohort in future.plan.chips.items() if cohort.site == site]
        chips = {c: self._chips(c, t, signals, paid_for) for c in cohorts}
        need = {c: chips[c] * self._watts(c) / self._per_watt(c, t) * 1e-6 for c in cohorts}
        needed = sum(need.values())
        here = f"sites.{site}"
        due = signals.get(f"{here}.running_claimed", 0.0)
        settled = signals.get(f"{here}.running_paid", 0.0)
        # What is not paid for is shut; short by less than a billionth counts as paid.
        opened = settled / due if settled < due * (1.0 - 1e-9) else 1.0
        self.seen[f"{here}.open"] = opened
        self.spot.pue[site] = pue if power > 0.0 else 0.0
        share: dict[str, float] = {}
        compute = running = 0.0
        for c in cohorts:
            # Who bought a cohort pays for its power.
            gets = power if c in self.spot.sold else power * opened
            share[c] = min(gets / needed, 1.0) if needed > 0.0 else 0.0
            full = chips[c] * self._h100e(c) * future.number(f"chips.{c}.availability")
            self.spot.full[c] = (full, need[c])
            h100e, mw = full * share[c], need[c] * share[c]
            self.seen[f"chips.{c}.h100e"], self.seen[f"chips.{c}.mw"] = h100e, mw
            if c not in self.spot.sold:
                compute, running = compute + h100e, running + mw
        sold = signals.get(f"{here}.sold_hours", 0.0)
        self.seen[f"{here}.oversold_hours"] = max(sold - self.delivered.get(site, 0.0), 0.0)
        self.delivered[site] = compute * hours
        self.seen[f"{here}.power_mw"], self.seen[f"{here}.running_mw"] = power, running
        self.seen[f"{here}.h100e"], self.seen[f"{here}.h100e_hours"] = compute, compute * hours
        return {c: need[c] * share[c] * pue for c in cohorts}

    def _chips(
        self, cohort: str, t: int, signals: Mapping[str, float], paid_for: set[str]
    ) -> float:
        """Chips that stand and work, on average over the period."""
        place = f"chips.{cohort}"
        since = t - self.future.number(f"{place}.deliver")
        age = max(since, 0.0) / self.future.calendar.per_year
        self.seen[f"{place}.age"] = age
        standing = clip(since) - clip(since - self.future.number(f"{place}.physical_life"))
        surviving = math.exp(-self.future.number(f"{place}.failure_rate") * age)
        delivered = self._delivered(cohort, signals, paid_for)
        stays = 1.0 if self.spot.stays(cohort) else 0.0
        for other, item in self.future.plan.chips.items():
            if item.replaces == cohort:
                here = clip(t - self.future.number(f"chips.{other}.deliver"))
                stays *= 1.0 - here * self._delivered(other, signals, paid_for)
        return self.future.number(f"{place}.units") * delivered * surviving * standing * stays

    def _delivered(self, cohort: str, signals: Mapping[str, float], paid_for: set[str]) -> float:
        """Share of a cohort that is sent and paid for."""
        signal = f"chips.{cohort}.paid"
        paid = clip(signals.get(signal, 0.0)) if signal in paid_for else 1.0
        return min(paid, self.seen[f"chips.{cohort}.ready"])

    def _per_watt(self, cohort: str, t: int) -> float:
        """Work per watt: what the series is in the period in which the chips arrive."""
        item = self.future.plan.chips[cohort]
        place = f"chips.{cohort}"
        if item.per_watt is not None and 0 < t < self.future.number(f"{place}.deliver") + 1.0:
            self.efficiency[cohort] = self._over_time(item.per_watt, f"{place}.per_watt", t)
        return self.efficiency.get(cohort, 1.0)

    def _h100e(self, cohort: str) -> float:
        chip = self.future.plan.chips[cohort].chip
        of = f"catalogue.chips.{chip}" if isinstance(chip, str) else f"chips.{cohort}.chip"
        return self.future.number(f"{of}.h100e")

    def _watts(self, cohort: str) -> float:
        """IT power per chip, W; the catalogue states power at the utility's meter."""
        item = self.future.plan.chips[cohort]
        if not isinstance(item.chip, str):
            return self.future.number(f"chips.{cohort}.chip.watts")
        utility = self.future.number(f"catalogue.chips.{item.chip}.watts")
        return utility / self.future.number(f"sites.{item.site}.phases[0].pue")
