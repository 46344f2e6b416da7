"""Compute note: golden table, hand arithmetic, limits against closed forms, accounts of hours."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from offtake.contracts.compute_note import EXAMPLE, ComputeNote
from offtake.finance.note_substitute import level
from offtake.finance.note_terms import seniors
from tests.contracts.harness import check_golden, gradient, run_alone, scaled

PERIODS = 8
LENGTH = np.array([0, 744, 672, 744, 720, 744, 720, 744, 744.0])
"""Hours of the months of 2026."""
SITE = {"sites.hall.h100e_hours": 2 * LENGTH}
DUE = np.array([0, 744, 672, 622.9276, 0, 0, 0, 0, 0])
"""Hours of the example: in March the balance buys no more."""


def terms(**changes):
    written = EXAMPLE.model_dump(exclude_unset=True) | changes
    return type(EXAMPLE).model_validate({k: v for k, v in written.items() if v is not None})


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    setting = {k: changes.pop(k) for k in ("values", "stopped") if k in changes}
    given = SITE | (observations or {})
    return run_alone(ComputeNote, terms(**changes), given, PERIODS, paid=paid, **setting)


def balanced(table):
    """Accounts of hours at the start of every period."""
    parts = sum(table[k] for k in ("taken", "banked", "expired", "shortfall"))
    np.testing.assert_allclose(parts, table["entitled"], rtol=1e-12, atol=1e-9)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # 4,000 at 1 % a month; 744, 672 and as many hours as 1,233.52 x 1.01 buys, at 2 USD each.
    np.testing.assert_allclose(table["balance"][1:5], [4000, 2552, 1233.52, 0], atol=1e-9)
    np.testing.assert_allclose(table["entitled"][1:], np.cumsum(DUE)[:-1], rtol=1e-5)
    # What is taken is worth the index of 2.50; of it principal is what the balance falls by.
    value = table["delivered_interest"] + table["delivered_principal"]
    np.testing.assert_allclose(value, 2.5 * table["signals.sold_hours"])
    np.testing.assert_allclose(table["delivery"], value)
    np.testing.assert_allclose(table["use"], value)
    np.testing.assert_allclose(table["delivered_principal"].sum(), 4000)
    assert not table["interest"].any()
    balanced(table)


def test_cash_between_floor_and_cap():
    """Months of cash at an index below the floor, between, and above the cap."""
    index = {"2026-01": "1 USD/H100e/h", "2026-02": "2 USD/H100e/h", "2026-03": "9 USD/H100e/h"}
    table = run(
        election="cash",
        index=index,
        spread="0.1 USD/H100e/h",
        floor="1.5 USD/H100e/h",
        cap="3 USD/H100e/h",
    )
    paid = table["interest"] + table["principal"]
    np.testing.assert_allclose(paid[1:4] / [744, 672, 622.9276], [1.5, 1.9, 3.0], rtol=1e-6)
    # Short of the settlement price the holder loses principal, above it earns.
    np.testing.assert_allclose(table["principal"][1:4], [1116, 1276.8, 1233.52], rtol=1e-6)
    assert not table["delivery"].any()
    assert not table["signals.sold_hours"].any()
    balanced(table)


def test_underwriter_pays_what_the_floor_adds():
    table = run(election="cash", underwriter="sponsor", floor="3 USD/H100e/h", floor_fee="6 %/year")
    np.testing.assert_allclose(table["floor"][1:3], [0.5 * 744, 0.5 * 672])
    np.testing.assert_allclose((table["interest"] + table["principal"])[1], 2.5 * 744)
    np.testing.assert_allclose(table["premium"][1:4], 0.005 * np.array([4000, 2552, 1233.52]))


def test_above_the_cap_both_ways_meet():
    """A holder that takes compute pays all of the excess: it has the cap either way."""
    taken = run(cap="2.2 USD/H100e/h")
    cash = run(cap="2.2 USD/H100e/h", election="cash")
    got = taken["delivered_interest"] + taken["delivered_principal"]
    np.testing.assert_allclose(got, cash["interest"] + cash["principal"])
    np.testing.assert_allclose(taken["excess"][1], 0.3 * 744)
    half = run(cap="2.2 USD/H100e/h", excess_share="50 %")
    np.testing.assert_allclose(half["excess"][1], 0.15 * 744)


@pytest.mark.parametrize("election", ["delivery", "cash"])
def test_service_is_what_hours_due_cost(election):
    """At an index of 2.50 and at 1.00: hours are credited at 2, and cost the issuer the index."""
    table = run(election=election, index={"2026-01": "2.5 USD/H100e/h", "2026-02": "1 USD/H100e/h"})
    np.testing.assert_allclose(
        table["service_due"][1:4], [2.5 * 744, 672, 622.9276], rtol=1e-6
    )  # hours of the last month: to four digits after the point
    np.testing.assert_allclose(table["service"][2:5], table["service_due"][1:4])
    # Credited at the settlement price: the whole of the face value, whatever compute was worth.
    np.testing.assert_allclose(table["credited"][1:5], [0, 1448, 2766.48, 4000])
    paid = table["principal"].sum() + table["delivered_principal"].sum()
    assert paid < 3400


def test_arrears_are_no_service():
    """The site is dark and nothing is paid: hours owed are claimed again, and are due once."""
    dark = {"sites.hall.h100e_hours": 0 * LENGTH}
    table = run(lambda line, t, claimed: 0.0 * claimed if t else claimed, dark, grace="9 months")
    np.testing.assert_allclose(table["service_due"][1:3], [2.5 * 744, 2.5 * 672])
    asked = table["interest.claimed"] + table["principal.claimed"]
    np.testing.assert_allclose(asked[2], 2.5 * (744 + 672))
    assert not table["credited"].any()


@pytest.mark.parametrize(
    ("changes", "takes"),
    [
        ({"use_value": "2.4 USD/H100e/h"}, [0, 0, 0]),
        ({"use_value": "2.6 USD/H100e/h"}, [1, 1, 1]),
        ({}, [1, 1, 1]),
        ({"resale_cost": "5 %"}, [0, 0, 0]),
        ({"resale_cost": "5 %", "spread": "0.2 USD/H100e/h"}, [1, 1, 1]),
        # Notice is given on the index of the month before.
        (
            {
                "use_value": "2 USD/H100e/h",
                "index": {"2026-01": "1.9 USD/H100e/h", "2026-02": "2.1 USD/H100e/h"},
            },
            [1, 1, 0],
        ),
    ],
)
def test_the_holder_chooses(changes, takes):
    table = run(election="holder", **changes)
    assert (table["delivery"][1:4] > 0).tolist() == [bool(x) for x in takes]
    assert (table["principal"][1:4] > 0).tolist() == [not x for x in takes]
    assert (table["reserved_share"][1:4] > 0).tolist() == [bool(x) for x in takes]


def test_hours_not_used_are_banked_and_expire():
    """A quarter H100e used: the rest is kept, at most half a month's hours."""
    table = run(use="0.25 H100e", bank="0.5 months")
    np.testing.assert_allclose(table["signals.sold_hours"][1:4], 0.25 * LENGTH[1:4])
    np.testing.assert_allclose(table["banked"][2:4], 0.5 * LENGTH[1:3])
    np.testing.assert_allclose(table["expired"][2:4], [186, 186 + 0.25 * 672 + 372])
    # Credit does not wait for use; after the last entitlement the bank is used and then lapses.
    np.testing.assert_allclose(table["balance"][1:5], [4000, 2552, 1233.52, 0], atol=1e-9)
    balanced(table)


def test_what_is_not_delivered_is_owed_at_the_index():
    """The site gives 500 hours in the first month: 244 are paid for at once, in cash."""
    site = {"sites.hall.h100e_hours": np.where(LENGTH == 744, 500, 2 * LENGTH)}
    table = run(observations=site)
    np.testing.assert_allclose(table["signals.sold_hours"][1], 500)
    np.testing.assert_allclose((table["interest"] + table["principal"])[1], 2.5 * 244)
    np.testing.assert_allclose(table["balance"][1:3], [4000, 2552])
    shared = run(share="30 %")
    np.testing.assert_allclose(shared["signals.sold_hours"][1], 0.3 * 2 * 744)
    balanced(table)


def test_hours_owed_follow_the_index_until_they_are_paid():
    """February's cash is late by a month and is paid at March's index."""
    index = {"2026-01": "2.5 USD/H100e/h", "2026-03": "4 USD/H100e/h"}
    hook = lambda line, t, claimed: claimed * (0.0 if t == 2 else 1.0)  # noqa: E731
    table = run(hook, election="cash", index=index, grace="2 months")
    assert table["shortfall"][3] == pytest.approx(672)
    # 672 x 2 were not credited: of it 25.52 is an arrear, 1,318.48 overdue principal.
    np.testing.assert_allclose(table["arrears"][3], 1344)
    np.testing.assert_allclose(table["balance"][3], 2552)
    worth = 2552 - 1318.48 + 25.52
    asked = table["interest.claimed"][3] + table["principal.claimed"][3]
    np.testing.assert_allclose(asked, 4 * (672 + min(744, worth / 2)))
    np.testing.assert_allclose(table["balance"][4], 0, atol=1e-6)
    balanced(table)


def test_called_after_grace_the_balance_is_due_in_money():
    hook = lambda line, t, claimed: claimed * (t < 2 or t > 4)  # noqa: E731
    table = run(hook, election="cash", grace="0 months")
    assert table["accelerated"].tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert table["signals.stop"].tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0]
    arrear, principal = 25.52, 2552
    np.testing.assert_allclose(table["principal.claimed"][3], principal)
    np.testing.assert_allclose(table["interest.claimed"][3], 25.52 + 1.01 * arrear)
    assert not table["reserved_h100e"][3:].any()
    np.testing.assert_allclose(table["balance"][6:], 0, atol=1e-9)
    balanced(table)


def behind(senior, **changes):
    """A junior note, given what a senior one of the same site published; 100 hours a month."""
    site = {"sites.hall.h100e_hours": 100.0}
    shown = run(observations=site, amount="4,000 USD", **senior)
    asks = {f"contracts.senior.{k}": shown[k] for k in ("reserved_share", "reserved_h100e")}
    notes = {
        "junior": terms(behind=["senior"], **changes),
        "senior": terms(issuer="other", **senior),
    }
    table = run_alone(ComputeNote, notes, site | asks, PERIODS)
    return shown, {k: v[:, 0, 0] for k, v in table.columns.items()}


def hours_due(hours):
    """A schedule of as many hours in January, and none after it."""
    return {"2026-01": f"{hours / 744!r} H100e", "2026-02": "0 H100e"}


def test_a_senior_note_is_served_first():
    """100 hours, of which the senior asks for 70 and the junior for 50: it gets 30."""
    senior, junior = behind({"schedule": hours_due(70)}, schedule=hours_due(50))
    np.testing.assert_allclose(senior["signals.sold_hours"][1], 70)
    np.testing.assert_allclose(junior["signals.sold_hours"][1], 30)
    # 20 hours are missing and are paid for at the index of 2.50; all 50 are credited at 2.
    money = junior["interest.paid"] + junior["principal.paid"]
    np.testing.assert_allclose(money[1], 2.5 * 20)
    np.testing.assert_allclose(junior["delivery.paid"][1], 2.5 * 30)
    np.testing.assert_allclose(junior["balance"][2], 4000 * 1.01 - 2 * 50)
    # The share of the junior binds where it is less than what is left.
    _, junior = behind({"schedule": hours_due(70)}, schedule=hours_due(50), share="20 %")
    np.testing.assert_allclose(junior["signals.sold_hours"][1], 20)
    # A senior within its own share, or whose holder takes cash, leaves what it does not take.
    _, junior = behind({"schedule": hours_due(70), "share": "60 %"}, schedule=hours_due(50))
    np.testing.assert_allclose(junior["signals.sold_hours"][1], 40)
    _, junior = behind({"schedule": hours_due(70), "election": "cash"}, schedule=hours_due(50))
    np.testing.assert_allclose(junior["signals.sold_hours"][1], 50)


def test_a_substitute_delivers_what_the_site_lacks():
    """The site gives 500 of 744 hours, another one 100: damages are due on 144."""
    short = {"sites.hall.h100e_hours": np.where(LENGTH == 744, 500, 2 * LENGTH)}
    table = run(observations=short | {"sites.shed.h100e_hours": 100.0}, substitute="shed")
    np.testing.assert_allclose(table["substitute_reserved_h100e"][1:3] * 744, [244, 0])
    np.testing.assert_allclose(table["signals.sold_hours"][1:3], [500, 672])
    np.testing.assert_allclose(table["signals.sold_instead"][1:3], [100, 0])
    np.testing.assert_allclose(table["delivery"][1], 2.5 * 600)
    np.testing.assert_allclose((table["interest"] + table["principal"])[1], 2.5 * 144)
    np.testing.assert_allclose(table["balance"][1:3], [4000, 2552])
    balanced(table)
    # At most its share; and nothing where compute was not asked for.
    tenth = {"substitute": "shed", "substitute_share": "10 %"}
    table = run(observations=short | {"sites.shed.h100e_hours": 1000.0}, **tenth)
    np.testing.assert_allclose(table["signals.sold_instead"][1], 100)
    table = run(observations=short | {"sites.shed.h100e_hours": 1000.0}, election="cash", **tenth)
    assert not table["signals.sold_instead"].any()
    # What is asked of the bank waits for the own site.
    later = {"sites.hall.h100e_hours": np.where(np.arange(9) == 4, 0, 2 * LENGTH)}
    table = run(
        observations=later | {"sites.shed.h100e_hours": 1e4},
        substitute="shed",
        use={"2026-01": "0.5 H100e", "2026-04": "1 H100e"},
        bank="2 months",
    )
    assert not table["signals.sold_instead"].any()
    assert table["banked"][4] == table["banked"][5] > 0
    balanced(table)


@pytest.mark.parametrize(
    ("hours", "given"),
    [
        # All that there is: 30 are kept for the shed's own note, whatever it takes in the end.
        (400, {"early": 120, "beside": 80, "after": 50}),
        # Of 210 the first two get what they ask for, the third what they leave: 10.
        (240, {"early": 120, "beside": 80, "after": 10}),
        # 100 for the first two, in proportion: 60 % of 130 are 78. Nothing for who stands behind.
        (130, {"early": 100 * 78 / 158, "beside": 100 * 80 / 158, "after": 0}),
        # A share of 60 % is at most 60: 70 are left for 60 and 80.
        (100, {"early": 30, "beside": 40, "after": 0}),
        (20, {"early": 0, "beside": 0, "after": 0}),
    ],
)
def test_order_at_the_substitute(hours, given):
    """Its own contracts, then notes by how many stand before them, in proportion within a place."""
    instead = {"substitute": "shed"}
    notes = {
        "after": terms(behind=["early"], schedule=hours_due(50), **instead),
        "early": terms(schedule=hours_due(120), substitute_share="60 %", **instead),
        "beside": terms(site="barn", schedule=hours_due(80), **instead),
        "mine": terms(site="shed", schedule=hours_due(30)),
    }
    notes = {k: v.model_copy(update={"issuer": f"{k}_company"}) for k, v in notes.items()}
    sites = {f"sites.{s}.h100e_hours": 0.0 for s in ("hall", "barn")}
    sites["sites.shed.h100e_hours"] = float(hours)
    names = [f"{x}_{y}" for x in ("reserved", "substitute_reserved") for y in ("share", "h100e")]
    unseen = {f"contracts.{k}.{name}": 0.0 for k in notes for name in names}
    # What is published does not depend on what others publish.
    first = run_alone(ComputeNote, notes, sites | unseen, PERIODS)
    shown = {
        f"contracts.{k}.{name}": first[name][:, i] for i, k in enumerate(notes) for name in names
    }
    table = run_alone(ComputeNote, notes, sites | shown, PERIODS)
    for name in names:
        np.testing.assert_array_equal(table[name], first[name])
    got = dict(zip(notes, table["signals.sold_instead"][1], strict=True))
    assert got == pytest.approx(given | {"mine": 0}, rel=1e-12, abs=1e-9)
    assert sum(got.values()) + table["signals.sold_hours"][1, 3] <= hours * (1 + 1e-12)
    # The rest falls due in cash at the index of 2.50.
    money = (table["interest"] + table["principal"])[1]
    due = np.array([50, 120, 80, 30])
    have = table["signals.sold_instead"][1] + table["signals.sold_hours"][1]
    np.testing.assert_allclose(money, 2.5 * (due - have), atol=1e-9)
    balanced(table)


def test_a_junior_lacks_what_its_senior_took():
    """100 hours at the site, 70 for the senior: of 50 the junior asks 20 of the substitute."""
    notes = {
        "senior": terms(schedule=hours_due(70), issuer="other"),
        "junior": terms(schedule=hours_due(50), behind=["senior"], substitute="shed"),
    }
    seen = {"sites.hall.h100e_hours": 100.0, "sites.shed.h100e_hours": 1000.0}
    shown = {"reserved_share": 1.0, "reserved_h100e": 70 / 744}
    seen |= {f"contracts.senior.{k}": v for k, v in shown.items()}
    table = run_alone(ComputeNote, notes, seen, PERIODS)
    np.testing.assert_allclose(table["substitute_reserved_h100e"][1] * 744, [0, 20], atol=1e-12)
    np.testing.assert_allclose(table["signals.sold_hours"][1], [70, 30])
    np.testing.assert_allclose(table["signals.sold_instead"][1], [0, 20], atol=1e-12)


def test_who_is_served_before_whom():
    notes = {
        n: terms(behind=o) for n, o in {"a": [], "b": ["a"], "c": ["b"], "d": ["b", "a"]}.items()
    }
    assert seniors("c", notes) == ("b", "a")
    assert seniors("d", notes) == ("b", "a")
    assert seniors("a", notes) == ()
    assert [level(name, notes) for name in notes] == [0, 1, 2, 2]


def test_triggers():
    """An index at 80 % of the settlement price: coverage 0.8; a pledge worth 3,000."""
    given = {"chips.cohort.value": 3000.0}
    changes = {"collateral": ["cohort"], "index": "1.6 USD/H100e/h"}
    table = run(observations=given, trap_coverage="0.9", call_coverage="0.7", **changes)
    np.testing.assert_allclose(table["coverage"][2:4], 0.8)
    np.testing.assert_allclose(table["ltv"][2:4], np.array([2552, 1233.52]) / 3000)
    assert table["trapped"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0]
    assert not table["accelerated"].any()
    called = run(observations=given, call_ltv="80 %", grace="0 months", **changes)
    assert called["accelerated"][2:].all()
    later = run(observations=given, call_ltv="80 %", deliveries_from="2026-03", **changes)
    assert not later["accelerated"].any()


def test_a_note_states_its_schedule_or_what_it_follows_from():
    with pytest.raises(ValidationError, match="advance"):
        terms(amount="sized")
    with pytest.raises(ValidationError, match="settlement"):
        terms(settlement=None)
    with pytest.raises(ValidationError, match="worked out"):
        terms(amount="sized", advance_rate="60 %", collateral=["cohort"])


# ------------------------------------------------------------------------------ limits


def test_without_default_and_with_a_fixed_index_it_is_a_bond():
    """Payments discounted at the note's rate are the amount."""
    table = run(election="cash", index="2 USD/H100e/h", amount="2,000 USD")
    paid = (table["interest"] + table["principal"])[1:]
    assert (paid / 1.01 ** np.arange(1, 9)).sum() == pytest.approx(2000, rel=1e-12)
    assert table["principal"].sum() == pytest.approx(2000, rel=1e-12)


def normal(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def test_the_floor_is_a_put_by_black():
    """Expected worth of the floor of one hour over a lognormal index against Black's formula."""
    forward, floor, deviation = 2.0, 1.8, 0.35
    # Gauss-Legendre on both sides of the kink, eight deviations out: 40 nodes a side are exact to
    # 1e-12; both sides of the comparison are closed then.
    nodes, weights = np.polynomial.legendre.leggauss(40)
    kink = (math.log(floor / forward) + deviation**2 / 2) / deviation
    z = np.concatenate([(a + b) / 2 + (b - a) / 2 * nodes for a, b in ((-8, kink), (kink, 8))])
    w = np.concatenate([(b - a) / 2 * weights for a, b in ((-8, kink), (kink, 8))])
    w = w * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    index = forward * np.exp(deviation * z - deviation**2 / 2)
    notes = {
        f"n{i}": terms(
            issuer=f"company_{i}",  # debts of one issuer would count in one another's cover
            election="cash",
            floor=f"{floor} USD/H100e/h",
            index=f"{x!r} USD/H100e/h",
        )
        for i, x in enumerate(index.tolist())
    }
    table = run_alone(ComputeNote, notes, {"sites.hall.h100e_hours": 744.0}, 1)
    got = (table["interest"] + table["principal"])[1] / 744
    put = w @ got - forward
    d1 = (math.log(forward / floor) + deviation**2 / 2) / deviation
    black = floor * normal(deviation - d1) - forward * normal(-d1)
    assert put == pytest.approx(black, rel=1e-9)


def test_delivery_only_is_a_prepaid_forward():
    """Whatever the index, the holder has the hours; no cash moves between the two."""
    for index in ("0.5 USD/H100e/h", "9 USD/H100e/h"):
        table = run(index=index)
        np.testing.assert_allclose(table["signals.sold_hours"][1:4], DUE[1:4], rtol=1e-5)
        back = table["delivered_interest"] + table["delivered_principal"]
        np.testing.assert_allclose(table["delivery"], back)
        assert not (table["interest"] + table["principal"] + table["excess"]).any()


# ------------------------------------------------------------------------------ laws


def test_scales_and_vanishes():
    changes = {"election": "cash", "floor": "3 USD/H100e/h", "spread": "0.1 USD/H100e/h"}
    twice = scaled(terms(**changes), 2.0, units=("USD", "USD/H100e/h"))
    np.testing.assert_allclose(
        run(values=twice, **changes)["principal"], 2 * run(**changes)["principal"]
    )
    nothing = scaled(EXAMPLE, 0.0, units=("USD", "USD/H100e/h"))
    assert not run(values=nothing)["delivery"].any()


def test_gradient():
    example = terms(
        election="cash",
        share="60 %",
        spread="0.1 USD/H100e/h",
        floor="1 USD/H100e/h",
        cap="2.2 USD/H100e/h",
        underwriter="sponsor",
        floor_fee="1 %/year",
        upfront_fee="1 %",
    )
    fields = ("amount", "rate", "spread", "cap", "schedule", "settlement", "upfront_fee")
    places = tuple(f"contracts.example.{field}" for field in fields)
    found = gradient(ComputeNote, example, SITE, 8, bump=places)
    assert all(map(math.isfinite, found.slope.values()))
    for place in places:
        assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-5, abs_tol=1e-6), (
            place
        )
