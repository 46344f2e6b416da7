"""The catalogue as it is read: names, units, what is derived, and what is refused."""

import math
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offtake import catalogue
from offtake.catalogue import reader

UNITS = {
    *("FLOP/s", "byte", "byte/s", "W", "H100e", "MW", "1", "USD", "USD/GPU/h", "USD/GPU"),
    *("USD/token", "1/year", "USD/MWh", "USD/MW", "month", "chip", "token/request"),
}


def test_every_number_is_whole():
    for place, number in catalogue.numbers():
        assert number.unit in UNITS, place
        assert number.source, place
        assert number.confidence in reader.CONFIDENCES, place
        assert re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", number.date), place
        assert math.isfinite(number.value), place
        assert number.value >= 0.0, place
        if number.confidence in {"assumption", "derived"} and ".h100e" not in place:
            assert number.note or number.unit == "USD/MW", f"{place}: says not from what"
        if number.low is not None:
            assert number.low < number.value < number.high, place


def test_the_chips_that_plans_name():
    assert set(catalogue.chips()) == {
        *("A100", "H100", "H200", "B200", "GB200", "B300", "GB300"),
        *(
            "VR200",
            "MI450",
            "MI300X",
            "MI325X",
            "MI355X",
            "TPU v5p",
            "TPU v6e",
            "TPU v7",
            "Trainium2",
            "Trainium3",
        ),
    }


# H100e per unit in Epoch AI's chip counts of April 2026 (MIT): units and H100e of each chip type.
@pytest.mark.parametrize(
    ("name", "h100e"),
    [
        *[("H100", 1.0), ("A100", 0.3153), ("TPU v5p", 0.4639), ("TPU v6e", 0.9277)],
        *[("TPU v7", 2.3315), ("Trainium2", 0.6564), ("MI300X", 1.3213), ("MI325X", 1.3138)],
        *[("MI355X", 2.5433), ("GB200", 2.5265), ("GB300", 2.5265)],
    ],
)
def test_h100e_is_that_of_the_chip_counts(name, h100e):
    assert catalogue.chip(name).h100e.value == pytest.approx(h100e, abs=1e-4)


def test_a_chip_draws_more_than_its_own_power():
    for name, chip in catalogue.chips().items():
        if chip.all_in_power and chip.tdp:
            assert 1.3 < chip.all_in_power.value / chip.tdp.value < 2.6, name
        if chip.dense_8bit and chip.dense_16bit:
            assert chip.dense_8bit.value > chip.dense_16bit.value, name


def test_an_announced_chip_lacks_what_no_source_states():
    for name in ("VR200", "MI450"):
        chip = catalogue.chip(name)
        assert chip.released is None
        assert chip.expected
        assert chip.dense_8bit.confidence == "announced"
        with pytest.raises(catalogue.MissingQuantityError, match=f"no all_in_power of {name}"):
            chip.needed("all_in_power")
    assert catalogue.chip("H100").needed("tdp").value == 700.0
    assert all(chip.released or chip.expected for chip in catalogue.chips().values())


@pytest.mark.parametrize("written", ["GB200", "gb200", "gb-200", " GB 200"])
def test_names_as_people_write_them(written):
    assert catalogue.chip(written).name == "GB200"
    assert catalogue.chip("tpu-v5p").name == "TPU v5p"


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(catalogue.UnknownNameError) as caught:
        catalogue.chip("GB20")
    assert caught.value.suggestion == "GB200"
    assert "has no chip 'GB20'; did you mean 'GB200'? it has: A100, H100" in str(caught.value)
    with pytest.raises(catalogue.UnknownNameError, match=r"did you mean 'abilene'\?"):
        catalogue.site("Abiline")
    with pytest.raises(catalogue.UnknownNameError, match="no rating 'Q9'"):
        catalogue.rating("Q9")


@given(st.text(max_size=20))
def test_no_name_breaks_the_reader(name):
    for read in (catalogue.chip, catalogue.site, catalogue.rating):
        with suppress(catalogue.UnknownNameError):
            read(name)


def test_the_build_path_of_abilene():
    path = catalogue.site("abilene").build_path
    assert [step.date.isoformat() for step in path][:2] == ["2024-05-31", "2025-06-28"]
    assert [step.power.value for step in path] == [0, 147, 295, 590, 1180, 2121]
    assert [step.forecast for step in path] == [False] * 3 + [True] * 3
    full = path[4]
    per_mw = (full.compute_cost.value + full.construction_cost.value) / full.power.value
    assert per_mw == pytest.approx(27.4e6, rel=2e-3)
    assert full.compute_cost.value == 21.93e9


def test_build_paths_run_forward():
    assert len(catalogue.sites()) == 16
    for name, site in catalogue.sites().items():
        dates = [step.date for step in site.build_path]
        assert dates == sorted(set(dates)), name
        assert site.build_path[-1].h100e.value > 0, name


@pytest.mark.parametrize(
    ("written", "letter"),
    [
        *[("AAA", "AAA"), ("Aaa", "AAA"), ("AA-", "AA"), ("A3", "A"), ("A(low)", "A")],
        *[("BBB", "BBB"), ("Baa1", "BBB"), ("BB+", "BB"), ("Ba2", "BB"), ("B-", "B"), ("B2", "B")],
        *[("CCC+", "CCC"), ("Caa1", "CCC"), ("CC", "CCC"), ("C", "CCC")],
    ],
)
def test_ratings_of_several_houses(written, letter):
    assert catalogue.rating(written).name == letter


def test_defaults_rise_with_time_and_down_the_scale():
    ratings = list(catalogue.ratings().values())
    assert [rating.name for rating in ratings] == ["AAA", "AA", "A", "BBB", "BB", "B", "CCC"]
    for rating in ratings:
        shares = [number.value for _, number in rating.cumulative_default]
        assert shares == sorted(shares)
    for knot in range(3, 8):
        shares = [rating.cumulative_default[knot][1].value for rating in ratings]
        assert shares[1:] == sorted(shares[1:])
    assert catalogue.rating("BBB").one_year_default.value == pytest.approx(0.0016)


@pytest.mark.parametrize("name", ["AAA", "BBB", "B", "CCC"])
def test_hazards_give_back_the_cumulative_defaults(name):
    rating = catalogue.rating(name)
    hazards = rating.hazards()
    for years, number in rating.cumulative_default:
        ends = [*(start for start, _ in hazards[1:]), math.inf]
        lived = sum(
            rate * (min(end, years) - start)
            for (start, rate), end in zip(hazards, ends, strict=True)
            if start < years
        )
        assert 1.0 - math.exp(-lived) == pytest.approx(number.value, abs=1e-12)
        if years == 5.0:
            assert lived == pytest.approx(5.0 * rating.hazard.value)


def test_tables_of_depreciation():
    for class_years in (3, 5, 7, 10, 15, 20):
        shares = catalogue.macrs_year_shares(class_years)
        assert len(shares) == class_years + 1
        assert sum(shares) == pytest.approx(1.0, abs=1e-12)
    assert catalogue.accounting_lives()["Meta"][-1].value == 66.0
    assert catalogue.tax()["us_federal_income_tax_rate"][-1].value == 0.21


def test_price_histories_run_forward():
    histories = {**catalogue.prices(), **catalogue.power(), **catalogue.accounting_lives()}
    for name, history in histories.items():
        dates = [number.date for number in history]
        assert dates == sorted(dates), name
        assert len({number.unit for number in history}) == 1, name
    assert [number.value for number in catalogue.prices()["h100_rental"]][-3:] == [1.7, 2.35, 2.6]


SOURCES = {"s": "someone"}
GOOD = {"value": 1, "unit": "W", "source": "s", "date": 2026, "confidence": "reported"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": None}, "missing or unknown: unit"),
        ({"colour": "red"}, "missing or unknown: colour"),
        ({"source": "t"}, "no source 't'"),
        ({"confidence": "sure"}, "confidence is 'sure'"),
        ({"basis": "cheap"}, "basis is 'cheap'"),
    ],
)
def test_a_malformed_number_is_refused_with_its_place(change, said):
    entry = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(catalogue.CatalogueError, match=f"catalogue: x.y: .*{said}"):
        reader._number(entry, SOURCES, "x.y")


def test_a_band_has_the_geometric_mean():
    number = reader._number({**GOOD, "value": [20, 45]}, SOURCES, "x")
    assert (number.value, number.low, number.high) == (30.0, 20.0, 45.0)
    number = reader._number({**GOOD, "value": [20, 25, 45]}, SOURCES, "x")
    assert (number.value, number.low, number.high) == (25.0, 20.0, 45.0)


def test_a_chip_without_8bit_rate_is_compared_by_its_16bit_rate():
    entry = {"vendor": "v", "released": catalogue.chip("A100").released}
    for key in ("dense_16bit", "memory", "bandwidth", "tdp", "all_in_power"):
        entry[key] = {**GOOD, "value": 5.0}
    chip = reader._chip("old", entry, {"dense_8bit": 20.0, "dense_16bit": 10.0}, SOURCES)
    assert chip.h100e.value == 0.5
    assert "16bit" in chip.h100e.note
    assert {field.name for field in fields(chip)} >= {"dense_8bit", "h100e"}


def test_the_catalogue_is_the_lowest_layer_and_light():
    script = (
        "import sys; before = set(sys.modules); from offtake import catalogue;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "assert not new & {'jax', 'numpy', 'ruamel', 'pydantic'}, new;"
        # `offtake` itself offers the function `run`, whose file imports nothing heavy.
        "light = {'offtake.run', 'offtake.run.api'};"
        "rooms = {n for n in sys.modules if n.startswith('offtake.')} - light;"
        "assert all(n.startswith('offtake.catalogue') for n in rooms), rooms"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
