"""What can be wrong with a loan that is to be repaid out of another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offtake.core.errors import Mistake, quoted
from offtake.plan.plausible import Finding
from offtake.plan.schema import Plan


def prepaid_by_what_repays(plan: Plan) -> Iterator[Finding]:
    """A loan prepaid by what is no refinancing, or by one that does not repay it."""
    for name, terms in plan.contracts.items():
        by: str | None = getattr(terms, "prepaid_by", None)
        if by is None or by not in plan.contracts:
            continue
        other: Any = plan.contracts[by]
        refinancing = getattr(other, "kind", "") == "refinancing"
        named = refinancing and name in other.funds
        if named and other.borrower == getattr(terms, "borrower", None):
            continue
        why = "another borrower's" if named else "which does not repay it"
        yield (
            f"contracts.{name}.prepaid_by",
            "error",
            Mistake(
                code="prepaid-by",
                found=f"{quoted(by)}, {why if refinancing else 'which is no refinancing'}",
                expected=f"a refinancing of the same borrower with {name} among its funds",
                mend=f"name one, or add {name} to the funds of {by}"
                if refinancing
                else "name a contract with kind: refinancing, or delete prepaid_by",
            ),
        )


TAKEOUTS = (prepaid_by_what_repays,)
