"""Facilities: one loan of 100 at 10 % over three years, on five paths worked by hand."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from offtake.core.arrays import jax, jnp
from offtake.core.flows import Flow
from offtake.core.terms import ContractName, Terms
from offtake.measures.facilities import Facilities, Repayment
from tests.measures.case import Case
from tests.measures.ledger import on_device

REPAID, DEFAULTED, LATE, UNUSED, RUNNING = range(5)
"""Repaid in year 3; accelerated in year 2; 20 unpaid at maturity; never drawn; still open."""
PATHS = 5
OPEN = 1e9


def by_path(*values: float) -> np.ndarray:
    return np.array(values, float)


class GuaranteeTerms(Terms):
    kind: Literal["guarantee"] = "guarantee"
    protects: tuple[ContractName, ...] = ()


class LienTerms(Terms):
    kind: Literal["security"] = "security"
    secures: tuple[ContractName, ...] = ("loan",)
    assets: tuple[str, ...] = ("chips", "hall")


def publish(case: Case) -> None:
    """What the loan publishes, and the market of the chips."""
    none = np.zeros((1, PATHS))
    balance = np.array(
        [
            [100, 100, 50, 0, 0, 0],
            [100, 100, 100, 62, 32, 32],
            [100, 100, 50, 20, 20, 0],
            [0, 0, 0, 0, 0, 0],
            [100, 100, 100, 100, 100, 100],
        ],
        float,
    ).T
    accelerated = np.zeros((6, PATHS))
    accelerated[2:, DEFAULTED] = 1.0
    cover = np.full((6, PATHS), OPEN)
    cover[1:5] = np.array([[1.5, 1.2, 0.9, 0.1]]).T
    cover[:, UNUSED] = OPEN
    case.over_time(
        "loan",
        balance=np.concatenate([none, balance]),
        accelerated=np.concatenate([none, accelerated]),
        dscr=np.concatenate([none + OPEN, cover]),
    )
    # The chips cover their cost to the end of year 3, on the running path to the horizon.
    margin = np.array([[0, 5, 5, 0, -1, -1]] * PATHS, float).T
    margin[4:, RUNNING] = 5.0
    case.observe("chips.chips.margin", margin)
    case.observe("chips.chips.h100e", [0, 1, 1, 1, 1, 1])


def pay_the_loan(case: Case) -> None:
    """Claims and payments on the loan; year -> amount by path."""
    case.claim("loan", "bank", "company", Flow.CAPITAL_IN, paid={0: by_path(100, 100, 100, 0, 100)})
    case.claim(
        "loan",
        "company",
        "bank",
        Flow.INTEREST,
        claimed={
            1: by_path(10, 10, 10, 0, 10),
            2: by_path(10, 10, 10, 0, 10),
            3: by_path(5, 16.6, 5, 0, 10),
            4: by_path(0, 6.2, 2, 0, 10),
            5: by_path(0, 3.2, 2.2, 0, 10),
        },
        paid={
            1: by_path(10, 10, 10, 0, 10),
            2: by_path(10, 4, 10, 0, 10),
            3: by_path(5, 16.6, 5, 0, 10),
            4: by_path(0, 0, 0, 0, 10),
            5: by_path(0, 0, 2.2, 0, 10),
        },
    )
    case.claim(
        "loan",
        "company",
        "bank",
        Flow.PRINCIPAL,
        claimed={
            2: by_path(50, 50, 50, 0, 0),
            3: by_path(50, 100, 50, 0, 0),
            4: by_path(0, 62, 20, 0, 0),
            5: by_path(0, 32, 20, 0, 0),
        },
        paid={
            2: by_path(50, 0, 50, 0, 0),
            3: by_path(50, 38, 30, 0, 0),
            4: by_path(0, 30, 0, 0, 0),
            5: by_path(0, 0, 20, 0, 0),
        },
    )


def one_loan(
    collateral: tuple[str, ...] = ("chips",), protects: tuple[str, ...] = ("loan",)
) -> Case:
    """Balances at the close of years 0 to 5.

    repaid     100 100  50   0   0   0
    defaulted  100 100 100  62  32  32     accelerated at the close of year 2
    late       100 100  50  20  20   0     20 unpaid at maturity, grace of one year
    unused       0   0   0   0   0   0
    running    100 100 100 100 100 100     the term is nine years
    """
    parties = {"company": "internal", "bank": "external", "parent": "external", "town": "external"}
    case = Case(parties, periods=6, rate=0.25, paths=PATHS)
    case.cash("company", 1000.0)
    case.lend("loan", "bank", "company", collateral=collateral, rate=0.1, grace=1.0)
    case.number("contracts.loan.term", by_path(3, 3, 3, 3, 9))
    case.cohort("chips", "hall")
    pay_the_loan(case)
    for name, amount in (("sales", 60.0), ("service", 10.0)):
        ends = ("town", "company") if name == "sales" else ("company", "town")
        flow = Flow.SALE if name == "sales" else Flow.RUNNING_COST
        case.claim(name, *ends, flow, paid=dict.fromkeys(range(1, 6), amount))
    case.claim(
        "guarantee",
        "parent",
        "company",
        Flow.SUPPORT,
        form="support",
        paid={4: by_path(0, 12, 0, 0, 0)},
    )
    case.terms["guarantee"] = GuaranteeTerms(protects=protects)
    publish(case)
    return case


def of_loan(case: Case) -> dict[str, np.ndarray]:
    return {name: value[0] for name, value in case.reduce(Facilities).items()}


def test_what_was_lent_and_what_is_open():
    got = of_loan(one_loan())
    assert got["size_usd"] == pytest.approx(100.0)
    assert got["drawn_usd"] == pytest.approx([100, 100, 100, 0, 100])
    assert got["open_usd"] == pytest.approx([0, 32, 0, 0, 100])
    assert got["shortfall_usd"] == pytest.approx([0, 62, 20, 0, 0])


def test_default_is_acceleration_or_a_maturity_unpaid_after_grace():
    got = of_loan(one_loan())
    # Maturity is year 3, grace ends with year 4, in which the late path is still open.
    assert got["default_period"] == pytest.approx([np.nan, 2, 4, np.nan, np.nan], nan_ok=True)
    # 100 and 6 of interest unpaid in year 2; 20 and 2 of interest unpaid in year 4.
    assert got["ead_usd"] == pytest.approx([0, 106, 22, 0, 0])


def test_recoveries_are_discounted_at_the_contract_rate_supports_apart():
    got = of_loan(one_loan())
    # Year 3: 16.6 + 38. Year 4: 30, of which the parent paid 12. Late path: 22.2 one year later.
    recovered = 54.6 / 1.1 + 18 / 1.21
    assert got["recovered_usd"] == pytest.approx([0, recovered, 22.2 / 1.1, 0, 0])
    assert got["supported_usd"] == pytest.approx([0, 12 / 1.21, 0, 0, 0])
    loss = [0, (106 - recovered) / 1.25**2, (22 - 22.2 / 1.1) / 1.25**4, 0, 0]
    assert got["loss_usd"] == pytest.approx(loss)
    loss[DEFAULTED] -= 12 / 1.21 / 1.25**2
    assert got["loss_after_supports_usd"] == pytest.approx(loss)
    # Lent from the opening date until default in year 2, at 25 % a year.
    assert got["lent_usd_years"][DEFAULTED] == pytest.approx(100 / 1.25 + 100 / 1.25**2)


def test_what_the_sale_of_collateral_brought_and_when():
    case = one_loan()
    buyer = {3: by_path(0, 54.6, 0, 0, 0)}
    case.claim("loan", "town", "bank", Flow.PRINCIPAL, paid=buyer, line="recovery")
    for claim in case.lines[1:3]:
        claim.paid = {**claim.paid, 3: by_path(0, 0, 0, 0, 0)}  # type: ignore[misc]
    case.terms["lien"] = LienTerms()
    proceeds = np.zeros((6, PATHS))
    proceeds[3] = 90.0
    case.observe("contracts.lien/chips.proceeds", proceeds)
    case.observe("contracts.lien/hall.proceeds", proceeds / 3)
    got = of_loan(case)
    assert got["recovered_usd"][DEFAULTED] == pytest.approx(54.6 / 1.1 + 18 / 1.21)
    assert got["sold_usd"] == pytest.approx([0, 54.6 / 1.1, 0, 0, 0])
    assert got["sold_chips_usd"] == pytest.approx([0, 0.75 * 54.6 / 1.1, 0, 0, 0])
    # Periods are years: 54.6 comes after one, 18 after two.
    mean = 12 * (54.6 / 1.1 + 2 * 18 / 1.21) / (54.6 / 1.1 + 18 / 1.21)
    assert got["recovery_months"][DEFAULTED] == pytest.approx(mean)
    assert np.isnan(got["recovery_months"][REPAID])


def test_a_support_of_everything_is_shared_among_what_is_claimed():
    got = of_loan(one_loan(protects=()))
    # Claimed in year 4: 68.2 on the loan, 10 for service.
    helped = 12 * 68.2 / 78.2
    assert got["supported_usd"][DEFAULTED] == pytest.approx(helped / 1.21)
    assert got["recovered_usd"][DEFAULTED] == pytest.approx(54.6 / 1.1 + (30 - helped) / 1.21)


def test_a_support_of_another_contract_is_none():
    assert of_loan(one_loan(protects=("sales",)))["supported_usd"] == pytest.approx(0.0)


def test_least_cover_up_to_default():
    got = of_loan(one_loan())["min_dscr"]
    # After repayment (0.1 in year 4) nothing is measured; nor after default.
    assert got == pytest.approx([0.9, 1.2, 0.1, np.nan, 0.1], nan_ok=True)


def test_realised_loan_life_cover():
    got = of_loan(one_loan())["llcr"]
    annuity = [1 / 1.1**k for k in range(1, 6)]
    three, five = 0.5 * sum(annuity[:3]), 0.5 * sum(annuity)
    # 60 less 10 a year, from the peak at the close of year 0 to maturity, or to the horizon.
    assert got == pytest.approx([three, three, three, np.nan, five], nan_ok=True)


@pytest.mark.parametrize(
    ("seniority", "senior", "junior"),
    [("senior", 150.0, 150.0), ("junior", 100.0, 150.0)],
    ids=["equal", "junior"],
)
def test_loan_life_cover_counts_balances_that_rank_before_or_with_it(
    seniority: str, senior: float, junior: float
):
    case = one_loan()
    case.lend("notes", "bank", "company", rate=0.1, term=3.0)
    case.lend("elsewhere", "company", "parent", rate=0.1, term=3.0)
    case.terms["loan"].seniority, case.terms["notes"].seniority = "senior", seniority
    zero = np.zeros((7, PATHS))
    for name, owed in (("notes", 50.0), ("elsewhere", 1000.0)):
        balance = zero.copy()
        balance[1:4] = owed
        case.over_time(name, balance=balance, accelerated=zero, dscr=zero + OPEN)
    got = case.reduce(Facilities)["llcr"]
    # CFADS of 50 in years 1 to 3, from a peak at the close of year 0: 100 on the loan, 50 beside.
    worth = 50 * (1 / 1.1 + 1 / 1.21 + 1 / 1.331)
    assert got[0, REPAID] == pytest.approx(worth / senior)
    assert got[1, REPAID] == pytest.approx(worth / junior)


def test_repayment_against_the_end_of_the_chips():
    got = of_loan(one_loan())
    assert got["repaid_period"] == pytest.approx([3, np.nan, 5, np.nan, np.nan], nan_ok=True)
    expected = ["BEFORE", "NOT", "AFTER", "UNUSED", "CENSORED"]
    assert [Repayment(int(code)).name for code in got["repayment"]] == expected


def test_repayment_without_collateral_is_not_judged():
    got = of_loan(one_loan(collateral=()))["repayment"]
    assert got.tolist() == [5, 5, 5, 0, 5]


def test_a_site_ends_with_its_sales_to_the_borrower():
    case = one_loan(collateral=("hall",))
    for name in ("sales", "service"):
        case.terms[name] = type("Terms", (), {"site": "hall"})()
    # 60 against 10 in every year: the site earns to the horizon, so what was repaid was in time.
    codes = of_loan(case)["repayment"].astype(int).tolist()
    assert [Repayment(code).name for code in codes] == [
        "BEFORE",
        "NOT",
        "BEFORE",
        "UNUSED",
        "CENSORED",
    ]


def test_a_site_without_sales_ends_with_its_chips():
    chips, hall = one_loan(), one_loan(collateral=("hall",))
    assert of_loan(hall)["repayment"].tolist() == of_loan(chips)["repayment"].tolist()


def test_a_contract_ends_with_its_last_payment():
    case = one_loan(collateral=("sales",))
    case.lines[3].paid = {1: 60.0, 2: 60.0}  # type: ignore[misc]
    codes = of_loan(case)["repayment"].astype(int).tolist()
    assert [Repayment(code).name for code in codes] == ["AFTER", "NOT", "AFTER", "UNUSED", "NOT"]


def test_a_balance_written_off_is_not_repaid():
    case = one_loan()
    case.lines[2].paid = {2: 50.0, 3: 0.0}  # type: ignore[misc]
    got = of_loan(case)
    assert np.isnan(got["repaid_period"][REPAID])
    assert got["repayment"][REPAID] == Repayment.NOT


def taken_out() -> Case:
    """A second loan of 50, from year 3, pays the last principal of the first one in year 3."""
    case = one_loan()
    case.lend("notes", "bank", "company", collateral=("chips",), rate=0.1, term=5.0)
    case.terms["notes"].funds = ("loan",)
    case.claim("notes", "bank", "company", Flow.CAPITAL_IN, paid={3: by_path(50, 0, 0, 0, 0)})
    case.claim("notes", "company", "bank", Flow.PRINCIPAL, paid={5: by_path(50, 0, 0, 0, 0)})
    balance = np.zeros((7, PATHS))
    balance[4:6, REPAID] = 50.0
    case.over_time("notes", balance=balance, accelerated=balance * 0.0, dscr=balance * 0.0 + OPEN)
    return case


def test_a_take_out_on_the_same_collateral_is_followed():
    got = taken_out().reduce(Facilities)
    # Claimed on the loan in year 3: 50 of principal and 5 of interest.
    assert got["refinanced_share"][0] == pytest.approx([50 * 50 / 55 / 100, 0, 0, 0, 0])
    assert got["repaid_period"][0, REPAID] == 3  # this lender has its money
    assert got["repayment"][:, REPAID].tolist() == [Repayment.AFTER, Repayment.AFTER]
    assert got["repayment"][0, 1:].tolist() == [3, 2, 0, 4]


def test_a_take_out_that_fails_is_no_repayment():
    case = taken_out()
    called = np.zeros((7, PATHS))
    called[5:, REPAID] = 1.0
    balance = np.zeros((7, PATHS))
    balance[4:, REPAID] = 50.0
    case.over_time("notes", balance=balance, accelerated=called, dscr=balance * 0.0 + OPEN)
    case.lines[-1].paid = case.lines[-1].claimed = {}  # type: ignore[misc]
    codes = case.reduce(Facilities)["repayment"][:, REPAID]
    assert codes.tolist() == [Repayment.NOT, Repayment.NOT]


def test_a_loan_on_other_collateral_is_no_take_out():
    case = taken_out()
    case.facilities[1] = replace(case.facilities[1], collateral=())
    got = case.reduce(Facilities)
    assert got["refinanced_share"][0] == pytest.approx(0.0)
    assert got["repayment"][0, REPAID] == Repayment.BEFORE


def test_times_of_a_sale_on_credit_count_from_delivery():
    """Ten chips at 12.50, 20 % down, delivered a year after the start: 100 on credit."""
    case = one_loan()
    del case.numbers["contracts.loan.amount"]
    case.number("contracts.loan.down_payment", 0.2)
    case.cohort("chips", "hall", units=10.0, price=12.5, deliver=1.0)
    case.facilities[0] = replace(case.facilities[0], units_row=0)
    got = of_loan(case)
    assert got["size_usd"] == pytest.approx(100.0)
    # Three years from delivery end with year 4, grace with year 5, by which the late path has paid.
    assert got["default_period"] == pytest.approx([np.nan, 2, np.nan, np.nan, np.nan], nan_ok=True)
    assert got["shortfall_usd"] == pytest.approx([0, 32, 20, 0, 0])


def test_what_is_credited_counts_as_repaid():
    """Where compute is cheap a note pays less than it is credited, and is repaid all the same."""
    case = one_loan()
    for claim in case.lines[1:3]:
        claim.paid = {t: 0.5 * amount for t, amount in claim.paid.items()}
        claim.claimed = dict(claim.paid)
    short = of_loan(case)
    assert short["repayment"][REPAID] == Repayment.NOT
    credited = np.zeros((7, PATHS))
    credited[3:, REPAID] = 50.0
    credited[4:, REPAID] = 100.0
    case.over_time("loan", credited=credited)
    got = of_loan(case)
    assert got["repayment"][REPAID] == Repayment.BEFORE
    assert got["repaid_period"][REPAID] == 3
    assert got["repayment"][LATE] == Repayment.NOT  # nothing was credited there
    assert np.isnan(got["repaid_period"][LATE])


def test_a_floating_rate_discounts_month_by_month():
    case = one_loan()
    case.observe("drivers.SOFR", [0.0, 0.02, 0.03, 0.05, -0.01, 0.0])
    case.number("contracts.loan.rate", 0.04)
    case.number("contracts.loan.floor", 0.01)
    case.terms["loan"].rate.base = "SOFR"
    got = of_loan(case)["recovered_usd"][DEFAULTED]
    assert got == pytest.approx(54.6 / 1.09 + 18 / (1.09 * 1.05))


def test_a_kind_without_a_rate_is_discounted_at_the_plan_rate():
    case = one_loan()
    del case.numbers["contracts.loan.rate"]
    got = of_loan(case)["recovered_usd"][DEFAULTED]
    assert got == pytest.approx(54.6 / 1.25 + 18 / 1.25**2)


def test_parts_of_a_facility_are_one_facility():
    case = one_loan()
    whole = of_loan(case)
    for what in ("balance", "accelerated", "dscr"):
        series = np.concatenate(
            [
                np.asarray(case.observed.pop(f"contracts.loan.{what}")),
                np.asarray(case.published.pop(f"contracts.loan.{what}"))[None],
            ]
        )
        shares = (0.25, 0.75) if what == "balance" else (1.0, 1.0)
        for part, weight in zip("ab", shares, strict=True):
            case.over_time(f"loan/{part}", **{what: series * weight})
    for name, value in of_loan(case).items():
        assert value == pytest.approx(whole[name], nan_ok=True), name


def test_a_plan_without_facilities():
    case = Case({"company": "internal", "town": "external"}, periods=3)
    case.cash("company", 5.0)
    case.claim("service", "company", "town", Flow.RUNNING_COST, paid={1: 1.0})
    found = case.reduce(Facilities)
    by_year = {name for name in found if name.startswith("year_")}
    assert all(found[name].shape == (2, 0, 1) for name in by_year)
    assert all(value.shape == (0, 1) for name, value in found.items() if name not in by_year)


def test_derivatives_are_finite():
    case = one_loan()
    measure, record = Facilities.build(case.book()), on_device(case.record())

    def total(paid, values, observed):
        months = record.months._replace(paid=paid, observations=observed)
        out = measure.reduce(record._replace(values=values, months=months))
        return sum(jnp.sum(jnp.where(jnp.isfinite(x), x, 0.0)) for x in out.values())

    start = (record.months.paid, record.values, record.months.observations)
    for slope in jax.jit(jax.grad(total, argnums=(0, 1, 2)))(*start):
        assert np.all(np.isfinite(slope))
