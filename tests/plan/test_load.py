"""Reading a plan: what becomes of numbers, drivers, scenarios, stacks, overrides and sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from offtake.core.calendar import Periods
from offtake.core.errors import PlanErrors
from offtake.core.quantity import Quantity
from offtake.core.terms import Count, Duration, When, default
from offtake.plan.load import check as check_file
from offtake.plan.load import check_text, load
from offtake.plan.schema import ChipDefinition, Formula, MeanReverting, Plan, Regimes
from tests.plan.plans import GOOD, KINDS, Loan, changed, check, line_of


def good(*overrides: str, **named: str) -> Plan:
    """The good plan, or its errors."""
    checked = check(GOOD, *overrides, **named)
    if checked.plan is None:
        raise PlanErrors(checked.problems)
    return checked.plan


def test_a_good_plan_has_no_problems() -> None:
    checked = check(GOOD)
    assert checked.problems == ()
    assert isinstance(checked.plan, Plan)


def test_numbers_are_canonical_and_have_places() -> None:
    plan = good()
    found = dict(plan.numbers())
    assert found["parties.neocloud.cash"].value == 40e6  # type: ignore[union-attr]
    assert found["plan.horizon"].value == 96.0  # type: ignore[union-attr]
    assert found["sites.hall.phases[1].pue"].value == 1.2  # type: ignore[union-attr]
    assert str(found["sites.hall.phases[1].energise"]) == "2027-Q1"
    assert found["drivers.SOFR.2027"].value == 0.036  # type: ignore[union-attr]
    assert found["drivers.compute_price.start"].unit == "USD/H100e/h"  # type: ignore[union-attr]
    assert found["drivers.correlations[0].value"].value == 0.4  # type: ignore[union-attr]
    assert found["contracts.loan.rate"].value == 0.045  # type: ignore[union-attr]
    assert found["sites.hall.phases[0].delay.causes.grid"].value == 0.5  # type: ignore[union-attr]
    price = found["chips.b200_2026.price"]
    assert isinstance(price, Quantity)
    assert price.source is not None
    assert price.source.confidence == "reported"


def test_every_place_can_be_overridden() -> None:
    for place, number in good().numbers():
        if "causes" not in place and not place.startswith("cases"):
            changed_plan = good(f"{place}={number}")
            assert dict(changed_plan.numbers())[place].text == str(number), place


def test_drivers_are_of_their_forms() -> None:
    plan = good()
    assert isinstance(plan.drivers["compute_price"], MeanReverting)
    assert isinstance(plan.drivers["mood"], Regimes)
    assert isinstance(plan.drivers["revenue"], Formula)
    assert plan.driver_units == {
        "compute_price": "USD/H100e/h",
        "SOFR": "1/year",
        "energy": "USD/MWh",
        "mood": "1",
        "users": "user",
        "fee": "USD/user/year",
        "revenue": "USD/year",
    }
    assert "correlations" not in plan.drivers
    assert plan.correlations[0].between == ["compute_price", "energy"]


def test_the_calendar() -> None:
    assert good().calendar == Periods(good().plan.start.date, 96)
    assert good("plan.periods=quarters").calendar.horizon == 32
    assert good("plan.periods=years").calendar.horizon == 8


def test_contracts_are_of_their_kinds() -> None:
    loan = good().contracts["loan"]
    assert isinstance(loan, Loan)
    assert loan.rate.base == "SOFR"
    assert loan.funds == ("order",)


def test_a_chip_may_be_defined_in_the_plan() -> None:
    plan = good("chips.b200_2026.chip={h100e: 2.3, watts: 1.4 kW}")
    chip = plan.chips["b200_2026"].chip
    assert isinstance(chip, ChipDefinition)
    assert (chip.watts.value, chip.watts.unit) == (1400.0, "W")


def test_a_plan_survives_writing_and_reading() -> None:
    plan = good()
    for section in ("parties", "sites", "chips", "contracts"):
        for item in getattr(plan, section).values():
            assert type(item).model_validate(item.model_dump()) == item


def test_scenarios() -> None:
    assert str(good().sites["hall"].phases[0].energise) == "2026-07"
    late = good(scenario="late")
    assert str(late.sites["hall"].phases[0].energise) == "2027-01"
    assert late.sites["hall"].phases[0].power == good().sites["hall"].phases[0].power
    dear = good(scenario="dear")
    assert dear.contracts["loan"].rate.margin.value == pytest.approx(0.07)  # type: ignore[attr-defined]
    sofr = dear.drivers["SOFR"]
    assert [number.text for _, number in sofr.knots] == ["4.3 %/year", "6 %/year"]  # type: ignore[union-attr]


def test_stacks_add_change_and_delete_contracts() -> None:
    plan = good(stack="all_equity")
    assert list(plan.contracts) == ["order", "offtake", "power", "equity"]
    assert plan.contracts["equity"].commitment.value == 290e6  # type: ignore[attr-defined]


def test_an_unknown_scenario_is_named() -> None:
    (problem,) = check(GOOD, scenario="lat").errors
    assert problem.mend == "did you mean late?"
    assert str(problem.where) == "--scenario lat"
    (problem,) = check(GOOD, stack="debt").errors
    assert "all_equity" in problem.expected


def test_overrides_come_last() -> None:
    plan = good("sites.hall.phases[0].energise=2028-01", scenario="late")
    assert str(plan.sites["hall"].phases[0].energise) == "2028-01"


@pytest.mark.parametrize(
    ("override", "place", "value"),
    [
        ("contracts.loan.fee=1 %", "contracts.loan.fee", 0.01),
        ("contracts.loan.rate = 7 %/year", "contracts.loan.rate", 0.07),
        ("drivers.SOFR=4 %/year", "drivers.SOFR", 0.04),
        ("drivers.SOFR.2028=3 %/year", "drivers.SOFR.2028", 0.03),
        ("chips.b200_2026.price=30k USD", "chips.b200_2026.price", 30e3),
        ("chips.b200_2026.price.value=30k USD", "chips.b200_2026.price", 30e3),
        ("chips.b200_2026.price=triangular(30k, 35k, 40k) USD", "chips.b200_2026.price", 35e3),
        ("chips.b200_2026.price=quantiles(5 %: 1, 95 %: 4) USD", "chips.b200_2026.price", 2.0),
        ("drivers.energy={process: random_walk, start: 50 USD/MWh}", "drivers.energy.start", 50.0),
        ("market.asset_rate=9 %/year", "market.asset_rate", 0.09),
        ("sites.hall.phases[0].delay.median=0 months", "sites.hall.phases[0].delay.median", 0.0),
        ("sites.hall.phases.0.power=11 MW", "sites.hall.phases[0].power", 11.0),
    ],
)  # fmt: skip
def test_overrides(override: str, place: str, value: float) -> None:
    found = dict(good(override).numbers())
    assert found[place].value == pytest.approx(value, rel=0.02)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("override", "place", "code", "mend"),
    [
        ("contracts.loan.margin", "contracts.loan.margin", "override-form", "--set"),
        ("=3", "", "override-form", "--set"),
        ("contract.loan.fee=1 %", "contract", "override-place", "contracts"),
        ("contracts.laon.fee=1 %", "contracts.laon", "override-place", "loan"),
        ("contracts.loan.fees=1 %", "contracts.loan.fees", "key-unknown", "fee"),
        ("contracts.loan.fee=1", "contracts.loan.fee", "", ""),
        ("contracts.loan.fee=2", "contracts.loan.fee", "out-of-range", "2 %"),
        ("contracts.loan.amount.x=1", "contracts.loan.amount.x", "override-place", "itself"),
        ("contracts.loan.funds[1]=x", "contracts.loan.funds[1]", "override-place", "0"),
        ("contracts.loan[0]=x", "contracts.loan[0]", "override-place", "index"),
        ("sites.hall.phases.energise=x", "sites.hall.phases.energise", "override-place", "[0]"),
        ("contracts.loan={kind: x", "", "yaml-syntax", "close"),
        ("parties.bank=null", "contracts.loan.lender", "name-unknown", "add bank"),
    ],
)
def test_wrong_overrides(override: str, place: str, code: str, mend: str) -> None:
    errors = check(GOOD, override).errors
    if not code:
        assert errors == ()
        return
    assert [(p.place, p.code) for p in errors] == [(place, code)]
    assert mend in errors[0].mend
    if code != "name-unknown":
        assert errors[0].where.file == f"--set {override.strip()}"
    assert all(len(line) <= 100 for line in errors[0].render().split("\n"))


def test_numbers_without_a_source_are_listed() -> None:
    places = dict(check(GOOD).unsourced)
    assert places["contracts.loan.amount"] == "180 M USD"
    assert "chips.b200_2026.price" not in places
    assert "contracts.loan.fee" not in places, "a default needs no source"
    assert "plan.horizon" not in places


@pytest.mark.parametrize(
    ("old", "new", "place", "code"),
    [
        ("credit: {rating: BBB, recovery: 40 %, drivers: {compute_price: 0.3}}", "about: x",
         "parties.tenant", "credit-missing"),
        ("bank: {kind: external, role: lender}", "bank: {kind: external}",
         "parties.bank", "role-missing"),
        ("bank: {kind", "other: {kind: external, role: lab}\n  bank: {kind",
         "parties.other", "party-unused"),
        ("deliver: 2026-06", "deliver: 2025-06", "chips.b200_2026.deliver", "date-outside"),
        ("deliver: 2026-06", "deliver: 2036-06", "chips.b200_2026.deliver", "date-outside"),
        ("SOFR: {2026: 4.3", "SOFR: {2026-07: 4.3", "drivers.SOFR", "series-late"),
        ("units: 7000", "units: 70000", "chips.b200_2026.units", "chips-power"),
    ],
)  # fmt: skip
def test_warnings_do_not_stop_a_plan(old: str, new: str, place: str, code: str) -> None:
    checked = check(changed(old, new))
    assert checked.plan is not None
    assert [(p.place, p.code, p.severity) for p in checked.problems] == [(place, code, "warning")]
    assert checked.warnings == checked.problems


def test_ends_and_extensions_count_towards_the_horizon() -> None:
    class Extended(Loan):
        extensions: Count = default("0")
        extension: Duration = default("12 months")
        end: When | None = None

    kinds = {**KINDS, "delayed_draw_loan": Extended}

    def places(*lines: str) -> list[str]:
        text = changed("    funds: [order]\n    amort", "\n".join([*lines, "    amort"]))
        return [p.place for p in check_text(text, kinds=kinds).errors]

    assert places("    extensions: 4") == []
    assert places("    extensions: 5") == ["contracts.loan.term"]
    assert places("    end: 2034-01") == []
    assert places("    end: 2034-02") == ["contracts.loan.end"]


def test_supports_may_not_lead_back() -> None:
    supports = """
  g1: {kind: guarantee, guarantor: sponsor, party: neocloud, protects: [g2]}
  g2: {kind: guarantee, guarantor: vendor, party: neocloud, protects: [power, g1]}
scenarios:"""
    (problem,) = check(changed("\nscenarios:", supports)).errors
    assert problem.code == "support-circle"
    assert "g1 -> g2 -> g1" in problem.found


def test_an_account_belongs_to_an_internal_party() -> None:
    account = "dsra: {kind: account, owner: sponsor}\n  bank: {kind"
    (problem,) = check(changed("bank: {kind", account)).errors
    assert (problem.place, problem.code) == ("parties.dsra.owner", "account-owner")
    (problem,) = check(changed("bank: {kind", "dsra: {kind: account}\n  bank: {kind")).errors
    assert (problem.place, problem.code) == ("parties.dsra", "account-owner")


def test_a_place_with_an_index_in_braces_is_explained() -> None:
    place = "sites.hall.phases[0].energise: 2027-01"
    text = changed(f"  late:\n    {place}", f"  late: {{{place}}}")
    with pytest.raises(PlanErrors) as caught:
        check(text)
    (problem,) = caught.value.problems
    assert "a line of its own" in problem.mend
    assert problem.where.line == line_of(text, "  late:")


def test_files(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(GOOD, encoding="utf-8")
    assert load(tmp_path, kinds=KINDS).plan.name == "One hall"
    assert load(tmp_path / "plan.yaml", kinds=KINDS) == load(str(tmp_path), kinds=KINDS)
    assert check_file(tmp_path, kinds=KINDS).file == tmp_path / "plan.yaml"
    with pytest.raises(PlanErrors) as caught:
        load(tmp_path, ["contracts.loan.fee=2"], kinds=KINDS)
    assert caught.value.errors[0].place == "contracts.loan.fee"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.yaml", None, "file-missing"),
        ("plan.yaml", b"", "file-empty"),
        ("plan.yaml", b"# nothing\n", "file-empty"),
        ("plan.yaml", b"\xff\xfe\x00", "file-not-text"),
        ("plan.yaml", b"plan: \x00", "file-not-text"),
        ("plan.yaml", b"plan:\n\tname: x", "yaml-syntax"),
        ("plan.yaml", b"plan: [", "yaml-syntax"),
        ("plan.yaml", b"x" * 5_000_001, "file-large"),
        ("plan.yaml", b"[" * 100, "too-deep"),
    ],
)
def test_files_that_cannot_be_read(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PlanErrors) as caught:
        load(file, kinds=KINDS)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert str(file) in str(problem.where)
    assert problem.mend


def test_folders_without_a_plan(tmp_path: Path) -> None:
    with pytest.raises(PlanErrors, match="file-missing"):
        load(tmp_path, kinds=KINDS)
    (tmp_path / "my.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(PlanErrors) as caught:
        load(tmp_path, kinds=KINDS)
    assert "my.yaml" in caught.value.problems[0].mend


@pytest.mark.parametrize("path", ["one-hal", "one-hal/plan.yaml", "One_Hall"])
def test_a_plan_that_is_not_there_has_a_suggestion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (tmp_path / "plans" / "one-hall").mkdir(parents=True)
    (tmp_path / "plans" / "one-hall" / "plan.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for given in (path, f"plans/{path}"):  # by its name alone, and with its folder
        with pytest.raises(PlanErrors, match="did you mean plans/one-hall"):
            load(given, kinds=KINDS)


@pytest.mark.parametrize("path", ["\0", "x" * 5000, ""])
def test_odd_paths(path: str) -> None:
    with pytest.raises(PlanErrors):
        load(path, kinds=KINDS)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(tmp_path, kinds=KINDS).plan.name == "One hall"


@pytest.mark.parametrize("text", ["a", "- a", "[]", "{}", "0"])
def test_plans_that_are_not_mappings(text: str) -> None:
    errors = check(text).errors
    assert errors
    assert all(problem.mend for problem in errors)


def test_a_small_plan_needs_three_sections() -> None:
    errors = check("plan: {name: x}").errors
    assert {p.code for p in errors} == {"key-missing"}
    assert len(errors) == 5, "start, horizon, discount_rate; parties, contracts"


def test_a_phase_that_the_site_does_not_have(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "plans" / "one-hall" / "plan.yaml").read_text()
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    works = next(n for n, c in load(file).contracts.items() if c.kind == "construction_contract")  # type: ignore[attr-defined]
    with pytest.raises(PlanErrors, match="phase-unknown") as told:
        load(file, [f"contracts.{works}.phases=[4]"])
    assert "from 0 to" in str(told.value)
