"""A sweep along one number on a terminal: a table for each figure, within 80 columns."""

from rich.console import Console

from offtake.reports.sweep import sweep
from offtake.results.swept import Swept, shade

PD, EL = "facilities.a_long_name_of_a_loan.pd", "facilities.a_long_name_of_a_loan.el_usd"


def printed(paths: int, reach: float, errors: dict[str, float | None]) -> str:
    points = [
        {
            "at": [f"SOFR + {bp} bp"],
            "numbers": [float(bp)],
            "figures": {PD: bp / 1e5, EL: bp * 1e3},
            "standard_errors": errors,
            "no_plan": None,
        }
        for bp in (300, 450, 600)
    ]
    found = Swept("P", ("contracts.loan.rate",), (PD, EL), (3,), paths, 1, reach, tuple(points))
    console = Console(width=80, record=True)
    with console.capture() as text:
        console.print(sweep(found))
    return text.get()


def test_every_figure_has_a_table_that_fits():
    text = printed(4096, 2.13, {PD: 0.001, EL: 1e5})
    assert PD in text
    assert EL in text
    assert "…" not in text
    assert "0.45 %" in text
    assert "±0.213 pt" in text
    assert "few groups" not in text


def test_wide_intervals_and_none_are_explained():
    assert "± is 12.7 standard errors, as 512 futures" in printed(512, 12.7, {PD: 0.001, EL: 1e5})
    assert "256 futures make one group" in printed(256, 12.7, {PD: None, EL: None})


def test_values_that_are_all_alike_are_not_shaded():
    assert shade([0.0, 0.0], 0.0) == 0.0
    assert shade([1.0, 3.0], 2.0) == 0.5
