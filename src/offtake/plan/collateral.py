"""What can be wrong with what is pledged: once for one loan, by name of what can be sold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from offtake.core.errors import Mistake, quoted
from offtake.core.terms import Terms
from offtake.plan.plausible import Finding
from offtake.plan.schema import Plan


def _agreements(plan: Plan) -> list[tuple[str, Any]]:
    """Contracts that sell what is pledged for others."""
    return [(name, terms) for name, terms in plan.contracts.items() if _secured(terms)]


def _secured(terms: Terms) -> Sequence[str]:
    return getattr(terms, "secures", ()) or ()


def secured_once(plan: Plan) -> Iterator[Finding]:
    """A loan with two agreements, or an asset pledged twice: proceeds would be counted twice."""
    for field, one in (("secures", "loan"), ("assets", "asset")):
        first: dict[str, str] = {}
        for name, terms in _agreements(plan):
            for i, item in enumerate(getattr(terms, field, ()) or ()):
                if item in first:
                    yield (
                        f"contracts.{name}.{field}[{i}]",
                        "error",
                        Mistake(
                            code="pledged-twice",
                            found=f"the {one} {quoted(item)}, which {first[item]} names too",
                            expected=f"each {one} in one security agreement, once",
                            mend=f"delete it here, or join {name} and {first[item]} into one",
                        ),
                    )
                first.setdefault(item, name)


def loans_are_secured(plan: Plan) -> Iterator[Finding]:
    """A security agreement for a contract under which nobody can be repaid from a sale."""
    lending = _publishing(plan, "owed")
    for name, terms in _agreements(plan):
        for i, loan in enumerate(_secured(terms)):
            if loan in plan.contracts and loan not in lending:
                yield (
                    f"contracts.{name}.secures[{i}]",
                    "error",
                    Mistake(
                        code="secures-no-loan",
                        found=f"{quoted(loan)}, under which no money is lent",
                        expected="one of " + (", ".join(lending) or "the loans of the plan"),
                        mend="name a loan, or delete it here",
                    ),
                )


def _publishing(plan: Plan, value: str) -> list[str]:
    """Contracts that publish a value of that name."""
    from offtake.contracts import BY_KIND

    return [
        name
        for name, terms in plan.contracts.items()
        if (kind := BY_KIND.get(str(getattr(terms, "kind", "")))) and value in kind.published
    ]


def loans_are_named(plan: Plan) -> Iterator[Finding]:
    """A guarantee or a swap that follows what is owed under a contract, where nothing is owed."""
    lending = _publishing(plan, "balance")
    for name, terms in plan.contracts.items():
        named = dict[str, str]()
        if hasattr(terms, "risk_free"):
            guaranteed: tuple[str, ...] = getattr(terms, "contracts", None) or ()
            named |= {f"contracts[{i}]": loan for i, loan in enumerate(guaranteed)}
        if swapped := getattr(terms, "loan", None):
            named["loan"] = str(swapped)
        for field, loan in named.items():
            if loan in plan.contracts and loan not in lending:
                yield (
                    f"contracts.{name}.{field}",
                    "error",
                    Mistake(
                        code="loan-needed",
                        found=f"{quoted(loan)}, under which no money is lent",
                        expected="one of " + (", ".join(lending) or "the loans of the plan"),
                        mend="name a loan; a parent_guarantee may guarantee any claim",
                    ),
                )


def sites_are_sold_whole(plan: Plan) -> Iterator[Finding]:
    """A site that is pledged without chips that stand in it."""
    for name, terms in _agreements(plan):
        assets: tuple[str, ...] = getattr(terms, "assets", ()) or ()
        for i, asset in enumerate(assets):
            here = [c for c, cohort in plan.chips.items() if cohort.site == asset]
            missing = [c for c in here if c not in assets]
            if asset in plan.sites and missing:
                yield (
                    f"contracts.{name}.assets[{i}]",
                    "error",
                    Mistake(
                        code="site-not-whole",
                        found=f"the site {quoted(asset)} without its chips {', '.join(missing)}",
                        expected="a site with all chips that stand in it",
                        mend=f"add {', '.join(missing)} to assets, or delete {asset}",
                    ),
                )


def fire_sales_have_a_market(plan: Plan) -> Iterator[Finding]:
    """Prices that fall with the share of a market whose size nothing tells."""
    if plan.market.clears:
        return
    for name, terms in _agreements(plan):
        rate = getattr(terms, "fire_sale", None)
        if rate is not None and rate.value > 0.0 and terms.market_depth is None:
            yield (
                f"contracts.{name}.fire_sale",
                "error",
                Mistake(
                    code="depth-missing",
                    found="fire_sale in a plan whose market does not tell what it supplies",
                    expected="market_depth: capacity of which what is on sale is a share",
                    mend="add for example market_depth: 500k H100e, or delete fire_sale",
                ),
            )


COLLATERAL = (
    secured_once,
    loans_are_secured,
    loans_are_named,
    sites_are_sold_whole,
    fire_sales_have_a_market,
)
