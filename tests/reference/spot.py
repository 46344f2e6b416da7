"""What cohorts earn by the hour and are worth for it, and what the market tells; one path."""

import math
from collections.abc import Mapping
from typing import Any

from scipy.integrate import quad
from scipy.optimize import brentq

from offtake import catalogue
from offtake.core.series import Series
from tests.reference.future import Future
from tests.reference.market import YEAR, Bazaar, Block, Fleet, Product
from tests.reference.plant import Power


class Spot:
    """The spot market of a plan."""

    def __init__(self, future: Future) -> None:
        """No price has been seen."""
        self.future = future
        self.market = future.plan.market
        self.bazaar = Bazaar(future) if self.market.clears else None
        self.generation = 0.0
        self.losing = dict.fromkeys(future.plan.chips, 0.0)
        self.sold: set[str] = set()
        """cohorts that have been sold on"""
        self.full: dict[str, tuple[float, float]] = {}
        """H100e and MW of cohorts all of whose chips run"""
        self.pue: dict[str, float] = {}
        """of sites that have power"""
        terms = future.plan.contracts.values()
        self.pledged = {a for x in terms if getattr(x, "secures", ()) for a in x.assets}  # type: ignore
        self.pledged |= {x.chips for x in terms if x.kind == "chip_lease"}  # type: ignore

    def stays(self, cohort: str) -> bool:
        """Whether a cohort has not left for want of earnings."""
        after = 6.0 / self.future.calendar.months if self.market.clears else math.inf
        if self.market.retire_after is not None:
            after = self.future.number("market.retire_after")
        return self.losing[cohort] < after

    def month(
        self,
        t: int,
        seen: dict[str, float],
        metered: Mapping[str, float],
        signals: Mapping[str, float],
        power: Power,
    ) -> None:
        """Trade of a month; what it makes known is put into `seen`.

        Args:
            metered: cohort -> MW at the meter when running.
            power: sources that sites draw on.
        """
        self.power = power
        chips = self.future.plan.chips
        if self.bazaar is None:
            price = self.number(seen, t, "market", "compute_price")
            used = self.number(seen, t, "market", "utilisation")
            paid = {c: price * seen[f"chips.{c}.h100e"] * used for c in chips}
            self.full_paid = {c: price * self.full[c][0] * used for c in chips}
            runs = dict.fromkeys(chips, 1.0)
            seen |= {f"chips.{c}.work": 1.0 for c in chips}
            self._follow(seen, t, price)
        else:
            price, runs, paid = self._clear(self.bazaar, t, seen, metered)
        for site in self.future.plan.sites:
            self._site(site, seen, price, runs, paid)
            here = [c for c, cohort in chips.items() if cohort.site == site]
            here = [c for c in here if c not in self.sold]
            wanted = sum(metered[c] * runs[c] for c in here)
            market = self.number(seen, t, "market", "energy_price")
            mean, taken = power.draw(site, seen, wanted, market)
            seen[f"sites.{site}.energy_price"] = mean
            for source, mw in taken.items():
                hours = float(self.future.calendar.hours[t])
                seen[f"sites.{site}.power.{source}.mwh"] = mw * hours
        for c, cohort in chips.items():
            contracted = signals.get(f"sites.{cohort.site}.contracted", 0.0)
            contracted = 0.0 if c in self.sold else contracted
            self._cohort(c, t, seen, price, metered[c], runs[c], paid[c], contracted)

    def number(self, seen: Mapping[str, float], t: int, place: str, name: str) -> float:
        """A series under `market`; zero where it is not written."""
        item: Any = self.market
        for step in place.split(".")[1:]:
            item = item[step] if isinstance(item, dict) else getattr(item, step)
        series: Series | None = getattr(item, name)
        if series is None:
            return seen.get("drivers.compute_price", 0.0) if name == "compute_price" else 0.0
        if series.driver is not None:
            return seen[f"drivers.{series.driver}"]
        return self.future.series(series, f"{place}.{name}", t)

    def _decline(self) -> float:
        return -math.log1p(-self.future.number("market.price_decline"))

    def _follow(self, seen: Mapping[str, float], t: int, price: float) -> None:
        """The generation price: stated, or the price with its swings taken out."""
        if self.market.generation_price is not None:
            self.generation = self.number(seen, t, "market", "generation_price")
        elif self.generation <= 0.0:
            self.generation = price
        else:
            years = float(self.future.calendar.years[t])
            window = self.future.number("market.generation_window")
            window /= self.future.calendar.per_year
            fallen = math.log(self.generation) - self._decline() * years
            weight = -math.expm1(-years / window)
            self.generation = math.exp(fallen + weight * (math.log(max(price, 1e-30)) - fallen))

    def _clear(
        self, bazaar: Bazaar, t: int, seen: dict[str, float], metered: Mapping[str, float]
    ) -> tuple[float, dict[str, float], dict[str, float]]:
        """Mean price, share of hours run and USD per hour paid of every cohort."""

        def of(place: str, name: str) -> float:
            return self.number(seen, t, place, name)

        products = bazaar.products(of)
        whole = sum(p.asked for p in products)
        bound = sum(
            p.asked * self.future.number(f"market.demand.{p.name}.memory_bound") for p in products
        )
        bound = bound / whole if whole > 0.0 else 0.0
        energy: dict[str, float] = {}
        for site in self.future.plan.sites:
            here = [c for c, cohort in self.future.plan.chips.items() if cohort.site == site]
            wanted = sum(metered[c] for c in here)
            mean = self.power.draw(site, seen, wanted, of("market", "energy_price"))[0]
            energy |= dict.fromkeys(here, max(mean, 0.0))
        fleets, work = [], {}
        for c in self.future.plan.chips:
            work[c] = 1.0 / (1.0 - bound + bound / self._bandwidth(c))
            seen[f"chips.{c}.work"] = work[c]
            capacity = seen[f"chips.{c}.h100e"] * work[c]
            cost = energy[c] * metered[c] / capacity if capacity > 0.0 else 0.0
            fleets.append(Fleet(f"chips.{c}", capacity, cost))
        outside = bazaar.outside(of)
        cap, fixed = of("market", "price_cap"), of("market", "fixed_price")
        blocks, low, would, waited = bazaar.clear(products, [*fleets, *outside], cap, fixed)
        h = bazaar.weight
        price = sum(h * b.price for b in blocks)
        before = self.generation
        self._follow(seen, t, price)
        del before
        self._tell(seen, products, [*fleets, *outside], blocks, low, would, waited, price)
        bazaar.answer(price, self.generation, float(self.future.calendar.years[t]))
        self.full_paid = {
            f.name[6:]: self.full[f.name[6:]][0]
            * work[f.name[6:]]
            * sum(h * b.run[f.name] * b.price for b in blocks)
            for f in fleets
        }
        runs = {f.name[6:]: sum(h * b.run[f.name] for b in blocks) for f in fleets}
        paid = {
            f.name[6:]: f.capacity * sum(h * b.run[f.name] * b.price for b in blocks)
            for f in fleets
        }
        return price, runs, paid

    def _bandwidth(self, cohort: str) -> float:
        chip = self.future.plan.chips[cohort].chip
        if not isinstance(chip, str):
            place = f"chips.{cohort}.chip"
            if chip.bandwidth is None:
                return 1.0
            return self.future.number(f"{place}.bandwidth") / self.future.number(f"{place}.h100e")
        known, reference = catalogue.chip(chip), catalogue.chip("H100")
        return known.bandwidth.value / known.h100e.value / reference.bandwidth.value

    def _tell(
        self,
        seen: dict[str, float],
        products: list[Product],
        fleets: list[Fleet],
        blocks: list[Block],
        low: float,
        would: Mapping[str, float],
        waited: Mapping[str, float],
        price: float,
    ) -> None:
        """What the market makes known (docs: `offtake.market.published`)."""
        h = 1.0 / len(blocks)
        capacity = sum(f.capacity for f in fleets)
        served = asked = buyers = sellers = 0.0
        for p in products:
            firm = sum(h * b.firm[p.name] for b in blocks)
            want = sum(h * b.asked[p.name] for b in blocks) + would[p.name]
            compute = firm + waited[p.name]
            spent = sum(h * b.price * b.firm[p.name] for b in blocks) + low * waited[p.name]
            gain = _gain(p, blocks, low, would[p.name], waited[p.name])
            mean = spent / compute if compute > 0.0 else price
            told = {
                "price": mean / p.kept / p.rate,
                "unit_cost": mean / p.rate,
                "tokens": compute * p.rate * YEAR if p.tokens else 0.0,
                "revenue": spent / p.kept * YEAR,
                "compute": compute,
                "served": compute / want if want > 0.0 else 1.0,
                "surplus": gain * YEAR,
                "throughput": p.rate,
            }
            seen |= {f"cleared.{p.name}.{k}": v for k, v in told.items()}
            served, asked, buyers = served + compute, asked + want, buyers + gain
            sellers += spent * (1.0 / p.kept - 1.0)
        for f in fleets:
            if f.highest is not None:
                seen[f"cleared.supply.{f.name}.capacity"] = f.capacity
        producers, capital = self._producers(fleets, blocks)
        missing = asked - served
        seen |= {
            "cleared.price": price,
            "cleared.peak_price": max(b.price for b in blocks),
            "cleared.valley_price": min(b.price for b in blocks),
            "cleared.generation_price": self.generation,
            "cleared.scarcity": price / self.generation,
            "cleared.utilisation": served / capacity if capacity > 0.0 else served,
            "cleared.short": sum(h for b in blocks if b.short),
            "cleared.capacity": capacity,
            "cleared.served": served,
            "cleared.unserved": missing if missing > 1e-9 * asked else 0.0,
            "cleared.consumer_surplus": buyers * YEAR,
            "cleared.seller_surplus": sellers * YEAR,
            "cleared.producer_surplus": producers * YEAR,
            "cleared.outside_capital_cost": capital,
        }

    def _producers(self, fleets: list[Fleet], blocks: list[Block]) -> tuple[float, float]:
        """What owners of compute gain, USD/h, and the yearly charge for fleets outside."""
        h = 1.0 / len(blocks)
        producers = capital = 0.0
        for f in fleets:
            for b in blocks:
                z = b.run[f.name]
                cost = f.cost * z
                if f.highest is not None:
                    cost += 0.5 * (f.highest - f.cost) * z * z
                producers += h * f.capacity * (b.price * z - cost)
            if f.highest is not None:
                place = f"market.supply.{f.name}"
                rate = math.log1p(self.future.number("market.asset_rate"))
                life = self.future.number(f"{place}.life") / self.future.calendar.per_year
                charge = rate / (1.0 - math.exp(-rate * life))
                capital += f.capacity * self.future.number(f"{place}.capital_cost") * charge
        return producers, capital

    def _site(
        self,
        site: str,
        seen: dict[str, float],
        price: float,
        runs: Mapping[str, float],
        paid: Mapping[str, float],
    ) -> None:
        """Share of a site's hours that are sold, and what one sold is paid."""
        here = [c for c, cohort in self.future.plan.chips.items() if cohort.site == site]
        here = [c for c in here if c not in self.sold]
        whole = sum(seen[f"chips.{c}.h100e"] for c in here)
        sold = sum(seen[f"chips.{c}.h100e"] * runs[c] for c in here)
        share, mean = 1.0, price
        if self.bazaar is not None:
            share = sold / whole if whole > 0.0 else 0.0
            mean = sum(paid[c] for c in here) / sold if sold > 0.0 else price
        seen[f"sites.{site}.sold_share"], seen[f"sites.{site}.spot_price"] = share, mean

    def _cohort(
        self,
        c: str,
        t: int,
        seen: dict[str, float],
        price: float,
        metered: float,
        runs: float,
        paid: float,
        contracted: float,
    ) -> None:
        """Margin, value, and whether the cohort leaves."""
        calendar = self.future.calendar
        hours, years = float(calendar.hours[t]), float(calendar.years[t])
        site = self.future.plan.chips[c].site
        energy_price = seen[f"sites.{site}.energy_price"]
        running = self.number(seen, t, "market", "running_cost") * seen[f"chips.{c}.mw"]
        energy = metered * runs * hours
        margin = paid * hours - energy_price * energy - running * years
        stayed = self.stays(c)
        seen[f"chips.{c}.margin"], seen[f"chips.{c}.run"] = margin, runs
        seen[f"chips.{c}.energy"] = energy
        cost = energy_price * metered * runs * YEAR + running
        running_now = seen[f"chips.{c}.h100e"] > 0.0
        worth = self._value(c, price, paid, cost, seen[f"chips.{c}.age"]) if running_now else 0.0
        seen[f"chips.{c}.value"] = worth
        if self.pledged & set(self.future.plan.chips):
            resale = self._resale(c, t, seen, price, energy_price * runs)
            seen[f"chips.{c}.resale_value"] = resale
        if stayed:
            loses = margin < 0.0 and running_now and contracted <= 0.0
            self.losing[c] = self.losing[c] + 1.0 if loses else 0.0

    def _resale(
        self, c: str, t: int, seen: Mapping[str, float], price: float, energy: float
    ) -> float:
        """What the cohort is worth with power for all its chips; energy: USD/MWh of its hours."""
        h100e, mw = self.full[c]
        if h100e <= 0.0:
            return 0.0
        pue = max(self.pue[self.future.plan.chips[c].site], 1.0)
        cost = energy * mw * pue * YEAR + self.number(seen, t, "market", "running_cost") * mw
        return self._value(c, price, self.full_paid[c], cost, seen[f"chips.{c}.age"])

    def _value(self, c: str, price: float, paid: float, cost: float, age: float) -> float:
        """Present value of the expected margin until it first turns negative, by quadrature."""
        if price <= 0.0:
            return 0.0
        number = self.future.number
        per_year = self.future.calendar.per_year
        g, k = self._decline(), math.log(2.0) / (number("market.scarcity_half_life") / per_year)
        left = max(number(f"chips.{c}.physical_life") / per_year - age, 0.0)
        rate = math.log1p(number("market.asset_rate")) + number(f"chips.{c}.failure_rate")

        def margin(s: float) -> float:
            scarcity = 1.0 + (price / self.generation - 1.0) * math.exp(-k * s)
            expected = self.generation * math.exp(-g * s) * scarcity
            return paid * YEAR / price * expected - cost

        if margin(0.0) <= 0.0 or left <= 0.0:
            return 0.0
        end = left
        if margin(left) < 0.0:
            end = float(brentq(margin, 0.0, left, xtol=1e-14))
        worth = quad(lambda s: margin(s) * math.exp(-rate * s), 0.0, end, epsrel=1e-12, limit=200)
        return float(worth[0])


def _gain(p: Product, blocks: list[Block], low: float, would: float, waited: float) -> float:
    """What buyers of a segment gain, USD/h: those served are any of those who ask."""
    h = 1.0 / len(blocks)
    gain = sum(
        h * b.firm[p.name] / b.asked[p.name] * (1 - p.waits) * p.shape[i] * p.beyond(b.price)
        for i, b in enumerate(blocks)
        if b.asked[p.name] > 0.0
    )
    if would > 0.0:
        gain += waited / would * p.waits * p.beyond(low)
    return gain / p.kept
