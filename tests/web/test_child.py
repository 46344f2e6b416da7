"""Processes that do tasks: they can be stopped, and what they do to themselves stays with them."""

import time

import pytest

from offtake.web.child import GRACE_SECONDS, Child, Failure

TASKS = "tests.web.tasks_to_watch:"
LONG = 60.0


@pytest.fixture(scope="module")
def child():
    made = Child(memory_bytes=2_000_000_000)
    yield made
    made.close()


def failure(child: Child, task: str, **how) -> Failure:
    with pytest.raises(Failure) as caught:
        child.do(TASKS + task, {}, **{"seconds": LONG, **how})
    return caught.value


def test_a_task_says_how_far_it_is_and_gives_what_it_found(child):
    heard = []
    assert child.do(TASKS + "echo", {"said": [1]}, seconds=LONG, told=heard.append) == [1]
    assert heard == [{"stage": "echoing"}]


def test_a_task_that_talks_is_stopped_and_its_process_stays(child):
    before = child.do(TASKS + "pid", {}, seconds=LONG)
    heard = []
    why = failure(child, "talks", told=heard.append, cancelled=lambda: len(heard) > 3)
    assert why.why == "cancelled"
    assert len(heard) < 1_000  # it would say 10,000 things
    assert child.do(TASKS + "pid", {}, seconds=LONG) == before


def test_a_task_that_does_not_listen_is_killed_with_its_process(child):
    before = child.do(TASKS + "pid", {}, seconds=LONG)
    started = time.monotonic()
    why = failure(child, "is_deaf", cancelled=lambda: True)
    assert why.why == "cancelled"
    assert time.monotonic() - started < GRACE_SECONDS + 5.0
    assert child.do(TASKS + "pid", {}, seconds=LONG) != before


def test_a_task_that_takes_too_long_is_stopped(child):
    assert failure(child, "talks", seconds=0.3).why == "time"


@pytest.mark.parametrize("task", ["dies", "eats"])
def test_a_process_that_dies_is_replaced(child, task):
    assert failure(child, task).why == "died"
    assert child.do(TASKS + "echo", {"said": "x"}, seconds=LONG) == "x"


def test_a_task_that_refuses_says_why_itself(child):
    why = failure(child, "refuses")
    assert (why.why, why.said) == ("refused", "not so")


def test_a_fault_is_told_and_the_process_goes_on(child):
    why = failure(child, "breaks")
    assert (why.why, why.said) == ("fault", "RuntimeError: a fault")
    assert child.do(TASKS + "echo", {"said": "x"}, seconds=LONG) == "x"
