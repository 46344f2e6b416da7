"""Spot sale: golden table, and every rule against hand arithmetic."""

import math

import numpy as np
import pytest

from offtake.contracts.compute_note import EXAMPLE as NOTE
from offtake.contracts.reserved_capacity import EXAMPLE as RESERVATION
from offtake.contracts.spot_sale import EXAMPLE, SpotSale
from offtake.finance.reservations import Kept
from tests.contracts.harness import bench, check_golden, gradient, run_alone

HOURS = [0.0, 1000.0, 2000.0, 2000.0, 2000.0]
SHARE, CAPACITY = "contracts.reservation.reserved_share", "contracts.reservation.reserved_h100e"
SITE = {
    "observations": {
        "sites.hall.h100e_hours": HOURS,
        SHARE: [0.0, 0.5, 0.5, 0.5, 0.0],
        CAPACITY: [0.0, 1e15, 1e15, 1.0, 0.0],
        "sites.hall.sold_share": [0.0, 0.4, 0.5, 0.6, 0.7],
    },
    "periods": 4,
}


def terms(**changes):
    return type(EXAMPLE).model_validate(EXAMPLE.model_dump(exclude_unset=True) | changes)


def run(paid=lambda line, t, claimed: claimed, observations=None, **changes):
    setting = SITE | {"observations": SITE["observations"] | (observations or {})}
    return run_alone(SpotSale, terms(**changes), paid=paid, **setting)


def test_golden():
    check_golden(run())


def test_example_by_hand():
    table = run()
    # In March the reservation is for one H100e: 744 of its half of 2,000 hours.
    sold = 0.75 * np.array([0, 500, 1000, 2000 - 744, 2000])
    np.testing.assert_allclose(table["hours"], 1.5 * sold)
    np.testing.assert_allclose(table["signals.sold_hours"], sold)
    np.testing.assert_allclose(table["sold"][1:], sold[:-1])


def test_nothing_left():
    table = run(observations={SHARE: 1.2, CAPACITY: 1e15})
    assert not table["hours"].any()


def test_everything_where_nothing_is_reserved():
    table = run(after=[], share="50 %", utilisation="100 %")
    np.testing.assert_allclose(table["signals.sold_hours"], 0.5 * np.array(HOURS))


def test_after_all_reservations_of_the_site_where_none_is_named():
    alone = bench(SpotSale, terms(after=[]), SITE["observations"], 4)
    alone.at.terms = {
        "here": RESERVATION,
        "elsewhere": RESERVATION.model_copy(update={"site": "shed"}),
        "spot": EXAMPLE,
    }
    assert alone.at.contracts_of_site("hall", "reserved_share") == ("here",)


@pytest.mark.parametrize("after", [[], None])
def test_less_what_notes_of_other_sites_keep(after):
    """A note whose substitute is the hall, whether or not `after` names reservations."""
    alone = bench(SpotSale, terms(after=[]), SITE["observations"], 4)
    alone.at.terms = {
        "here": RESERVATION,
        "short": NOTE.model_copy(update={"site": "shed", "substitute": "hall"}),
        "elsewhere": NOTE.model_copy(update={"site": "shed", "substitute": "barn"}),
    }
    kept = Kept.of_sites(["hall"], [after], alone.at)
    names = list(alone.at.requests)
    reservation = ["contracts.here.reserved_share"] if after is None else []
    found = [names[i] for i in kept.share[0]]
    assert found == [*reservation, "contracts.short.substitute_reserved_share"]
    found = [names[i] for i in kept.h100e[0]]
    assert found[-1] == "contracts.short.substitute_reserved_h100e"


def test_at_the_market_where_no_price_is_written():
    """Its price, and only the share of hours that it takes."""
    written = {k: v for k, v in EXAMPLE.model_dump(exclude_unset=True).items() if k != "price"}
    seen = SITE["observations"] | {"sites.hall.spot_price": 3.0}
    table = run_alone(SpotSale, type(EXAMPLE).model_validate(written), seen, 4)
    taken = np.array(SITE["observations"]["sites.hall.sold_share"])
    np.testing.assert_allclose(table["hours"], 2 * run()["hours"] * taken)
    np.testing.assert_allclose(table["signals.sold_hours"], run()["signals.sold_hours"] * taken)


def test_what_is_unpaid_is_lost():
    table = run(paid=lambda line, t, claimed: claimed * 0.3)
    np.testing.assert_allclose(table["hours.claimed"], run()["hours.claimed"])


def test_gradient():
    place = "contracts.example.share"
    found = gradient(SpotSale, terms(share="80 %"), bump=[place], **SITE)
    assert math.isclose(found.slope[place], found.bump[place], rel_tol=1e-6)
