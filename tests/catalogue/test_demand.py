"""Shapes of demand and chips shipped, as read."""

import pytest

from offtake import catalogue


def test_shapes_have_24_factors_of_mean_one():
    for name, shape in catalogue.shapes().items():
        assert len(shape.factors) == 24
        mean = sum(factor.value for factor in shape.factors) / 24
        assert mean == pytest.approx(1.0, abs=1e-3), name
        assert {factor.unit for factor in shape.factors} == {"1"}
    assert catalogue.shape("Language-Large").name == "language_large"
    with pytest.raises(catalogue.UnknownNameError, match=r"did you mean 'reasoning'\?"):
        catalogue.shape("reasonin")


def test_one_day_of_record_gives_no_band():
    assert all(factor.low is None for factor in catalogue.shape("reasoning").factors)
    assert all(factor.low is not None for factor in catalogue.shape("language_mid").factors)


def test_code_reads_much_and_writes_little():
    lengths = catalogue.token_lengths()
    assert set(lengths) == {
        *("code_input", "code_output", "conversation_input", "conversation_output"),
    }
    code, talk = (
        lengths[f"{service}_input"].value / lengths[f"{service}_output"].value
        for service in ("code", "conversation")
    )
    assert code > 10 * talk


def test_what_was_shipped_never_falls():
    for vendor, shipped in catalogue.shipments().items():
        for history in (shipped.units, shipped.h100e, shipped.power):
            values = [number.value for number in history]
            assert values == sorted(values), vendor
            dates = [number.date for number in history]
            assert dates == sorted(set(dates)), vendor
            assert dates[0] > str(shipped.since)
    nvidia = catalogue.shipments()["Nvidia"]
    end_of_2025 = next(number for number in nvidia.h100e if number.date == "2025-12-31")
    assert (end_of_2025.low, end_of_2025.value) == (11_899_055, 13_659_258)
