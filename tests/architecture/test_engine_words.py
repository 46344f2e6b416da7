"""The engine moves claims between parties; it must not know what any of them is about."""

import re

from tests.architecture.source import python_files, short

# fmt: off
DOMAIN_WORDS = frozenset({
    "abilene", "annuity", "balloon", "bank", "bond", "borrower", "building", "campus", "chip",
    "coupon", "covenant", "customer", "datacenter", "debt", "dividend", "electricity",
    "energy", "equity", "facility", "gpu", "hall", "h100", "h100e", "hyperscaler",
    "insurance", "investor", "lab", "landlord", "lease", "lender", "lessee", "lessor", "loan",
    "megawatt", "mortgage", "mw", "mwh", "neocloud", "offtaker", "phase", "power", "premium",
    "refinancing", "rent", "reservation", "revenue", "revolver", "site", "sofr", "sponsor",
    "tariff", "tenant", "tranche", "utility", "vendor", "warrant",
})
# fmt: on
WORD = re.compile(r"[A-Za-z][a-z0-9]*|[A-Z]+(?![a-z])")


def words(text: str) -> set[str]:
    """Words of code and prose alike: snake_case and CamelCase are taken apart, plurals too."""
    found = {word.lower() for word in WORD.findall(text)}
    found |= {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9]*", text)}
    return found | {word[:-1] for word in found if word.endswith("s")}


def test_words_are_taken_apart():
    assert {"term", "loan", "balance"} <= words("term_loans.balance")
    assert {"term", "loan"} <= words("class TermLoan:")
    assert "mw" in words("capacity_mw")


def test_engine_contains_no_domain_word():
    found = {
        f"{short(path)}:{number}": sorted(DOMAIN_WORDS & words(line))
        for path in python_files("src/offtake/engine")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if DOMAIN_WORDS & words(line)
    }
    assert not found, f"the engine knows claims, ranks and parties only: {found}"
