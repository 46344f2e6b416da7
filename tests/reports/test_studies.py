"""Studies beside a run: read again, refused with what to do where they are something else."""

import json
from pathlib import Path

import pytest

from offtake.core.errors import WrongRequest
from offtake.reports.charts.studies import stress, tornado
from offtake.results.studies import Study
from tests.reports.page_checks import held, numbers

SENSITIVITY = {
    "plan": "Small", "result": "facilities.loan.el_usd", "unit": "USD", "value": 5e6,
    "value_se": 1e5, "paths": 512, "seed": 1,
    "numbers": [
        {"place": "contracts.loan.amount", "as_written": "90 M USD", "unit": "USD", "value": 9e7,
         "way": "proportion", "moved_by": "1 %", "effect": 3e5, "effect_se": 1e4,
         "per_unit": 0.3, "elasticity": 6.0},
        {"place": "contracts.loan.term", "as_written": "3 years", "unit": "period", "value": 36.0,
         "way": "step", "moved_by": "1 month", "effect": -2e5, "effect_se": 1e4,
         "per_unit": None, "elasticity": None},
    ],
}  # fmt: skip
STRESS = {
    "plan": "Small", "paths": 512, "seed": 1, "parties": [], "facilities": [],
    "shocks": [{"shock": "rates_up", "about": "base rates rise", "changes": [],
                "nothing_to_shock": None}],
    "stress": [{"shock": "rates_up", "newly_fails": [{"who": "loan", "default": 0.01,
                "default_stressed": 0.05, "default_change_se": 0.01}], "el_usd": 1e6,
                "el_change_usd": 2e6, "el_change_usd_se": 1e5, "worst5_change_usd": 9e6,
                "pays": [{"party": "bank", "share": 0.75}]}],
}  # fmt: skip


def written(folder: Path, found: object) -> Path:
    file = folder / "study.json"
    file.write_text(json.dumps(found))
    return file


def test_a_tornado_shows_what_moves_by_a_share(tmp_path: Path):
    chart = tornado(Study.read(written(tmp_path, SENSITIVITY), "sensitivity"))
    (panel,) = chart.panels
    (series,) = panel.option["series"]
    assert [bar["value"] for bar in series["data"]] == [3e5]
    assert chart.table[0]["effect_se"] == 1e4


def test_stress_says_who_fails_and_who_pays(tmp_path: Path):
    chart = stress(Study.read(written(tmp_path, STRESS), "stress"))
    (row,) = chart.table
    assert (row["what"], row["newly_fails"], row["pays"]) == (
        "base rates rise",
        "loan 5 %",
        "bank 75 %",
    )
    drawn = {n for series in chart.panels[0].option["series"] for n in numbers(series["data"])}
    assert drawn == {2e6, 9e6}
    assert drawn <= held(chart.table)


@pytest.mark.parametrize("found", [STRESS, [], "words"])
def test_something_else_is_refused_with_the_way_to_make_it(tmp_path: Path, found: object):
    file = written(tmp_path, found)
    with pytest.raises(WrongRequest, match=r"holds no sensitivity.*offtake sensitivity PLAN"):
        Study.read(file, "sensitivity")


def test_a_missing_file_is_told_with_the_way_to_make_it(tmp_path: Path):
    with pytest.raises(WrongRequest, match=r"no stress at .*none.json; write it with"):
        Study.read(tmp_path / "none.json", "stress")
