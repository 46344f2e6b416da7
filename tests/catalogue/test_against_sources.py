"""Rows of the catalogue against the collections that they were taken from."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from docs import derive_shapes, parquet
from offtake import catalogue
from tests.reference_data import MISSING, find_reference_data

VENDORS = {"Nvidia": "nvidia", "Google TPU": "tpu", "Amazon Trainium": "trainium", "AMD": "amd"}
QUANTILES = ("5th percentile", "median", "95th percentile")
COLUMNS = {
    "units": ("Number of units", "Number of Units"),
    "h100e": ("Compute estimate in H100e", "H100e"),
    "power": ("Power in MW",),
}
STEP = {
    "power": ("Power (MW)", 1.0),
    "buildings": ("Buildings operational", 1.0),
    "h100e": ("H100 equivalents", 1.0),
    "compute_cost": ("Compute cost (2025 USD billions)", 1e9),
    "construction_cost": ("Construction cost (2025 USD billions)", 1e9),
}


@pytest.fixture(scope="module")
def data() -> Path:
    folder = find_reference_data()
    if folder is None:
        pytest.skip(MISSING)
    return folder


def rows_of(data: Path, *place: str) -> list[dict[str, str]]:
    path = data.joinpath(*place)
    if not path.is_file():
        pytest.skip(f"no {'/'.join(place)} in the reference data")
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def day(written: str) -> dt.date:
    return dt.datetime.strptime(written, "%m/%d/%Y").date()


def cell(row: dict[str, str], names: tuple[str, ...], quantile: str) -> float:
    """A cell by its header; the files call and order their columns differently."""
    heads = [f"{name} ({quantile})" for name in names]
    heads += list(names) if quantile == "median" else []
    return float(next(row[head] for head in heads if head in row))


@pytest.mark.parametrize("vendor", VENDORS)
def test_shipments_are_those_of_the_chip_counts(data: Path, vendor: str):
    rows = rows_of(data, "epoch_chip_counts", f"{VENDORS[vendor]}_cumulative_totals.csv")
    shipped = catalogue.shipments()[vendor]
    assert shipped.since == day(rows[0]["Start date"])
    for what, names in COLUMNS.items():
        history = getattr(shipped, what)
        assert [number.date for number in history] == [str(day(row["End date"])) for row in rows]
        for row, number in zip(rows, history, strict=True):
            found = [cell(row, names, quantile) for quantile in QUANTILES]
            assert [number.low, number.value, number.high] == pytest.approx(found, rel=1e-5)
            assert bool(number.note) == ("Incomplete" in row["Notes"])


def test_build_paths_are_those_of_the_timelines(data: Path):
    titles = {row["Handle"]: row["Title"] for row in rows_of(data, "epoch", "data_centers.csv")}
    sites = {site.title: site for site in catalogue.sites().values()}
    assert set(sites) == set(titles.values())
    latest: dict[str, list[float]] = {}
    for row in rows_of(data, "epoch", "data_center_timelines.csv"):
        site, date = sites[titles[row["Data center"]]], day(row["Date"])
        step = {step.date: step for step in site.build_path}.get(date)
        here = [float(row[head] or "nan") * size for head, size in STEP.values()]
        if step is None:
            known = [old == new for old, new in zip(latest[site.name], here, strict=True)]
            missing = np.isnan(here)
            assert all(known | missing), f"{site.name}, {date} changes something"
        else:
            found = [getattr(step, name).value for name in STEP]
            assert found == pytest.approx(here, rel=1e-3, abs=1e-9), f"{site.name}, {date}"
            latest[site.name] = here


def test_shapes_are_those_derived_from_the_traces(data: Path):
    if not (data / derive_shapes.WINDOWS).is_file():
        pytest.skip(f"no {derive_shapes.WINDOWS} in the reference data")
    if not parquet.can_read():
        pytest.skip("the program zstd is not installed")
    for name, factors in derive_shapes.hourly_factors(data).items():
        kept = catalogue.shape(name).factors
        bands = [n.value if n.low is None else [n.low, n.value, n.high] for n in kept]
        np.testing.assert_allclose(bands, derive_shapes.shape_rows(factors), atol=1.1e-3)


def test_token_lengths_are_those_of_the_traces(data: Path):
    rows_of(data, "azure_llm_traces", "AzureLLMInferenceTrace_code.csv")
    for name, (mean, date) in derive_shapes.token_means(data).items():
        number = catalogue.token_lengths()[name]
        assert (number.value, number.date) == (pytest.approx(mean), date)


def test_a_gap_of_the_record_is_not_an_hour_without_demand():
    # One client, two days, load 1; 2 in hour 5; no row at all in hour 7 of the second day.
    start = np.arange(0, 2 * 86_400, 600)
    start = start[(start // 3_600) != 24 + 7]
    hour = start // 3_600 % 24
    table = {
        "window_start_s": start,
        "rate_rps": np.where(hour == 5, 2.0, 1.0),
        "mean_in": np.full(len(start), 90.0),
        "mean_out": np.full(len(start), 10.0),
    }
    factors = derive_shapes._factors(table)
    assert np.isnan(factors[1, 7])
    means = [row[1] for row in derive_shapes.shape_rows(factors)]
    assert means[7] == pytest.approx(means[6], abs=2e-3)
    assert means[5] == pytest.approx(2 * means[6], abs=3e-3)
    assert np.mean(means) == pytest.approx(1.0, abs=1e-3)


def test_a_client_without_tokens_counts_with_the_mean_of_its_class():
    start = np.tile(np.arange(0, 86_400, 600), 2)
    known = np.repeat([True, False], 144)
    table = {
        "window_start_s": start,
        "rate_rps": np.where(known, 1.0, np.where(start < 43_200, 3.0, 1.0)),
        "mean_in": np.where(known, 80.0, np.nan),
        "mean_out": np.where(known, 20.0, np.nan),
    }
    factors = derive_shapes._factors(table)[0]
    assert factors[0] / factors[23] == pytest.approx((1 + 3) / (1 + 1))
