"""The checks of every month find planted faults (DESIGN §5.9).

A sound month is cleared, then spoiled in one way, and the check functions of the engine are fed
with the spoiled data: the check that is named has to speak, and none speaks on the sound month.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

from offtake.core.arrays import jax, jnp
from offtake.engine.clear import SLOT_CHECKS, Cleared, slot_checks
from offtake.engine.program import Program
from offtake.engine.step import CHECKS, _checks
from tests.engine.networks import INTERNAL, SHAPE, Claims

TOLERANCE = 1e-9


class Sound(NamedTuple):
    """A month as it should be; parties 0 and 1 have limited cash."""

    network: Claims
    cleared: Cleared
    opening: Any
    closing: Any


@pytest.fixture(scope="module")
def sound() -> Sound:
    network = Claims(2, 5, [10.0, 1.0], minimum=[0.0, 0.5])
    network.owe(0, 1, 6.0, rank=1)
    network.owe(0, 2, 6.0, rank=2)
    network.owe(0, 3, 2.0, rank=2)
    network.owe(0, 4, 5.0, rank=3)
    network.owe(1, 3, 4.0, rank=1)
    network.owe(1, 4, 100.0, rank=9, form="residual")
    rent = network.owe(1, 2, 8.0, rank=2)
    network.support(3, 1, (rent,), 3.0, recovery_rank=5)
    cleared = network.clear()
    opening = np.array([10.0, 1.0])
    return Sound(network, cleared, opening, opening + change(network, cleared.paid[:, 0]))


def change(network: Claims, paid: Any) -> Any:
    """Booked change of cash of the two parties with limited cash."""
    found = np.zeros(2)
    for line, amount in zip(network.lines, paid, strict=True):
        for party, sign in ((int(line.payer[0]), -1.0), (int(line.payee[0]), 1.0)):
            if party < 2:
                found[party] += sign * amount
    return found


def verdict(
    sound: Sound, paid: Any = None, claimed: Any = None, closing: Any = None, roll: float = 0.0
) -> dict[str, float]:
    """What the checks say when payments, claims, cash or balances are these."""
    paid = sound.cleared.paid[:, 0] if paid is None else paid
    claimed = sound.cleared.claimed[:, 0] if claimed is None else claimed
    if closing is None:
        closing = sound.opening + change(sound.network, paid)
    program = Program(**{**dict.fromkeys(Program._fields), "network": sound.network.network()})
    booked = Cleared(
        column(claimed, len(program.network.payer)),
        column(paid, len(program.network.payer)),
        jnp.asarray(sound.cleared.residual),
        jnp.asarray(sound.cleared.violations),
    )
    found = jax.jit(_checks, static_argnums=1)(
        program,
        SHAPE,
        booked,
        column(sound.opening, INTERNAL),
        column(closing, INTERNAL),
        jnp.full(1, roll),
    )
    return dict(zip(CHECKS, np.asarray(found)[:, 0].tolist(), strict=True))


def column(values: Any, size: int) -> Any:
    return jnp.asarray(np.concatenate([values, np.zeros(size - len(values))])[:, None])


def spoiled(sound: Sound, **changes: float) -> Any:
    """Payments with some of them changed by an amount: c2=1.0 adds a dollar to claim c2."""
    paid = sound.cleared.paid[:, 0].copy()
    for name, amount in changes.items():
        paid[sound.network.place(name)] += amount
    return paid


def test_a_sound_month_breaks_nothing(sound: Sound):
    flows = dict(zip(sound.network.names, sound.cleared.paid[:, 0], strict=True))
    assert flows["c1"] == pytest.approx(3.0)  # so that there is something to spoil
    assert flows["c7"] == pytest.approx(3.0)
    assert max(verdict(sound).values()) <= 1e-15


def test_a_claim_overpaid(sound: Sound):
    found = verdict(sound, spoiled(sound, c0=0.5, c1=-0.5 * 6 / 8, c2=-0.5 * 2 / 8))
    assert {k for k, v in found.items() if v > TOLERANCE} == {"receipts_within_claim"}


def test_shares_of_a_rank_that_differ(sound: Sound):
    found = verdict(sound, spoiled(sound, c1=1.0, c2=-1.0))
    assert {k for k, v in found.items() if v > TOLERANCE} == {"equal_share_within_rank"}


def test_more_paid_than_there_is(sound: Sound):
    """The overdraft is one fault; hiding it by setting cash to zero makes money, another one."""
    paid = spoiled(sound, c3=1.0)
    found = verdict(sound, paid)
    assert {k for k, v in found.items() if v > TOLERANCE} == {"cash_not_negative"}
    hidden = np.maximum(sound.opening + change(sound.network, paid), 0.0)
    found = verdict(sound, paid, closing=hidden)
    assert {k for k, v in found.items() if v > TOLERANCE} == {"cash_not_negative", "conservation"}


@pytest.mark.parametrize("amount", [1e-6, -1e-6, 2.0])
def test_cash_made_or_lost(sound: Sound, amount: float):
    found = verdict(sound, closing=sound.closing + np.array([0.0, amount]))
    assert {k for k, v in found.items() if v > TOLERANCE} == {"conservation"}


def test_a_claim_below_zero(sound: Sound):
    claimed = sound.cleared.claimed[:, 0].copy()
    claimed[sound.network.place("c3")] = -1.0
    assert verdict(sound, claimed=claimed)["claims_not_negative"] > TOLERANCE


def test_a_balance_that_does_not_roll_forward(sound: Sound):
    assert verdict(sound, roll=1e-6)["balances_roll_forward"] > TOLERANCE


def test_a_number_that_is_none(sound: Sound):
    """Something that is not a number passes for no check."""
    assert np.isnan(verdict(sound, spoiled(sound, c0=np.nan))["receipts_within_claim"])


# --------------------------------------------------------------------------------------- by slot


def slots() -> tuple[Any, Any, Any]:
    """Cash, and what is paid and claimed by slot, of one party with three ranks: 6, 8 and 5."""
    claimed = np.zeros((INTERNAL, SHAPE.ranks))
    paid = claimed.copy()
    claimed[0, :3], paid[0, :3] = [6.0, 8.0, 5.0], [6.0, 4.0, 0.0]
    return np.array([10.0, 0.0, 0.0, 0.0]), paid, claimed


def by_slot(sound: Sound, cash: Any, paid: Any, claimed: Any) -> dict[str, float]:
    wide = [jnp.asarray(x[..., None]) for x in (cash, paid, claimed)]
    found = slot_checks(sound.network.network(), *wide, jnp.full(1, 10.0))
    return dict(zip(SLOT_CHECKS, np.asarray(found)[:, 0].tolist(), strict=True))


def test_sound_slots_break_nothing(sound: Sound):
    assert max(by_slot(sound, *slots()).values()) == 0.0


def test_two_ranks_swapped(sound: Sound):
    cash, paid, claimed = slots()
    paid[0, :3] = [2.0, 8.0, 0.0]
    found = by_slot(sound, cash, paid, claimed)
    assert {k for k, v in found.items() if v > TOLERANCE} == {"junior_paid_before_senior"}


def test_cash_kept_while_a_claim_is_short(sound: Sound):
    cash, paid, claimed = slots()
    paid[0, 1] = 3.0
    found = by_slot(sound, cash, paid, claimed)
    assert {k for k, v in found.items() if v > TOLERANCE} == {"cash_held_while_short"}


def test_slots_that_pay_more_than_there_is(sound: Sound):
    cash, paid, claimed = slots()
    paid[0, 1] = 5.0
    found = by_slot(sound, cash, paid, claimed)
    assert {k for k, v in found.items() if v > TOLERANCE} == {"cash_not_negative"}
