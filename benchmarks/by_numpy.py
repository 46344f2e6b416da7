"""The benchmark plan written out by hand in NumPy: whole arrays of paths, month after month.

What an analyst would write for this plan and no other: every contract is a few lines, the waterfall
of each party a run of minima in the order of rank, and the lab is paid out before the campus because
nothing flows back. Paths are last; the caller cuts them into chunks that fit the cache.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from benchmarks import shared as plan
from benchmarks.shared import FloatArray, Inputs, Months, Outputs

CAMPUS, LAB, CUSTOMERS, BANK, FUND, SPONSOR, VENDOR, SUPPLIERS = range(8)
LENDER = (BANK, FUND)


def column(values: tuple[float, ...]) -> FloatArray:
    return np.array(values)[:, None]


@dataclass
class Loan:
    """State of one loan, every array [path]."""

    balance: FloatArray
    overdue: FloatArray
    arrears: FloatArray
    late: FloatArray
    called: FloatArray
    cash_flow: FloatArray
    """[12, path] what was available in the months in which service was due"""
    service: FloatArray
    """[12, path]"""
    least_cover: FloatArray

    @classmethod
    def new(cls, paths: int) -> "Loan":
        zero = np.zeros(paths)
        year = np.zeros((12, paths))
        return cls(zero, zero, zero, zero, zero, year, year.copy(), np.full(paths, np.inf))

    def cover(self) -> FloatArray:
        service = self.service.sum(axis=0)
        cash_flow = np.where(self.service > 0.0, self.cash_flow, 0.0).sum(axis=0)
        known = service > 0.0
        return np.where(known, cash_flow / np.where(known, service, 1.0), plan.NO_SERVICE)


@dataclass
class Due:
    """What a loan claims in a month, [path]."""

    interest: FloatArray
    principal: FloatArray
    fee: float
    advance: float
    service: FloatArray
    """interest and principal of the schedule, balloon apart"""


def due(which: int, loan: Loan, t: int, sofr: FloatArray, months: Months) -> Due:
    begin, term = plan.LOAN_START, plan.LOAN_TERM[which]
    senior = which == 0
    rate = plan.MARGIN[which] + (np.maximum(sofr, 0.0) if senior else 0.0)
    accrual = rate * (months.actual_360[t] if senior else months.thirty_360[t])
    remaining = max(begin + term - t + 1.0, 1.0)
    left = loan.balance - loan.overdue
    if t <= begin + plan.INTEREST_ONLY[which]:
        regular = np.zeros_like(left)
    elif senior:
        monthly = rate * months.years[t]
        regular = left * (monthly / -np.expm1(-remaining * np.log1p(monthly)) - monthly)
    else:
        regular = left / remaining
    scheduled = left if remaining <= 1.0 else regular
    accrued = loan.balance * accrual
    principal = np.minimum(scheduled + loan.overdue, loan.balance)
    principal = np.maximum(np.where(loan.called > 0.0, loan.balance, principal), 0.0)
    advance = plan.AMOUNT[which] if t == begin else 0.0
    return Due(
        accrued + loan.arrears * (1.0 + accrual),
        principal,
        advance * plan.UPFRONT_FEE[which],
        advance,
        accrued + regular,
    )


def unpaid(claim: FloatArray | float, paid: FloatArray) -> FloatArray:
    short = claim - paid
    return np.where(short > plan.PAID * claim, short, 0.0)


def serviced(
    loan: Loan,
    asked: Due,
    paid: list[FloatArray],
    cash_flow: FloatArray,
    service: FloatArray,
    t: int,
) -> None:
    """Move a loan's state.

    paid: fee, interest, principal; service: what cash flow has to cover, the loan's own included.
    """
    opened = loan.balance
    interest, principal = unpaid(asked.interest, paid[1]), unpaid(asked.principal, paid[2])
    going = loan.called == 0.0
    balance = np.maximum(loan.balance - paid[2], 0.0)
    loan.late = np.where((interest > 0.0) | (principal > 0.0), loan.late + 1.0, 0.0)
    loan.overdue = np.minimum(principal, balance)
    loan.arrears = interest + unpaid(asked.fee, paid[0])
    loan.called = np.maximum(loan.called, loan.late > plan.LOAN_GRACE)
    loan.balance = balance + asked.advance
    loan.cash_flow[t % 12] = cash_flow
    loan.service[t % 12] = np.where(asked.service > plan.PAID * service, service, 0.0)
    cover = loan.cover()
    counted = going & (opened > 1.0) & (cover < 0.5 * plan.NO_SERVICE)
    loan.least_cover = np.where(counted, np.minimum(loan.least_cover, cover), loan.least_cover)


@dataclass
class Drivers:
    """Deviations of the three drivers from their trends, and the customers' default."""

    deviation: FloatArray
    """[driver, path]"""
    failed: FloatArray
    """[path]"""
    speed: FloatArray = field(default_factory=lambda: np.log(2.0) / (column(plan.HALF_LIFE) / 12.0))

    def advance(self, shocks: FloatArray, years: float, elapsed: float) -> FloatArray:
        """Values of the drivers, [driver, path]."""
        rho = plan.CORRELATION
        mixed = np.stack(
            [shocks[0], shocks[1], rho * shocks[1] + np.sqrt(1.0 - rho * rho) * shocks[2]]
        )
        still = self.speed < 1e-6
        safe = np.where(still, 1.0, self.speed)
        variance = np.where(still, years, -np.expm1(-2.0 * safe * years) / (2.0 * safe))
        spread = column(plan.VOLATILITY) * np.sqrt(variance)
        self.deviation = self.deviation * np.exp(-self.speed * years) + spread * mixed
        weight = plan.CREDIT_CORRELATION
        latent = weight * shocks[0] + np.sqrt(1.0 - weight**2) * shocks[3]
        self.failed = self.failed | (latent < ndtri(-np.expm1(-plan.HAZARD * years)))
        trend = column(plan.START) * (1.0 + column(plan.TREND)) ** elapsed
        return trend * np.exp(self.deviation)


def delays(lateness: FloatArray) -> FloatArray:
    """[phase, path] months."""
    share = plan.CAUSE_SHARE
    z = np.sqrt(share) * lateness[:1] + np.sqrt(1.0 - share) * lateness[1:]
    spread = np.log(column(plan.DELAY_P90) / column(plan.DELAY_MEDIAN)) / plan.Z90
    return column(plan.DELAY_MEDIAN) * np.exp(spread * z)


def capacity(
    t: int, ready: FloatArray, delivered: FloatArray, running: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Energised MW and running H100e of the campus, [path]."""
    power = (np.clip(t - ready, 0.0, 1.0) * column(plan.POWER_MW)).sum(axis=0)
    since = t - column(plan.DELIVER)
    present = np.clip(since, 0.0, 1.0) - np.clip(since - plan.PHYSICAL_LIFE, 0.0, 1.0)
    alive = np.exp(-plan.FAILURE * np.maximum(since, 0.0) / 12.0) * present
    chips = (plan.UNITS * delivered * alive).sum(axis=0)
    need = chips * plan.WATTS * 1e-6
    share = np.where(
        need > 0.0, np.minimum(power * running / np.where(need > 0.0, need, 1.0), 1.0), 0.0
    )
    return power, chips * share * plan.H100E * plan.AVAILABILITY


def share_of(cash: FloatArray, claim: FloatArray) -> FloatArray:
    """What share of a claim cash can pay; 1 where nothing is claimed."""
    positive = claim > 0.0
    return np.where(positive, np.clip(cash / np.where(positive, claim, 1.0), 0.0, 1.0), 1.0)


def waterfall(cash: FloatArray, claims: list[FloatArray]) -> tuple[list[FloatArray], FloatArray]:
    """Paid share of each claim in order, and the cash left."""
    shares: list[FloatArray] = []
    for claim in claims:
        shares.append(share_of(cash, claim))
        cash = cash - claim * shares[-1]
    return shares, cash


def simulate(inputs: Inputs, months: Months) -> Outputs:
    """All months of a chunk of paths."""
    paths = inputs.chip_price.shape[-1]
    zero = np.zeros(paths)
    drivers = Drivers(np.zeros((3, paths)), np.zeros(paths, bool))
    ready = column(plan.ENERGISE) + delays(inputs.lateness)
    price = plan.UNITS * inputs.chip_price
    chips_paid, chips_late, cancelled = (np.zeros((4, paths)) for _ in range(3))
    delivered = np.zeros((4, paths))
    running_share = zero + 1.0
    cash = [np.full(paths, amount) for amount in plan.CASH]
    drawn = [zero, zero]
    served, rent_arrears, rent_late, ended = zero, zero, zero, zero
    cost_arrears = [zero, zero, zero]  # research, power, staff
    loans = [Loan.new(paths), Loan.new(paths)]
    stopped = np.zeros(paths, bool)
    net = np.zeros((8, paths))
    for t in range(months.years.size):
        years, v = months.years[t], months.factor[t]
        revenue, power_cost, sofr = drivers.advance(
            inputs.shocks[t], years, months.years[: t + 1].sum()
        )
        power, h100e = capacity(t, ready, delivered, running_share)
        # --- what is claimed
        offered = (
            h100e * months.hours[t] * np.clip(plan.RENT_TERM - served, 0.0, 1.0) * (1.0 - ended)
        )
        rent = (
            plan.RENT * np.maximum(plan.TAKE_OR_PAY * offered, plan.USED * offered) + rent_arrears
        )
        running = years * (np.clip(t, 0, 1) - np.clip(t - plan.COSTS_END, 0.0, 1.0))
        research = plan.RESEARCH * years + cost_arrears[0]
        electricity = power_cost * power * running + cost_arrears[1]
        staff = plan.STAFF * power * running + cost_arrears[2]
        milestone = plan.SIGNING + plan.DELIVERY * (t >= column(plan.DELIVER))
        orders = np.maximum(price * milestone - chips_paid, 0.0) * (1.0 - cancelled)
        asked = [due(which, loans[which], t, sofr, months) for which in (0, 1)]
        fees = [zero + asked[0].fee, zero + asked[1].fee]
        advance = asked[0].advance + asked[1].advance
        received = revenue * years * np.where(drivers.failed, plan.RECOVERY, 1.0)
        # --- first clearing: own cash; owners meet what is short of what they fund
        (lab_share,), lab_left = waterfall(cash[LAB] + received, [rent + research])
        claims = [
            electricity + staff, fees[0], asked[0].interest, asked[0].principal,
            fees[1], asked[1].interest, asked[1].principal, orders.sum(axis=0),
        ]  # fmt: skip
        shares, _ = waterfall(cash[CAMPUS] + rent * lab_share + advance, claims)
        need = [unpaid(claims[k], claims[k] * shares[k]) for k in (1, 2, 3)]
        need_orders = unpaid(orders, orders * shares[7])
        need_rent = unpaid(rent, rent * lab_share)
        wanted = need[0] + need[1] + need[2] + need_orders.sum(axis=0)
        room = share_of(plan.COMMITMENT[0] - drawn[0], wanted)
        called = [n * room for n in need]
        called_orders = need_orders * room
        called_rent = need_rent * share_of(plan.COMMITMENT[1] - drawn[1], need_rent)
        # --- second clearing: the same claims; owners pay what is short, at most what was called
        draw_rent = np.minimum(called_rent, rent * (1.0 - lab_share))
        paid_rent = rent * lab_share + draw_rent
        paid_research = research * lab_share
        shares, left = waterfall(cash[CAMPUS] + paid_rent + advance, claims)
        draws = [np.minimum(called[k], claims[k + 1] * (1.0 - shares[k + 1])) for k in range(3)]
        draw_orders = np.minimum(called_orders, orders * (1.0 - shares[7]))
        draw_campus = draws[0] + draws[1] + draws[2] + draw_orders.sum(axis=0)
        paid_fee = [fees[0] * shares[1] + draws[0], fees[1] * shares[4]]
        paid_interest = [
            asked[0].interest * shares[2] + draws[1],
            asked[1].interest * shares[5],
        ]
        paid_principal = [
            asked[0].principal * shares[3] + draws[2],
            asked[1].principal * shares[6],
        ]
        paid_orders = orders * shares[7] + draw_orders
        paid_power, paid_staff = electricity * shares[0], staff * shares[0]
        # --- owners take what is left unless locked up
        locked = stopped.copy()
        for loan in loans:
            locked |= (loan.arrears + loan.overdue > 0.0) | (loan.called > 0.0)
            locked |= loan.cover() < plan.LOCK_UP_DSCR * (1.0 - 1e-9)
        open_ = [t >= month for month in plan.DISTRIBUTIONS_FROM]
        dividend = [
            np.where(open_[0] & ~locked, np.maximum(left - plan.MINIMUM[0], 0.0), 0.0),
            np.where(open_[1], np.maximum(lab_left - plan.MINIMUM[1], 0.0), 0.0),
        ]
        cash = [left - dividend[0], lab_left - dividend[1]]
        # --- every contract moves its own state
        drawn = [drawn[0] + draw_campus, drawn[1] + draw_rent]
        cash_flow = paid_rent - paid_power - paid_staff
        stopped = np.zeros(paths, bool)
        for which, loan in enumerate(loans):
            paid = [paid_fee[which], paid_interest[which], paid_principal[which]]
            # What ranks before or with a loan is covered by the same cash: senior before junior.
            service = asked[0].service + asked[1].service if which == 1 else asked[0].service
            serviced(loan, asked[which], paid, cash_flow, service, t)
            stopped |= (loan.called > 0.0) & (loan.balance + loan.arrears > 0.0)
        chips_paid = chips_paid + paid_orders
        chips_late = np.where(orders - paid_orders > plan.PAID * orders, chips_late + 1.0, 0.0)
        cancelled = np.maximum(cancelled, chips_late > plan.CANCEL_AFTER)
        delivered = np.clip((chips_paid - plan.SIGNING * price) / (plan.DELIVERY * price), 0.0, 1.0)
        rent_arrears = unpaid(rent, paid_rent)
        rent_late = np.where(rent_arrears > 0.0, rent_late + 1.0, 0.0)
        served = served + ((served > 0.0) | (offered > 0.0))
        ended = np.maximum(ended, rent_late > plan.RENT_GRACE)
        cost_arrears = [
            unpaid(research, paid_research),
            unpaid(electricity, paid_power),
            unpaid(staff, paid_staff),
        ]
        running_share = np.where(shares[0] >= 1.0 - plan.PAID, 1.0, shares[0])
        # --- present value of what every party paid less what it received
        to_lenders = [
            paid_fee[k] + paid_interest[k] + paid_principal[k] - asked[k].advance for k in (0, 1)
        ]
        bought = paid_orders.sum(axis=0)
        net[CAMPUS] += v * (
            paid_power
            + paid_staff
            + to_lenders[0]
            + to_lenders[1]
            + bought
            + dividend[0]
            - draw_campus
            - paid_rent
        )
        net[LAB] += v * (paid_rent + paid_research + dividend[1] - received - draw_rent)
        net[CUSTOMERS] += v * received
        for which, lender in enumerate(LENDER):
            net[lender] -= v * to_lenders[which]
        net[SPONSOR] += v * (draw_campus + draw_rent - dividend[0] - dividend[1])
        net[VENDOR] -= v * bought
        net[SUPPLIERS] -= v * (paid_research + paid_power + paid_staff)
    covers = np.stack([loan.least_cover for loan in loans])
    return Outputs(
        net,
        np.where(np.isfinite(covers), covers, np.nan),
        np.stack([loan.called * 1.0 for loan in loans]),
    )
