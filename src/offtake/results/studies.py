"""Studies that commands wrote as JSON, read again for a report: what moves a result, and stress."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from offtake.core.errors import WrongRequest
from offtake.results.sensitivity import NOTE as SENSITIVITY
from offtake.results.stress import NOTE as STRESS
from offtake.results.table import Table

Kind = Literal["sensitivity", "stress"]
NEEDS: Mapping[Kind, tuple[str, ...]] = {
    "sensitivity": ("plan", "result", "unit", "value", "value_se", "paths", "seed", "numbers"),
    "stress": ("plan", "paths", "seed", "shocks", "stress", "parties", "facilities"),
}
WRITTEN_BY: Mapping[Kind, str] = {
    "sensitivity": "offtake sensitivity PLAN --of FIGURE",
    "stress": "offtake stress PLAN",
}
TOP = 20
"""Numbers that a tornado shows."""


@dataclass(frozen=True)
class Study:
    """What `offtake sensitivity` or `offtake stress` wrote."""

    kind: Kind
    found: Mapping[str, Any]

    @classmethod
    def read(cls, file: str | Path, kind: Kind) -> Study:
        """Read a file written by `offtake KIND PLAN --json FILE`.

        Raises:
            WrongRequest: there is no such file, or it holds something else.
        """
        source = Path(file)
        mend = f"write it with: {WRITTEN_BY[kind]} --json"
        if not source.exists():
            message = f"no {kind} at {source}; {mend} {source}"
            raise WrongRequest(message)
        try:
            found: Any = json.loads(source.read_text("utf-8"))
        except ValueError:
            found = None
        told = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        missing = [key for key in NEEDS[kind] if key not in told]
        if missing:
            message = (
                f"{source} holds no {kind}: it has no {', '.join(missing)}; {mend} {kind}.json"
            )
            raise WrongRequest(message)
        return cls(kind, told)

    def tornado(self) -> Table:
        """Numbers that move a result when each rises by 1 %, the largest first."""
        rows = [row for row in self.found["numbers"] if row["way"] != "step" and row["effect"]]
        return Table(f"What moves {self.found['result']}", tuple(rows[:TOP]), SENSITIVITY)

    def shocks(self) -> Table:
        """A row for each shock: who newly fails, what financiers lose, who pays."""
        about = {shock["shock"]: shock for shock in self.found["shocks"]}
        rows = [
            {
                "shock": row["shock"],
                "what": about.get(row["shock"], {}).get("about", ""),
                "newly_fails": _listed(row["newly_fails"], "who", "default_stressed"),
                "el_change_usd": row["el_change_usd"],
                "el_change_usd_se": row["el_change_usd_se"],
                "worst5_change_usd": row["worst5_change_usd"],
                "pays": _listed(row["pays"], "party", "share"),
            }
            for row in self.found["stress"]
        ]
        return Table("Stress", tuple(rows), STRESS)


def _listed(rows: list[Mapping[str, Any]], who: str, share: str) -> str:
    return ", ".join(f"{row[who]} {100.0 * row[share]:.3g} %" for row in rows) or "–"
