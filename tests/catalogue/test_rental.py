"""Rental prices of several bases brought to one, with what that leaves unknown."""

import math

import pytest

from offtake import catalogue
from offtake.catalogue import Number, rental


def test_every_rental_price_says_its_basis():
    for name, history in catalogue.prices().items():
        if "rental" in name:
            assert all(number.basis for number in history), name


def test_prices_on_the_basis_stay_and_others_get_a_band():
    raw, history = catalogue.prices()["h100_rental"], catalogue.rental_history("h100")
    assert [number.date for number in history] == [number.date for number in raw]
    for before, after in zip(raw, history, strict=True):
        assert after.basis == "one_year_contract"
        assert after.low <= after.value <= after.high
        if before.basis == "one_year_contract":
            assert (after.low, after.value, after.high) == (before.value,) * 3
            assert after.confidence == "reported"
        else:
            assert after.low < after.high
            assert after.confidence in {"derived", "assumption"}
            assert "converted by" in after.source


def test_a_conversion_by_hand():
    # On demand, October 2024: 2.99 USD/GPU/h times 0.53 to 0.80.
    converted = catalogue.rental_history()[2]
    assert converted.low == pytest.approx(2.99 * 0.53)
    assert converted.high == pytest.approx(2.99 * 0.80)
    assert converted.value == pytest.approx(2.99 * math.sqrt(0.53 * 0.80))


def test_the_bands_of_price_and_conversion_both_count():
    peak = catalogue.rental_history()[0]
    assert (peak.low, peak.high) == pytest.approx((7 * 0.53, 12 * 0.80))


def test_conversions_make_nothing_dearer():
    # Who commits for a year pays no more than who does not.
    for basis, factor in catalogue.rental_conversions().items():
        assert 0.0 < factor.low < factor.high <= 1.0, basis
        assert factor.note, basis


def test_what_cannot_be_converted_is_told():
    with pytest.raises(catalogue.UnknownNameError, match=r"did you mean 'H100'\?"):
        catalogue.rental_history("H10")
    three = Number(1.0, "USD/GPU/h", "s", "2026", "reported", basis="three_year_contract")
    with pytest.raises(catalogue.CatalogueError, match="no conversion of 'three_year_contract'"):
        rental._converted(three)
