"""The record of outside truth in docs/conformance.json says what a fresh run says."""

import math
from collections import Counter
from dataclasses import replace

import pytest

from tests.conformance.case import compared, power_of_ten_above
from tests.conformance.record import PAGE, SUITES, page, read, run_all, write

TOLERANCES = {suite.name: suite.tolerance for suite in SUITES}


def test_the_record_equals_a_fresh_run(reference_data):
    quick = {suite.name for suite in SUITES if not suite.slow}
    fresh = [replace(outcome, largest_error=None) for outcome in run_all(reference_data, False)]
    kept = [replace(outcome, largest_error=None) for outcome in read() if outcome.suite in quick]
    assert kept == fresh, "run `make conformance` and keep docs/conformance.json"
    count = Counter((outcome.suite, outcome.status) for outcome in fresh)
    for suite, status in sorted(count):
        print(f"{suite}: {count[suite, status]} {status}")


def test_the_record_holds_no_failure_and_no_error_above_its_tolerance():
    kept = read()
    assert kept
    assert not [outcome for outcome in kept if outcome.status == "failed"]
    for outcome in kept:
        if outcome.status == "passed" and outcome.largest_error is not None:
            assert outcome.largest_error <= 1.0001 * TOLERANCES[outcome.suite]
        if outcome.status == "out of scope":
            assert outcome.reason


def test_the_page_says_what_the_record_says():
    assert PAGE.read_text(encoding="utf-8") == page(read())


def test_no_case_is_recorded_twice():
    names = Counter((outcome.suite, outcome.case) for outcome in read())
    assert max(names.values()) == 1


def test_a_wrong_answer_fails():
    assert compared("s", "c", 0.1, 0.1 + 1e-8, 1e-9).status == "failed"
    assert compared("s", "c", 0.1, math.nan, 1e-9).status == "failed"
    assert compared("s", "c", math.nan, 0.1, 1e-9).status == "failed"
    assert compared("s", "c", math.nan, math.nan, 1e-9).status == "passed"
    assert compared("s", "c", 0.1, 0.1 + 1e-10, 1e-9).status == "passed"


@pytest.mark.parametrize(
    ("error", "above"), [(0.0, 1e-12), (3e-13, 1e-12), (2e-10, 1e-9), (1e-6, 1e-6), (5.0, 10.0)]
)
def test_errors_are_recorded_as_powers_of_ten(error, above):
    assert power_of_ten_above(error) == above


def test_what_is_written_is_read_back(tmp_path):
    outcomes = read()
    write(outcomes, tmp_path / "conformance.json")
    assert read(tmp_path / "conformance.json") == outcomes
