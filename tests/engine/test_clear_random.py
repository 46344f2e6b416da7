"""Clearing on random networks: every invariant of §5.9, and the reference's answer."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.ledger import Entry, Ledger
from tests.engine.networks import Claims
from tests.engine.random_networks import (
    INTERNAL,
    PARTIES,
    PATHS,
    Amounts,
    Structure,
    amounts,
    run,
    run_reference,
    structures,
)

TOLERANCE = 1e-12
"""Share of a month's gross amounts. The engine settles to 1e-14; a few hundred roundings follow."""


def ledger(network: Claims, structure: Structure, given: Amounts, claimed, paid, p: int) -> Ledger:
    """One path as booked."""
    protects = iter(pair for _, pair, _, _, _ in structure.supports)
    entries = [
        Entry(
            int(line.payer[0]),
            int(line.payee[0]),
            int(line.rank[0]),
            line.form,
            float(claimed[k, p]),
            float(paid[k, p]),
            next(protects) if line.form == "support" else (),
        )
        for k, line in enumerate(network.lines)
    ]
    payout = {party: given.payout[party, p] for party in range(INTERNAL, PARTIES)}
    return Ledger(entries, given.cash[:, p], given.minimum[:, p], payout)


@settings(max_examples=150)
@given(structures(), st.integers(0, 2**32 - 1))
def test_every_invariant_holds_on_booked_flows(structure: Structure, seed: int):
    drawn = amounts(seed)
    network, cleared = run(structure, drawn)
    for p in range(PATHS):
        worst = ledger(network, structure, drawn, cleared.claimed, cleared.paid, p).worst()
        broken = {rule: size for rule, size in worst.items() if size > TOLERANCE}
        assert not broken, f"path {p}: {broken}"
    assert float(np.max(cleared.residual)) <= TOLERANCE
    assert float(np.max(cleared.violations)) <= TOLERANCE


@settings(max_examples=150)
@given(structures(), st.integers(0, 2**32 - 1))
def test_equals_the_reference(structure: Structure, seed: int):
    drawn = amounts(seed)
    _, cleared = run(structure, drawn)
    claimed, paid = run_reference(structure, drawn)
    scale = np.maximum(drawn.claims.sum(axis=0) + drawn.cash.sum(axis=0), 1.0)
    assert np.max(np.abs(cleared.paid - paid) / scale) <= TOLERANCE
    assert np.max(np.abs(cleared.claimed - claimed) / scale) <= TOLERANCE


@settings(max_examples=40)
@given(structures(), st.integers(0, 2**32 - 1), st.permutations(range(PATHS)))
def test_paths_do_not_know_of_one_another(structure: Structure, seed: int, order: list[int]):
    """Bit for bit: a path alone, or among others in any order, is cleared alike."""
    drawn = amounts(seed)
    mixed = Amounts(**{name: leaf[:, order] for name, leaf in vars(drawn).items()})
    alone = Amounts(**{name: leaf[:, :1] for name, leaf in vars(drawn).items()})
    _, here = run(structure, drawn)
    _, there = run(structure, mixed)
    _, single = run(structure, alone)
    np.testing.assert_array_equal(np.asarray(here.paid)[:, order], there.paid)
    np.testing.assert_array_equal(np.asarray(here.paid)[:, :1], single.paid)


@settings(max_examples=40)
@given(structures(), st.integers(0, 2**32 - 1), st.floats(0.01, 1000.0))
def test_amounts_scale(structure: Structure, seed: int, factor: float):
    """Twice the money, twice the payments: nothing in clearing knows what a dollar is.

    Above one dollar a month, where tolerances are shares of the amounts.
    """
    drawn = amounts(seed)
    money = ("claims", "residuals", "limits", "cash", "minimum")
    leaves = vars(drawn)
    scaled = Amounts(**{k: v * factor if k in money else v for k, v in leaves.items()})
    _, here = run(structure, drawn)
    _, there = run(structure, scaled)
    size = np.maximum(np.max(np.asarray(here.paid), axis=0), 1.0) * max(factor, 1.0)
    assert np.max(np.abs(np.asarray(there.paid) - factor * np.asarray(here.paid)) / size) <= 1e-11


def plant(entries: list[Entry], place: int, **changes: float) -> list[Entry]:
    changed = list(entries)
    changed[place] = Entry(**{**vars(entries[place]), **changes})
    return changed


def test_the_ledger_finds_planted_faults():
    """A checker that finds nothing wrong with anything would be worth nothing."""
    sound = [
        Entry(0, 1, 1, "claim", 6.0, 6.0),
        Entry(0, 2, 2, "claim", 8.0, 3.0),
        Entry(0, 3, 2, "claim", 4.0, 1.5),
        Entry(0, 3, 3, "claim", 2.0, 0.0),
        Entry(1, 2, 9, "residual", 4.0, 4.0),
    ]
    cash, minimum = [10.5, 0.0], [0.0, 2.0]
    assert max(Ledger(sound, cash, minimum).worst().values()) == 0.0
    overpaid = Ledger(plant(sound, 0, paid=7.0), cash, minimum).worst()
    assert overpaid["paid above the claim"] > 0.0
    assert overpaid["negative cash"] > 0.0
    swapped = plant(plant(sound, 0, paid=4.0), 3, paid=2.0)
    assert Ledger(swapped, cash, minimum).worst()["junior before senior"] > 0.0
    uneven = plant(plant(sound, 1, paid=3.5), 2, paid=1.0)
    assert Ledger(uneven, cash, minimum).worst()["unequal shares"] > 0.0
    held = plant(sound, 1, paid=2.0)
    assert Ledger(held, cash, minimum).worst()["cash held while short"] > 0.0
    greedy = plant(sound, 4, paid=5.0, claimed=5.0)
    assert Ledger(greedy, cash, minimum).worst()["minimum paid out"] > 0.0
