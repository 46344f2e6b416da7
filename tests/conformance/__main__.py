"""`make conformance`: run every case of outside truth, write the record, say how it went.

The record is docs/conformance.json. Exit status 1 where a case failed, 2 where there is no data.
"""

import os
import sys
from collections import Counter

os.environ.setdefault("JAX_PLATFORMS", "cpu")

from tests.conformance.record import PAGE, RECORD, page, run_all, write
from tests.reference_data import MISSING, ROOT, find_reference_data


def main() -> int:
    """Run, write, print."""
    folder = find_reference_data()
    if folder is None:
        print(MISSING, file=sys.stderr)
        return 2
    outcomes = run_all(folder)
    write(outcomes)
    PAGE.write_text(page(outcomes), encoding="utf-8")
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.suite, Counter())[outcome.status] += 1
    for suite, count in counts.items():
        said = ", ".join(f"{number} {status}" for status, number in count.items())
        print(f"{suite}: {said}")
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    for outcome in failed:
        print(f"FAILED {outcome.suite} {outcome.case}: {outcome.reason}")
    print(f"written to {RECORD.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
