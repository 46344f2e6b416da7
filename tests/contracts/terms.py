"""Terms written otherwise: an example with changes, and what a plan with them complains of."""

import json
from typing import Any

from offtake.core.terms import Terms
from offtake.plan.load import check_text

PLAN = {"name": "x", "start": "2026-01", "horizon": "1 year", "discount_rate": "9 %/year"}


def _changed(example: Terms, changes: dict[str, Any]) -> dict[str, Any]:
    given = example.model_dump(exclude_unset=True) | changes
    return {name: value for name, value in given.items() if value is not None}


def written(example: Any, **changes: Any) -> Any:
    """The example with changes; None leaves a field out."""
    return type(example).model_validate(_changed(example, changes))


def codes(example: Terms, **changes: Any) -> set[str]:
    """Codes of the errors of the example with changes, but for names that lead nowhere."""
    contract = _changed(example, changes)
    checked = check_text(json.dumps({"plan": PLAN, "parties": {}, "contracts": {"c": contract}}))
    return {problem.code for problem in checked.errors} - {"name-unknown"}
