"""Tables of who pays, of tracing and of funding: arrays over paths to rows."""

import json

import numpy as np
import pytest

from offtake.core.flows import Flow
from offtake.measures.funding import Funding
from offtake.measures.tracing import trace
from offtake.measures.who_pays import WhoPays
from offtake.results.tables.estimates import mean_and_error, share_and_error, worst_paths
from offtake.results.tables.funding import (
    funding_gap_rows,
    funding_need_rows,
    sources_and_uses_rows,
)
from offtake.results.tables.traced import circularity_rows, traced_rows
from offtake.results.tables.who_pays import who_pays_rows
from tests.measures.ledger import four_parties, on_device

PARTIES = [
    {"party": "company", "role": "operator", "owner": ""},
    {"party": "reserve", "role": "", "owner": "company"},
    {"party": "bank", "role": "lender", "owner": ""},
]
FIGURES = ("fronted", "returned", "net", "loss", "shortfall", "supports", "open", "unreturned")
ASKED = ("fronted", "returned", "net", "loss", "shortfall")


def some_outputs(paths: int = 40) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {name: rng.exponential(1.0, (paths, len(PARTIES))) for name in FIGURES}


def test_standard_errors():
    assert mean_and_error(np.array([1.0, 3.0])) == pytest.approx((2.0, 1.0))
    assert mean_and_error(np.array([4.0])) == (4.0, None)
    assert share_and_error(np.zeros(3), np.zeros(3)) == (None, None)
    share, error = share_and_error(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    assert (share, error) == pytest.approx((0.5, 0.0))  # the share is the same on every path


def test_error_of_a_share_is_what_repeated_samples_show():
    rng = np.random.default_rng(1)
    whole = rng.exponential(1.0, (2_000, 100))
    part = whole * rng.uniform(0.2, 0.6, whole.shape) + 0.1 * rng.exponential(1.0, whole.shape)
    found = [share_and_error(p, w) for p, w in zip(part, whole, strict=True)]
    spread = np.std([share for share, _ in found])
    assert np.mean([error for _, error in found]) == pytest.approx(spread, rel=0.05)


def test_rows_have_the_keys_of_the_output():
    rows = who_pays_rows(PARTIES, some_outputs())
    assert [row["party"] for row in rows] == ["company", "bank"]
    for row in rows:
        for name in ASKED:
            assert {f"{name}_usd", f"{name}_usd_se"} <= row.keys()
        for name in ("net", "loss"):
            assert {f"{name}_usd_worst5", f"{name}_usd_worst5_se"} <= row.keys()
    assert rows[1]["role"] == "lender"
    json.dumps(rows, allow_nan=False)


def test_the_worst_paths_are_one_set_for_all_rows():
    outputs = some_outputs()
    worst = worst_paths(outputs["loss"])
    total = outputs["loss"].sum(axis=1)
    assert len(worst) == 2
    assert set(worst) == set(np.argsort(total)[-2:])
    for row, m in zip(who_pays_rows(PARTIES, outputs), (0, 2), strict=True):
        assert row["net_usd_worst5"] == pytest.approx(outputs["net"][worst, m].mean())
        assert row["loss_usd_worst5"] == pytest.approx(outputs["loss"][worst, m].mean())
        sd = outputs["loss"][worst, m].std(ddof=1)
        assert row["loss_usd_worst5_se"] == pytest.approx(sd / np.sqrt(2))


@pytest.mark.parametrize(("paths", "count"), [(1, 1), (19, 1), (20, 1), (21, 2), (1000, 50)])
def test_size_of_the_worst_set(paths, count):
    assert len(worst_paths(np.ones((paths, 2)))) == count


def test_one_path_has_no_standard_error():
    row = who_pays_rows(PARTIES, some_outputs(1))[0]
    assert row["loss_usd_se"] is None
    assert row["loss_usd_worst5_se"] is None


def test_tables_of_the_four_parties():
    ledger = four_parties()
    record, book = ledger.record(), ledger.book()
    facts = [{"party": n, "role": ledger.roles[n], "owner": ""} for n in ledger.names]
    paid = WhoPays.build(book).reduce(on_device(record))
    rows = {
        r["party"]: r for r in who_pays_rows(facts, {k: np.asarray(v).T for k, v in paid.items()})
    }
    assert rows["bank"]["loss_usd"] == pytest.approx(54.176)
    assert rows["bank"]["shortfall_usd"] == pytest.approx(31.0784)
    assert sum(row["net_usd"] for row in rows.values()) == pytest.approx(0.0, abs=1e-12)

    got = trace(book, record.months.paid, record.months.cash, ledger.rate)
    found = traced_rows(got.uses, got.sources, got.amounts)
    chips = [row for row in found if row["use"] == "vendor: capital cost"]
    assert [(row["source"], row["usd"], row["share"]) for row in chips] == [
        ("bank", pytest.approx(92.0), pytest.approx(0.8)),
        ("company (opening cash)", pytest.approx(23.0), pytest.approx(0.2)),
    ]
    assert set(chips[0]) == {"use", "source", "usd", "usd_se", "share", "share_se"}
    circle = circularity_rows(got.parties, got.financier, got.receipts, got.own, got.netted)
    assert [row["party"] for row in circle] == ["bank"]
    assert circle[0]["receipts_usd"] == pytest.approx(45.824)
    assert circle[0]["own_money_share"] == pytest.approx(5.12 / 45.824)
    assert circle[0]["netted_usd"] == 0.0

    flows = {k: np.asarray(v) for k, v in Funding.build(book).reduce(on_device(record)).items()}
    years = (2026, 2027, 2028)
    gaps = funding_gap_rows(["company"], years, np.moveaxis(flows["gap"], -1, 0))
    assert [(g["year"], g["p50"]) for g in gaps] == [
        (2026, 0.0),
        (2027, pytest.approx(22.0)),
        (2028, pytest.approx(38.7)),
    ]
    means = {k: (v.mean(axis=-1), np.full(v.shape[:-1], np.nan)) for k, v in flows.items()}
    needs = funding_need_rows(["company"], years, means["need"], means["unfunded"], means["cash"])
    assert needs[0]["need_usd"] == pytest.approx(100.0)
    assert needs[0]["need_usd_se"] is None
    names = [flow.name.lower() for flow in Flow]
    moved = sources_and_uses_rows(["company"], names, years, means["received"], means["spent"])
    first = {(r["side"], r["class"]): r["usd"] for r in moved if r["year"] == 2026}
    assert first == pytest.approx(
        {
            ("source", "sale"): 40.0,
            ("source", "capital_in"): 100.0,
            ("use", "capital_cost"): 115.0,
            ("use", "running_cost"): 10.0,
            ("use", "interest"): 10.0,
            ("use", "principal"): 30.0,
        }
    )
    json.dumps([*rows.values(), *found, *circle, *gaps, *needs, *moved], allow_nan=False)


def test_a_party_without_receipts_has_no_share():
    zero = np.zeros((2, 3))
    circle = np.array([[0.0] * 3, [1.0] * 3])
    rows = circularity_rows(["fund", "firm"], np.array([True, False]), zero, zero, circle)
    assert rows[0]["own_money_share"] is None
    assert rows[1]["own_money_share"] is None
    assert rows[1]["netted_usd"] == 1.0
