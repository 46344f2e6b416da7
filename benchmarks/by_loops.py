"""The benchmark plan written out by hand as loops and compiled: one path at a time, paths in parallel.

The readable way to use a compiler: scalars, `if`, and the plan's structure in the order of the code. It
works out the same as `by_numpy.py`, from which it differs in form only.
"""

import math

import numba
import numpy as np
from scipy.special import ndtri

from benchmarks import shared as plan
from benchmarks.shared import FloatArray, Inputs, Months, Outputs

CAMPUS, LAB, CUSTOMERS, BANK, FUND, SPONSOR, VENDOR, SUPPLIERS = range(8)
AMOUNT, MARGIN = np.array(plan.AMOUNT), np.array(plan.MARGIN)
LOAN_TERM, INTEREST_ONLY = np.array(plan.LOAN_TERM), np.array(plan.INTEREST_ONLY)
UPFRONT_FEE = np.array(plan.UPFRONT_FEE)
POWER_MW, ENERGISE = np.array(plan.POWER_MW), np.array(plan.ENERGISE)
DELAY_MEDIAN = np.array(plan.DELAY_MEDIAN)
DELAY_SPREAD = np.log(np.array(plan.DELAY_P90) / DELAY_MEDIAN) / plan.Z90
DELIVER = np.array(plan.DELIVER)
START, TREND, VOLATILITY = np.array(plan.START), np.array(plan.TREND), np.array(plan.VOLATILITY)
SPEED = math.log(2.0) / (np.array(plan.HALF_LIFE) / 12.0)
PAID, NO_SERVICE = plan.PAID, plan.NO_SERVICE


@numba.njit(inline="always")
def clip(x, low, high):
    return min(max(x, low), high)


@numba.njit(inline="always")
def unpaid(claim, paid):
    short = claim - paid
    return short if short > PAID * claim else 0.0


@numba.njit(inline="always")
def share_of(cash, claim):
    return clip(cash / claim, 0.0, 1.0) if claim > 0.0 else 1.0


@numba.njit(inline="always")
def cover_of(cash_flow, service):
    total, flow = 0.0, 0.0
    for k in range(12):
        if service[k] > 0.0:
            total += service[k]
            flow += cash_flow[k]
    return flow / total if total > 0.0 else NO_SERVICE


@numba.njit(inline="always")
def scheduled_principal(which, t, left, monthly):
    """Principal by schedule, and the part of it that is no balloon."""
    remaining = max(plan.LOAN_START + LOAN_TERM[which] - t + 1.0, 1.0)
    if t <= plan.LOAN_START + INTEREST_ONLY[which]:
        regular = 0.0
    elif which == 0:
        regular = left * (monthly / -math.expm1(-remaining * math.log1p(monthly)) - monthly)
    else:
        regular = left / remaining
    return (left if remaining <= 1.0 else regular), regular


@numba.njit(parallel=True)
def run(price_per_chip, lateness, shocks, years, hours, accrual, factor, fails_below):
    """All months of all paths; arguments as `Inputs` and `Months`, fails_below [period]."""
    periods, paths = shocks.shape[0], shocks.shape[2]
    net, covers, default = np.zeros((8, paths)), np.full((2, paths), np.nan), np.zeros((2, paths))
    rho, weight = plan.CORRELATION, plan.CREDIT_CORRELATION
    rest, own_weight = math.sqrt(1.0 - rho * rho), math.sqrt(1.0 - weight * weight)
    for p in numba.prange(paths):
        deviation, level, mixed = np.zeros(3), np.zeros(3), np.zeros(3)
        ready, price = np.zeros(2), np.zeros(4)
        for h in range(2):
            z = math.sqrt(plan.CAUSE_SHARE) * lateness[0, p]
            z += math.sqrt(1.0 - plan.CAUSE_SHARE) * lateness[1 + h, p]
            ready[h] = ENERGISE[h] + DELAY_MEDIAN[h] * math.exp(DELAY_SPREAD[h] * z)
        for c in range(4):
            price[c] = plan.UNITS * price_per_chip[c, p]
        chips_paid, chips_late, cancelled = np.zeros(4), np.zeros(4), np.zeros(4)
        delivered, orders, draw_order = np.zeros(4), np.zeros(4), np.zeros(4)
        balance, overdue, arrears, late = np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2)
        called, least = np.zeros(2), np.full(2, np.inf)
        flow_year, service_year = np.zeros((2, 12)), np.zeros((2, 12))
        interest, principal, service = np.zeros(2), np.zeros(2), np.zeros(2)
        fee, advance = np.zeros(2), np.zeros(2)
        claims, draws, shares = np.zeros(8), np.zeros(8), np.zeros(8)
        paid_line = np.zeros(3)
        cash_campus, cash_lab = plan.CASH
        drawn_campus = drawn_lab = 0.0
        served = rent_arrears = rent_late = ended = 0.0
        research_arrears = power_arrears = staff_arrears = 0.0
        running_share = 1.0
        failed = stopped = False
        elapsed = 0.0
        for t in range(periods):
            dt, v = years[t], factor[t]
            elapsed += dt
            # drivers
            mixed[0], mixed[1] = shocks[t, 0, p], shocks[t, 1, p]
            mixed[2] = rho * shocks[t, 1, p] + rest * shocks[t, 2, p]
            for d in range(3):
                variance = dt
                if SPEED[d] >= 1e-6:
                    variance = -math.expm1(-2.0 * SPEED[d] * dt) / (2.0 * SPEED[d])
                step = VOLATILITY[d] * math.sqrt(variance) * mixed[d]
                deviation[d] = deviation[d] * math.exp(-SPEED[d] * dt) + step
                level[d] = START[d] * (1.0 + TREND[d]) ** elapsed * math.exp(deviation[d])
            if weight * shocks[t, 0, p] + own_weight * shocks[t, 3, p] < fails_below[t]:
                failed = True
            # capacity
            power, chips = 0.0, 0.0
            for h in range(2):
                power += clip(t - ready[h], 0.0, 1.0) * POWER_MW[h]
            for c in range(4):
                since = t - DELIVER[c]
                alive = clip(since, 0.0, 1.0) - clip(since - plan.PHYSICAL_LIFE, 0.0, 1.0)
                alive *= math.exp(-plan.FAILURE * max(since, 0.0) / 12.0)
                chips += plan.UNITS * delivered[c] * alive
            need = chips * plan.WATTS * 1e-6
            running = min(power * running_share / need, 1.0) if need > 0.0 else 0.0
            h100e = chips * running * plan.H100E * plan.AVAILABILITY
            # what is claimed
            offered = h100e * hours[t] * clip(plan.RENT_TERM - served, 0.0, 1.0) * (1.0 - ended)
            rent = plan.RENT * max(plan.TAKE_OR_PAY * offered, plan.USED * offered) + rent_arrears
            span = dt * (clip(t, 0.0, 1.0) - clip(t - plan.COSTS_END, 0.0, 1.0))
            research = plan.RESEARCH * dt + research_arrears
            electricity = level[1] * power * span + power_arrears
            staff = plan.STAFF * power * span + staff_arrears
            received = level[0] * dt * (plan.RECOVERY if failed else 1.0)
            all_orders = 0.0
            for c in range(4):
                milestone = plan.SIGNING + (plan.DELIVERY if t >= DELIVER[c] else 0.0)
                orders[c] = max(price[c] * milestone - chips_paid[c], 0.0) * (1.0 - cancelled[c])
                all_orders += orders[c]
            locked = stopped
            for k in range(2):
                rate = MARGIN[k] + (max(level[2], 0.0) if k == 0 else 0.0)
                cost = rate * accrual[k, t]
                scheduled, regular = scheduled_principal(k, t, balance[k] - overdue[k], rate * dt)
                interest[k] = balance[k] * cost + arrears[k] * (1.0 + cost)
                principal[k] = min(scheduled + overdue[k], balance[k])
                if called[k] > 0.0:
                    principal[k] = balance[k]
                principal[k] = max(principal[k], 0.0)
                service[k] = balance[k] * cost + regular
                advance[k] = AMOUNT[k] if t == plan.LOAN_START else 0.0
                fee[k] = advance[k] * UPFRONT_FEE[k]
                if arrears[k] + overdue[k] > 0.0 or called[k] > 0.0:
                    locked = True
                if cover_of(flow_year[k], service_year[k]) < plan.LOCK_UP_DSCR * (1.0 - 1e-9):
                    locked = True
            # first clearing: own cash; owners meet what is short of what they fund
            lab_share = share_of(cash_lab + received, rent + research)
            left = cash_campus + rent * lab_share + advance[0] + advance[1]
            claims[0], claims[1], claims[2] = electricity + staff, fee[0], interest[0]
            claims[3], claims[4], claims[5] = principal[0], fee[1], interest[1]
            claims[6], claims[7] = principal[1], all_orders
            wanted = 0.0
            for k in range(8):
                shares[k] = share_of(left, claims[k])
                left -= claims[k] * shares[k]
                draws[k] = 0.0
                if 1 <= k <= 3:
                    draws[k] = unpaid(claims[k], claims[k] * shares[k])
                    wanted += draws[k]
            for c in range(4):
                draw_order[c] = unpaid(orders[c], orders[c] * shares[7])
                wanted += draw_order[c]
            room = share_of(plan.COMMITMENT[0] - drawn_campus, wanted)
            need_rent = unpaid(rent, rent * lab_share)
            draw_rent = need_rent * share_of(plan.COMMITMENT[1] - drawn_lab, need_rent)
            # second clearing: own cash first, then owners pay what is short of what they were asked
            lab_left = cash_lab + received - (rent + research) * lab_share
            paid_rent = rent * lab_share + draw_rent
            paid_research = research * lab_share
            left = cash_campus + paid_rent + advance[0] + advance[1]
            draw_campus = 0.0
            for k in range(8):
                shares[k] = share_of(left, claims[k])
                left -= claims[k] * shares[k]
                draws[k] = min(draws[k] * room, claims[k] * (1.0 - shares[k]))
                draw_campus += draws[k]
            for c in range(4):
                draw_order[c] = min(draw_order[c] * room, orders[c] * (1.0 - shares[7]))
                draw_campus += draw_order[c]
            paid_power, paid_staff = electricity * shares[0], staff * shares[0]
            # owners take what is left unless locked up
            dividend_campus = dividend_lab = 0.0
            if t >= plan.DISTRIBUTIONS_FROM[0] and not locked:
                dividend_campus = max(left - plan.MINIMUM[0], 0.0)
            if t >= plan.DISTRIBUTIONS_FROM[1]:
                dividend_lab = max(lab_left - plan.MINIMUM[1], 0.0)
            cash_campus, cash_lab = left - dividend_campus, lab_left - dividend_lab
            drawn_campus += draw_campus
            drawn_lab += draw_rent
            # every contract moves its own state
            cash_flow = paid_rent - paid_power - paid_staff
            stopped = False
            to_lenders = 0.0
            for k in range(2):
                fee_paid = fee[k] * shares[1 + 3 * k] + draws[1 + 3 * k]
                for j in range(2):
                    place = 2 + j + 3 * k
                    claim = interest[k] if j == 0 else principal[k]
                    paid_line[j] = claim * shares[place] + draws[place]
                short = unpaid(interest[k], paid_line[0])
                behind = unpaid(principal[k], paid_line[1])
                opened, going = balance[k], called[k] == 0.0
                balance[k] = max(balance[k] - paid_line[1], 0.0)
                late[k] = late[k] + 1.0 if short > 0.0 or behind > 0.0 else 0.0
                overdue[k] = min(behind, balance[k])
                arrears[k] = short + unpaid(fee[k], fee_paid)
                if late[k] > plan.LOAN_GRACE:
                    called[k] = 1.0
                balance[k] += advance[k]
                # What ranks before or with a loan is covered by the same cash: senior before junior.
                due = service[0] + service[1] if k == 1 else service[0]
                flow_year[k, t % 12] = cash_flow
                service_year[k, t % 12] = due if service[k] > PAID * due else 0.0
                cover = cover_of(flow_year[k], service_year[k])
                if going and opened > 1.0 and cover < 0.5 * NO_SERVICE:
                    least[k] = min(least[k], cover)
                if called[k] > 0.0 and balance[k] + arrears[k] > 0.0:
                    stopped = True
                paid = fee_paid + paid_line[0] + paid_line[1] - advance[k]
                to_lenders += paid
                net[BANK + k, p] -= v * paid
            bought = 0.0
            for c in range(4):
                paid = orders[c] * shares[7] + draw_order[c]
                bought += paid
                chips_paid[c] += paid
                chips_late[c] = chips_late[c] + 1.0 if orders[c] - paid > PAID * orders[c] else 0.0
                if chips_late[c] > plan.CANCEL_AFTER:
                    cancelled[c] = 1.0
                got = (chips_paid[c] - plan.SIGNING * price[c]) / (plan.DELIVERY * price[c])
                delivered[c] = clip(got, 0.0, 1.0)
            rent_arrears = unpaid(rent, paid_rent)
            rent_late = rent_late + 1.0 if rent_arrears > 0.0 else 0.0
            if served > 0.0 or offered > 0.0:
                served += 1.0
            if rent_late > plan.RENT_GRACE:
                ended = 1.0
            research_arrears = unpaid(research, paid_research)
            power_arrears = unpaid(electricity, paid_power)
            running_share = shares[0] if shares[0] < 1.0 - plan.PAID else 1.0
            staff_arrears = unpaid(staff, paid_staff)
            # present value of what every party paid less what it received
            costs = paid_power + paid_staff
            net[CAMPUS, p] += v * (
                costs + to_lenders + bought + dividend_campus - draw_campus - paid_rent
            )
            net[LAB, p] += v * (paid_rent + paid_research + dividend_lab - received - draw_rent)
            net[CUSTOMERS, p] += v * received
            net[SPONSOR, p] += v * (draw_campus + draw_rent - dividend_campus - dividend_lab)
            net[VENDOR, p] -= v * bought
            net[SUPPLIERS, p] -= v * (paid_research + costs)
        for k in range(2):
            default[k, p] = called[k]
            if least[k] < np.inf:
                covers[k, p] = least[k]
    return net, covers, default


def simulate(inputs: Inputs, months: Months) -> Outputs:
    """All months of all paths."""
    accrual: FloatArray = np.stack([months.actual_360, months.thirty_360])
    fails_below = ndtri(-np.expm1(-plan.HAZARD * months.years))
    return Outputs(
        *run(
            inputs.chip_price, inputs.lateness, inputs.shocks,
            months.years, months.hours, accrual, months.factor, fails_below,
        )
    )  # fmt: skip
