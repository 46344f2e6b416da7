"""What a user is told: one change to a good plan is one problem at its place."""

from __future__ import annotations

import textwrap

import pytest

from offtake.core.errors import PlanErrors, Problem, render
from tests.plan.plans import GOOD, changed, check, line_of

# what is replaced ; by what ; place ; code ; a part of the mend
TABLE = r"""
kind: internal, role ; kind: intrnal, role ; parties.neocloud.kind ; choice-unknown ; internal
cash: 40 M USD, min ; cash: 40 M, min ; parties.neocloud.cash ; unit-missing ; 40 M USD
cash: 40 M USD, min ; csh: 40 M USD, min ; parties.neocloud.csh ; key-unknown ; cash
cash: 40 M USD, min ; cash: -4 USD, min ; parties.neocloud.cash ; out-of-range ; at least 0 USD
discount_rate: 9 %/year ; discount_rate: 9 ; plan.discount_rate ; unit-missing ; 9 %/year
discount_rate: 9 %/year ; discount_rate: 0.09 ; plan.discount_rate ; unit-missing ; 9 %/year
start: 2026-01 ; start: 2026-13 ; plan.start ; date-form ; Q1 to Q4
start: 2026-01 ; start: 2026-01-15 ; plan.start ; plan-start ; 2026-01
horizon: 8 years ; horizon: 8 yrs ; plan.horizon ; unit-unknown ; years
horizon: 8 years ; horizon: 100 years ; plan.horizon ; plan-horizon ; 40 years
horizon: 8 years ; horizon: 8 to 9 years ; plan.horizon ; plan-horizon ; months
horizon: 8 years ; horizon: 50 months\n  periods: years ; plan.horizon ; plan-horizon ; 48 months
horizon: 8 years ; horizon: 4 years ; contracts.offtake.term ; horizon-short ; 5 years
name: One hall ; name: ; plan.name ; value-missing ; write
name: One hall ; nam: One hall ; plan.nam ; key-unknown ; name
rating: BBB, ; rating: BBBB, ; parties.tenant.credit.rating ; choice-unknown ; BBB
rating: BBB, ;  ; parties.tenant.credit ; credit-form ; rating: BBB
rating: BBB, ; rating: BBB, hazard: 2 %/year, ; parties.tenant.credit ; credit-form ; delete
{compute_price: 0.3} ; {compute_prize: 0.3} ; parties.tenant.credit.drivers.compute_prize ; name-unknown ; compute_price
{compute_price: 0.3} ; {compute_price: 3} ; parties.tenant.credit.drivers.compute_price ; out-of-range ; at most 1
owner: neocloud ; owner: neoclou ; sites.hall.owner ; name-unknown ; neocloud
owner: neocloud ; owner: [neocloud] ; sites.hall.owner ; name-form ; one name
owner: neocloud ; owner: hall ; sites.hall.owner ; name-unknown ; hall is a site
power: 10 MW\n ; power: 10 MWh\n ; sites.hall.phases[0].power ; unit-wrong ; MW
power: 10 MW\n ; power:\n ; sites.hall.phases[0].power ; value-missing ; value
pue: 1.2 ; pue: 0.9 ; sites.hall.phases[0].pue ; out-of-range ; at least 1
energise: 2026-07\n ; energize: 2026-07\n ; sites.hall.phases[0].energize ; key-unknown ; energise
p90: 6 months ; p90: 1 month ; sites.hall.phases[0].delay.p90 ; interval-order ; exchange
causes: [grid] ; causes: {grid: 120 %} ; sites.hall.phases[0].delay.causes.grid ; out-of-range ; at most 1
causes: [grid] ; causes: {grid: 60 %, sun: 60 %} ; sites.hall.phases[0].delay.causes ; out-of-range ; lower
chip: B200 ; chip: B20O ; chips.b200_2026.chip ; name-unknown ; B200
chip: B200 ; chip: VR200 ; chips.b200_2026.chip ; chip-power-unknown ; 8.843
chip: B200 ; chip: {h100e: 2.3, wats: 1200 W} ; chips.b200_2026.chip.wats ; key-unknown ; watts
chip: B200 ; chip: {h100e: 2.3} ; chips.b200_2026.chip.watts ; key-missing ; watts
chip: B200 ; chip: &chip B200 ; chips.b200_2026.chip ; yaml-feature ; delete
units: 7000 ; units: 7,00 ; chips.b200_2026.units ; number-form ; 1,234.5
units: 7000 ; units: 7000 MW ; chips.b200_2026.units ; unit-wrong ; GPU
value: 35k to 42k USD, ; valu: 35k to 42k USD, ; chips.b200_2026.price ; key-unknown ; value
value: 35k to 42k USD, ; value: 42k to 35k USD, ; chips.b200_2026.price ; interval-order ; 35k to 42k USD
value: 35k to 42k USD, ; value: normal(10, 2) USD, ; chips.b200_2026.price ; key-unknown ; quotes
confidence: reported ; confidence: certain ; chips.b200_2026.price.confidence ; source-form ; assumption
date: 2026-03-31 ; date: March 2026 ; chips.b200_2026.price.date ; date-form ; hyphens
process: mean_reverting ; process: mean_revertng ; drivers.compute_price.process ; kind-unknown ; mean_reverting
process: mean_reverting ; proces: mean_reverting ; drivers.compute_price.proces ; key-unknown ; process
start: 2.6 USD/H100e/h ; start: 2.6 USD/H100/h ; drivers.compute_price.start ; unit-unknown ; H100e
2027: 3.6 %/year ; 2026-01: 3.6 %/year ; drivers.SOFR.2026-01 ; key-twice ; delete
2027: 3.6 %/year ; 2027: 3.6 USD ; drivers.SOFR ; unit-wrong ; same unit
2027: 3.6 %/year ; 2O27: 3.6 %/year ; drivers.SOFR.2O27 ; date-form ; year, month
interpolate: linear ; interpolate: linea ; drivers.SOFR.interpolate ; choice-unknown ; linear
initial: open ; initial: opne ; drivers.mood.initial ; name-unknown ; open
, shut: 1 year} ; } ; drivers.mood.mean_stay ; key-missing ; shut
{open: 1, shut: 0.2} ; {open: 1, shut: 0.2 USD} ; drivers.mood.states ; unit-wrong ; same unit
users * fee * mood ; users * fee + mood ; drivers.revenue.formula ; formula-units ; multiply
users * fee * mood ; users * fees * mood ; drivers.revenue.formula ; name-unknown ; fee
users * fee * mood ; users * revenue ; drivers.revenue ; driver-circle ; state one
users * fee * mood ; users fee ; drivers.revenue.formula ; formula-form ; brackets
[compute_price, energy] ; [compute_price, mood] ; drivers.correlations[0].between ; correlation-form ; energy
[compute_price, energy] ; [compute_price] ; drivers.correlations[0].between ; value-short ; 2
[compute_price, energy] ; [compute_price, enrgy] ; drivers.correlations[0].between[1] ; name-unknown ; energy
value: 0.4 ; value: 1.4 ; drivers.correlations[0].value ; out-of-range ; at most 1
value: 0.4 ; value: 1 ; drivers.correlations ; correlation-form ; nearer to 0
kind: chip_purchase ; kind: chip_purchse ; contracts.order.kind ; kind-unknown ; chip_purchase
kind: delayed_draw_loan ; knd: delayed_draw_loan ; contracts.loan ; key-missing ; rename knd
seller: vendor ; seller: vendr ; contracts.order.seller ; name-unknown ; vendor
seller: vendor ; sellr: vendor ; contracts.order.sellr ; key-unknown ; seller
    seller: vendor ;  ; contracts.order.seller ; key-missing ; add seller
chips: b200_2026 ; chips: hall ; contracts.order.chips ; name-unknown ; hall is a site
signing: 20 % ; sining: 20 % ; contracts.order.milestones.sining ; choice-unknown ; signing
signing: 20 % ; signing: 20 ; contracts.order.milestones.signing ; out-of-range ; 20 %
share: 80 % ; share: 80 ; contracts.offtake.share ; out-of-range ; 80 %
share: 80 % ; share: 80 % of it ; contracts.offtake.share ; unit-unknown ; units
price: 2.9 USD/H100e/h ; price: 2.9 USD/GPU/h ; contracts.offtake.price ; unit-wrong ; catalogue
price: 2.9 USD/H100e/h ; price: energy ; contracts.offtake.price ; unit-wrong ; USD/H100e/h
price: energy ; price: enrgy ; contracts.power.price ; name-unknown ; energy
price: energy ; price: {2026: 55 USD/MWh, 2027: 60 USD} ; contracts.power.price.2027 ; unit-wrong ; USD/MWh
amortisation: annuity ; amortisation: anuity ; contracts.loan.amortisation ; choice-unknown ; annuity
[order]\n    amor ; order\n    amor ; contracts.loan.funds ; value-form ; list
[order]\n    amor ; [ordr]\n    amor ; contracts.loan.funds[0] ; name-unknown ; order
[order]\n    amor ; [loan]\n    amor ; contracts.loan.funds[0] ; contract-self ; meant
collateral: [b200_2026] ; collateral: [b200] ; contracts.loan.collateral[0] ; name-unknown ; b200_2026
rate: SOFR + 450 bp ; rate: SOFR + 450 ; contracts.loan.rate ; unit-missing ; bp
rate: SOFR + 450 bp ; rate: SOFAR + 450 bp ; contracts.loan.rate ; name-unknown ; SOFR
rate: SOFR + 450 bp ; rate: energy + 450 bp ; contracts.loan.rate ; unit-wrong ; driver in 1/year
phases[0].energise ; phases[7].energise ; sites.hall.phases[7] ; override-place ; start at 0
sites.hall.phases[0].en ; sites.hal.phases[0].en ; sites.hal ; override-place ; hall
phases[0].energise: ; phases[0].energize: ; sites.hall.phases[0].energize ; key-unknown ; energise
phases[0].energise: ; phases.energise: ; sites.hall.phases.energise ; override-place ; phases[0]
SOFR + 700 bp ; SOFR + 700 ; contracts.loan.rate ; unit-missing ; bp
merchant: 10 % ; merchant: ten ; cases.lender.merchant ; number-form ; digits
sites:\n ; stes:\n ; stes ; key-unknown ; sites
parties:\n ; partys:\n ; partys ; key-unknown ; parties
bank: {kind: external, role: lender} ; bank: external ; parties.bank ; value-form ; kind
bank: {kind: external, role: lender} ; bank: [external] ; parties.bank ; value-form ; kind
bank: {kind: external, role: lender} ; bank: {kind: external, role: lender, cash: 3 USD} ; parties.bank.cash ; party-cash ; internal
bank: {kind: external, role: lender} ; bank: {kind: external, role: lender}\n  bank: {kind: external} ; parties.bank ; key-twice ; rename
bank: {kind: external, role: lender} ; bank: {kind: external, role: lender}\n  b.k: {kind: external} ; parties.b.k ; name-form ; b_k
bank: {kind: external, role: lender} ; bank: {kind: external, role: lender, owner: vendor} ; parties.bank.owner ; account-owner ; account
neocloud: {kind: internal, ; neocloud: {kind: internal, credit: {rating: A, recovery: 0}, ; parties.neocloud.credit ; party-credit ; external
lender: bank ; lender: neocloud ; contracts.loan.borrower ; party-twice ; another
chip: B200 ; chip: {h100e: 2.3, watts: 1200 W, bandwidth: 8 TB/s} ; chips.b200_2026.chip.bandwidth ; unit-unknown ; units
chip: B200 ; chip: {h100e: 2.3, watts: 1200 W, bandwidth: -1} ; chips.b200_2026.chip.bandwidth ; out-of-range ; at least 0
"""  # noqa: E501


def rows() -> list[tuple[str, str, str, str, str]]:
    """The rows of the table, line breaks put in."""
    made: list[tuple[str, str, str, str, str]] = []
    for line in TABLE.strip().split("\n"):
        old, new, place, code, mend = line.replace("\\n", "\n").split(" ; ")
        made.append((old, new, place, code, mend))
    return made


def assert_complete(problem: Problem) -> None:
    """A problem says where, what was found, what was expected and how to mend it."""
    assert problem.where.line, problem
    assert all((problem.found, problem.expected, problem.mend, problem.code)), problem
    for line in problem.render().split("\n"):
        assert len(line) <= 100, line
    for word in ("pydantic", "Input should", "Traceback", "NoneType", "<class"):
        assert word not in problem.render()


@pytest.mark.parametrize(("old", "new", "place", "code", "mend"), rows())
def test_one_mistake_is_one_problem(old: str, new: str, place: str, code: str, mend: str) -> None:
    checked = check(changed(old, new))
    assert checked.plan is None
    errors = checked.errors
    assert [(p.place, p.code) for p in errors] == [(place, code)], render(errors)
    assert mend in errors[0].mend
    assert_complete(errors[0])


def test_the_line_is_that_of_the_mistake() -> None:
    for old, new in (
        ("    share: 80 %", "    share: 80"),
        ("units: 7000", "units: 7000 MW"),
        ("  fee: 20 USD/user/month", "  fee: 20 USD/usr/month"),
        ("    - {between: [compute_price, energy], value: 0.4}", "    - {between: 3, value: 0.4}"),
    ):
        text = changed(old, new)
        (problem,) = check(text).errors
        assert problem.where.line == line_of(text, new)
        assert problem.where.file == "plan.yaml"


TWELVE = (
    ("discount_rate: 9 %/year", "discount_rate: 9"),
    ("cash: 40 M USD, min", "csh: 40 M USD, min"),
    ("rating: BBB,", "rating: BBBB,"),
    ("owner: neocloud", "owner: neoclod"),
    ("power: 10 MW\n", "power: 10 MWh\n"),
    ("chip: B200", "chip: B20"),
    ("units: 7000", "units: seven thousand"),
    ("process: mean_reverting", "process: mean_revert"),
    ("users * fee * mood", "users * fee + mood"),
    ("kind: chip_purchase", "kind: chip_order"),
    ("share: 80 %", "share: 80"),
    ("    rate: SOFR + 450 bp", "    rat: SOFR + 450 bp"),
)


def test_twelve_mistakes_are_twelve_errors_in_the_order_of_the_file() -> None:
    text = GOOD
    for old, new in TWELVE:
        assert text.count(old) == 1
        text = text.replace(old, new)
    errors = check(text).errors
    lines = [p.where.line or 0 for p in errors]
    assert len(errors) == 12, render(errors)
    assert lines == sorted(lines)
    assert lines == [line_of(text, new.strip("\n")) for _, new in TWELVE]
    shown = render(errors)
    assert shown.endswith("12 errors")
    assert max(map(len, shown.split("\n"))) <= 100
    for problem in errors:
        assert_complete(problem)


def test_checks_of_the_whole_are_made_although_parts_are_wrong() -> None:
    text = changed("horizon: 8 years", "horizon: 4 years").replace("share: 80 %", "share: 80")
    assert [p.code for p in check(text).errors] == ["out-of-range", "horizon-short"]
    text = changed("horizon: 8 years", "horizon: 3 years").replace("units: 7000", "units: many")
    assert [p.code for p in check(text).errors] == ["number-form", "horizon-short", "horizon-short"]


def test_errors_are_one_exception_that_renders_itself() -> None:
    checked = check(changed("share: 80 %", "share: 80"))
    raised = PlanErrors(checked.problems)
    assert raised.errors == checked.errors
    assert str(raised) == textwrap.dedent(
        """\
        error: contracts.offtake.share  (plan.yaml:62, out-of-range)
          found      `80`
          expected   a share at most 1 (100 %)
          mend       write 80 % if hundredths are meant

        1 error"""
    )
