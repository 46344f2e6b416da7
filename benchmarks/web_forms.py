"""How quickly a form and sliders answer, and how far first-order estimates are off.

    python -m benchmarks.web_forms                     latencies, then estimates against true runs
    python -m benchmarks.web_forms --latency           latencies alone
    python -m benchmarks.web_forms --plan one-hall     estimates of one plan
    python -m benchmarks.web_forms --futures 1024

Latencies are of the tasks that the server has done for a page (`web.drafts`, `results.whatif`), in
this process, in processor time, after every change of one character; what a socket and a browser add is told by the
page itself (`body[data-check-ms]`, `#what-if[data-slide-ms]`).

Estimates: the three numbers with the largest effects, each moved by 1 to 20 % down and up, by
first order and by a true run of the changed plan (`--set`) on the same futures: what is paid (net
payers) and what is lost (PD, LGD, EL, losses, chips never paid back) apart. `off` is how far the
estimate was from the run, as a share of what the run moved by; of results that moved.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from offtake.plan.load import check, check_text, load
from offtake.plan.slide import as_written, reach, shares_of, slidable, value_place
from offtake.plan.source import parse
from offtake.plan.tree import Node
from offtake.results.whatif import WhatIf, against, headlines, run_values
from offtake.run.api import run
from offtake.run.whatif import what_if
from offtake.web import drafts
from offtake.web.whatif import SHOWN

PLANS = Path(__file__).parents[1] / "plans"
MOVES = (1, 5, 10, 15, 20)
NUMBERS = 3
TYPED = 20
MOVED = 1e-4
"""Share of a result from which it counts as moved."""


def nothing(what: object) -> None:
    del what


def typed(text: str) -> Iterator[str]:
    """The text after each of some strokes, in the middle of its numbers."""
    places = [i for i, c in enumerate(text) if text[i : i + 4] == " USD"]
    for stroke in range(TYPED):
        at = places[(stroke * 7) % len(places)]
        yield text[:at] + str(stroke % 10) + text[at:]


def milliseconds(do: Callable[[], object]) -> float:
    """Of processor time: these tasks wait for nothing, and the machine may have other work."""
    started = time.process_time()
    do()
    return 1000.0 * (time.process_time() - started)


def latency(name: str) -> None:
    """What a stroke in a plan waits for."""
    text = (PLANS / name / "plan.yaml").read_text("utf-8")
    anew = [milliseconds(lambda: check_text(text)) for _ in range(3)]
    quick, whole, form, changes = [], [], [], []
    drafts.check(nothing, text=text, whole=True)
    for words in typed(text):
        quick.append(milliseconds(lambda w=words: drafts.check(nothing, text=w, whole=False)))
        whole.append(milliseconds(lambda w=words: drafts.check(nothing, text=w, whole=True)))
        form.append(milliseconds(lambda w=words: drafts.form(nothing, text=w, place="plan")))
        changes.append(milliseconds(lambda w=words: longer(w)))
    print(
        f"| `{name}` | {len(text):,} | {min(anew):.0f} | {statistics.median(quick):.0f} / "
        f"{max(quick):.0f} | {statistics.median(whole):.0f} / {max(whole):.0f} | {statistics.median(form):.0f} | {statistics.median(changes):.0f} |"
    )


def longer(text: str) -> object:
    """One change by the form."""
    return drafts.change(nothing, text=text, place="plan.horizon", value="9 years")


class Off(NamedTuple):
    """One result after one move."""

    per_cent: int
    risk: bool
    """Whether it is of what is lost, not of what is paid."""
    off: float
    """Share of what the run moved by."""
    within: bool
    """Whether the run lies within twice the error of the estimate."""


def estimates(name: str, futures: int) -> None:
    """Estimates of a plan against true runs."""
    file = PLANS / name
    checked, tree = check(file), parse((file / "plan.yaml").read_text("utf-8"), "plan.yaml")[0]
    written = slidable(checked, tree)
    results = run(load(file), paths=futures)
    names = headlines(results)
    known = run_values(results, names)
    took = slopes(file, names, tree, written)
    found = what_if(load(file), names, paths=futures, numbers=2 * NUMBERS, among=written)
    free = [n for n in found.numbers if _free(reach(tree, n.place))]
    found = replace(found, numbers=tuple(free[:NUMBERS]))
    seen: list[Off] = []
    for number in found.numbers:
        for move in (sign * size for size in MOVES for sign in (-1, 1)):
            made = as_written(written[number.place], move)
            place = value_place(tree, number.place)
            ran = run(load(file, [f"{place}={made}"]), paths=futures)
            seen += compared(found, number.place, move, run_values(ran, names), known)
    moved = {found.numbers[0].place: 0.03}
    slides = [milliseconds(lambda: found.estimate(moved, known)) for _ in range(5)]
    places = ", ".join(f"`{number.place}`" for number in found.numbers)
    print(
        f"\n{name}, {futures:,} futures: {places}; slopes {took}, an estimate {min(slides):.1f} ms"
    )
    for size, risk in product(MOVES, (False, True)):
        mine = [one for one in seen if one.per_cent == size and one.risk == risk]
        shares = sorted(one.off for one in mine)
        if not shares:
            continue
        print(
            f"| `{name}` | {size} % | {'lost' if risk else 'paid'} | {len(mine)} | {statistics.median(shares):.1%} | "
            f"{shares[int(0.9 * (len(shares) - 1))]:.0%} | "
            f"{sum(one.within for one in mine) / len(mine):.0%} |"
        )


def slopes(file: Path, names: Sequence[str], tree: Node, written: Mapping[str, str]) -> str:
    """How long a page waits for its sliders, by stage."""
    found = what_if(
        load(file),
        names,
        numbers=SHOWN,
        among=written,
        reach=lambda place: shares_of(reach(tree, place)),
    )
    return ", ".join(f"{stage} {took:.1f} s" for stage, took in found.seconds.items())


def _free(found: Mapping[str, Any]) -> bool:
    """Whether a number can be moved by the largest of the moves both ways."""
    return min(found["down"], found["up"]) >= max(MOVES)


def compared(
    found: WhatIf,
    place: str,
    move: int,
    ran: dict[str, float | None],
    known: dict[str, float | None],
) -> Iterator[Off]:
    for row in against(found.estimate({place: move / 100.0}, known), ran, known):
        if row["off"] is None or row["moved"] is None or not row["run"]:
            continue
        if abs(row["moved"]) > MOVED * abs(row["run"]):
            off = abs(row["off"])
            risk = not row["result"].endswith(".net_usd")
            yield Off(abs(move), risk, off / abs(row["moved"]), off <= 2.0 * row["error"])


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--plan", action="append")
    asked.add_argument("--latency", action="store_true")
    asked.add_argument("--futures", type=int, default=512)
    given = asked.parse_args()
    if given.plan is None:
        print(
            "| plan | characters | from nothing | a stroke | with scenarios | form | change | (ms)"
        )
        for name in ("one-hall", "abilene", "stargate"):
            latency(name)
    if not given.latency:
        print("\n| plan | move | of | results | off, median | off, 9 of 10 | within 2 ± |")
        for name in given.plan or ("one-hall", "circular", "gpu-loans"):
            estimates(name, given.futures)


if __name__ == "__main__":
    main()
