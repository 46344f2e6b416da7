"""`python -m tests.conformance.ssc CASE.json ...`: any case of SSC or PySAM, figure by figure.

Exit status 0 where all figures agree, 1 where one does not, 2 where the case has a feature that is
not known; its name is printed.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "true")

from tests.conformance.ssc.compare import figures
from tests.conformance.ssc.plan import plan_of
from tests.conformance.ssc.read import OutOfScope, read
from tests.conformance.ssc.run import run_case


def main(paths: list[str]) -> int:
    """Read, run, compare, print."""
    if not paths:
        print(__doc__)
        return 2
    worst = 0
    for path in map(Path, paths):
        print(path.stem)
        try:
            case = read(path)
            plan = plan_of(case)
        except OutOfScope as reason:
            print(f"  out of scope: {reason}")
            worst = max(worst, 2)
            continue
        for figure in figures(case, run_case(case, plan)):
            agrees = figure.error <= figure.tolerance
            worst = worst if agrees else max(worst, 1)
            print(f"  {'ok  ' if agrees else 'OFF '} {figure.error:8.1e}  {figure.name}")
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
