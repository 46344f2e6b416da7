"""What can be wrong with a compute note that stands behind others, or has a substitute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offtake.core.errors import Mistake, quoted
from offtake.plan.plausible import Finding
from offtake.plan.schema import Plan

SALES = ("spot_sale", "reserved_capacity", "compute_commitment", "metered_tokens")
"""Kinds by which hours of a site are sold."""


def seniors_are_notes_of_the_site(plan: Plan) -> Iterator[Finding]:
    """A note behind a contract that is no note, or whose hours come from another site."""
    tranches = _tranches(plan)
    for name, terms in tranches.items():
        for i, other in enumerate(terms.behind or ()):
            if other not in plan.contracts or other == name:
                continue
            senior = tranches.get(other)
            if senior is not None and senior.site == terms.site:
                continue
            why = "which is no compute note" if senior is None else f"a note on {senior.site}"
            yield (
                f"contracts.{name}.behind[{i}]",
                "error",
                Mistake(
                    code="note-behind",
                    found=f"{quoted(other)}, {why}",
                    expected=f"a compute note on {terms.site}, which is served before {name}",
                    mend="name one, or delete it here",
                ),
            )


def seniority_does_not_lead_back(plan: Plan) -> Iterator[Finding]:
    """Notes that stand behind one another in a circle: none of them is served first."""
    tranches = _tranches(plan)
    behind = {
        n: [o for o in t.behind or () if o in tranches and o != n] for n, t in tranches.items()
    }
    # Whoever stands behind nobody that is left is served next; what never is, is in a circle.
    left = dict(behind)
    while free := [n for n, others in left.items() if not any(o in left for o in others)]:
        for name in free:
            del left[name]
    for name, others in left.items():
        i = next(i for i, other in enumerate(tranches[name].behind) if other in left)
        yield (
            f"contracts.{name}.behind[{i}]",
            "error",
            Mistake(
                code="note-behind",
                found=f"{name} behind {', '.join(o for o in others if o in left)}, in a circle",
                expected="notes in order, each behind notes that do not stand behind it",
                mend="delete one of the notes that stand behind one another",
            ),
        )


def substitutes_are_of_the_issuer(plan: Plan) -> Iterator[Finding]:
    """A substitute that is the note's own site, or a site of which somebody else has the hours."""
    for name, terms in _tranches(plan).items():
        substitute = terms.substitute
        if substitute is None or substitute not in plan.sites:
            continue
        who = _disposing(plan, substitute)
        if terms.issuer is None or not who:
            continue  # another mistake
        if substitute == terms.site:
            found = f"{quoted(substitute)}, the note's own site"
        elif terms.issuer not in who:
            found = f"{quoted(substitute)}, whose hours are of {' and '.join(who)}"
        else:
            continue
        yield (
            f"contracts.{name}.substitute",
            "error",
            Mistake(
                code="note-substitute",
                found=found,
                expected=f"another site that {terms.issuer} owns and does not let, rents, or sells "
                f"hours of",
                mend="name one, or delete it",
            ),
        )


def _disposing(plan: Plan, site: str) -> tuple[str, ...]:
    """Parties that own a site and do not let all of it, rent it or sell hours of it."""
    contracts: list[Any] = list(plan.contracts.values())
    here = [c for c in contracts if getattr(c, "site", None) == site]
    leases = [c for c in here if c.kind == "site_lease"]
    sales = [c for c in here if c.kind in SALES]
    let = any(lease.phases is None for lease in leases)
    owner = [] if let else [plan.sites[site].owner]
    found = [*owner, *(lease.tenant for lease in leases), *(sale.seller for sale in sales)]
    return tuple(name for name in dict.fromkeys(found) if name is not None)


def _tranches(plan: Plan) -> dict[str, Any]:
    """Compute notes, by name."""
    return {name: terms for name, terms in plan.contracts.items() if hasattr(terms, "behind")}


TRANCHES = (
    seniors_are_notes_of_the_site,
    seniority_does_not_lead_back,
    substitutes_are_of_the_issuer,
)
