"""`offtake catalogue` as a user types it."""

import io
import json

import pytest
from rich.console import Console

from offtake import catalogue
from offtake.catalogue import Number
from offtake.reports.catalogue import entry_page, topic_list, topic_table
from offtake.reports.catalogue_entries import TOPICS, rows
from offtake.reports.figures import plain, scale
from tests.cli.test_commands import offtake

NARROW = 80


def printed(page: object, width: int = NARROW) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, no_color=True).print(page)
    return out.getvalue()


def test_without_words_it_lists_the_topics() -> None:
    done = offtake("catalogue")
    assert done.returncode == 0, done.stderr
    for topic in TOPICS:
        assert topic in done.stdout


def test_a_topic_an_entry_and_json() -> None:
    table = offtake("catalogue", "chips").stdout
    assert "1,979" in table
    assert "TFLOP/s" in table
    page = offtake("catalogue", "prices", "h100-rental").stdout
    for words in ("2.35", "USD/GPU/h", "2026-03", "one year contract", "reported", "sold out"):
        assert words in page
    found = json.loads(offtake("catalogue", "chips", "GB200", "--json").stdout)
    assert {row["name"] for row in found} == {"GB200"}
    memory = next(row for row in found if row["what"] == "memory")
    assert (memory["value"], memory["unit"]) == (186e9, "byte")
    assert memory["source"]
    assert memory["confidence"] == "reported"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chip",), "did you mean 'chips'?"),
        (("chips", "GB20"), "did you mean 'GB200'?"),
        (("sites", "Abiline"), "did you mean 'abilene'?"),
    ],
)
def test_a_wrong_name_exits_with_2_and_names_the_nearest(words: tuple[str], said: str) -> None:
    done = offtake("catalogue", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert max(map(len, done.stderr.splitlines())) <= 100
    assert not done.stdout


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_nothing_is_cut_at_80_columns(topic) -> None:
    pages = [topic_table(topic), *map(entry_page, topic.entries())]
    for text in map(printed, [topic_list(), *pages]):
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= NARROW
        assert "e+" not in text


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_an_entry_says_all_its_sources_and_notes(topic) -> None:
    for entry in topic.entries():
        text = " ".join(printed(entry_page(entry), 2_000).split())
        for figure in entry.figures:
            assert " ".join(figure.number.source.split()) in text
            assert " ".join(figure.number.note.split()) in text


def test_rows_hold_every_number_that_is_not_a_tax_table() -> None:
    told = [row["value"] for row in rows()]
    derived = sum(len(catalogue.rental_history(chip)) for chip in ("H100", "B200"))
    macrs = sum(1 for place, _ in catalogue.numbers() if ".macrs." in place)
    assert len(told) - derived == sum(1 for _ in catalogue.numbers()) - macrs


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(0.0, "0"), (1979.0, "1,979"), (2.53, "2.53"), (57.0, "57"), (141.0, "141")],
        *[
            (287.5, "287.5"),
            (0.0645, "0.0645"),
            (10.0, "10"),
            (21_930.0, "21,930"),
            (2e-5, "2e-05"),
        ],
    ],
)
def test_numbers_as_people_write_them(value: float, text: str) -> None:
    assert plain(value) == text


def test_a_band_and_its_unit() -> None:
    price = Number(36_742.0, "USD/GPU", "s", "2025", "estimate", low=30e3, high=45e3)
    at = scale([price])
    assert (at.band(price), at.unit) == ("30–45", "k USD/GPU")
    assert at.with_band(price) == "37 (30–45)"
