"""Where the reference data lies: outside truth that is compared with and not kept here.

The folder holds one sub-folder per collection (`xirr_cases`, `actus`, ...). It is
`$OFFTAKE_REFERENCE_DATA`, or else `shared/data` beside the repository.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = "OFFTAKE_REFERENCE_DATA"
MISSING = f"no reference data: set {VARIABLE} to the folder that holds it"


def find_reference_data() -> Path | None:
    """The folder of the reference data, None where there is none."""
    named = os.environ.get(VARIABLE)
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None
