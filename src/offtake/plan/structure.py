"""What can be wrong with the limits that size a facility: cases that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from offtake.core.errors import Mistake, quoted
from offtake.core.names import nearest
from offtake.finance.sizing import BASE, LENDER, Sizing
from offtake.plan.plausible import Finding
from offtake.plan.schema import Plan


def cases_exist(plan: Plan) -> Iterator[Finding]:
    """A limit in a case that is neither `base`, `lender` nor one of the plan's."""
    known = tuple(dict.fromkeys([BASE, LENDER, *plan.cases]))
    for name, terms in plan.contracts.items():
        sizing = getattr(terms, "sizing", None)
        if not isinstance(sizing, Sizing):
            continue
        for limit in ("dscr", "llcr"):
            for case in getattr(sizing, limit):
                if case not in known:
                    close = nearest(case, known)
                    mend = f"did you mean {close}?" if close else f"add {case} under cases:"
                    yield (
                        f"contracts.{name}.sizing.{limit}.{case}",
                        "error",
                        Mistake(
                            code="name-unknown",
                            found=f"no case called {quoted(case)}",
                            expected="one of " + ", ".join(known),
                            mend=mend,
                        ),
                    )
