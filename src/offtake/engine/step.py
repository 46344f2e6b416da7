"""One month: observe, claim, clear, settle, check (semantics §5.2)."""

from typing import Any, NamedTuple

import numpy as np

from offtake.core.arrays import Array, jax, jnp
from offtake.core.contract import Amounts, Month, Numbers, prepared
from offtake.core.flows import PAID_TOLERANCE
from offtake.core.rows import added, apart, highest, ratio, total
from offtake.engine.clear import SLOT_CHECKS, UNLIMITED, Cleared, clear
from offtake.engine.program import Program, Shape

CHECKS = (
    "conservation",
    "receipts_within_claim",
    "equal_share_within_rank",
    "claims_not_negative",
    "balances_roll_forward",
    *SLOT_CHECKS,
    "clearing_residual",
)


class Carry(NamedTuple):
    """What one month hands to the next."""

    environment: Any
    groups: tuple[Any, ...]
    cash: Array
    """[N, P] USD."""
    past: Array
    """[total, P] registered totals of what was paid, USD."""
    signals: Array
    """[U, P] signals to the environment."""
    stopped: Array
    """[M, P] party in default."""
    checks: Array
    """[check, P] worst violation so far, in the order of `CHECKS`."""


class Entry(NamedTuple):
    """What a month leaves in the record."""

    claimed: Array
    """[C, P] USD."""
    paid: Array
    """[C, P] USD."""
    observations: Array
    """[O, P]."""
    cash: Array
    """[N, P] closing cash, USD."""
    stopped: Array
    """[M, P] party in default at the close."""


def group_numbers(program: Program, values: Array) -> tuple[Numbers, ...]:
    """Numbers of every group, field -> [K, P], gathered from the table [row, P] and prepared."""
    return tuple(
        prepared(group, {field: values[rows] for field, rows in numbers.items()})
        for group, numbers in zip(program.groups, program.numbers, strict=True)
    )


def opening(program: Program, shape: Shape, values: Array, once: Array) -> Carry:
    """State before the opening period."""
    paths = values.shape[-1]
    numbers = group_numbers(program, values)
    return Carry(
        environment=program.environment.init(values, once),
        groups=tuple(g.init(n) for g, n in zip(program.groups, numbers, strict=True)),
        cash=values[program.opening_cash],
        past=jnp.zeros((shape.totals, paths)),
        signals=jnp.zeros((shape.signals, paths)),
        stopped=jnp.zeros((shape.parties, paths), bool),
        checks=jnp.zeros((len(CHECKS), paths)),
    )


def begun(program: Program, carry: Carry, t: Array, obs: Array) -> Month:
    """Period t before anybody claims."""
    return Month(
        t=t.astype(jnp.float64),
        period=t,
        years=jnp.asarray(program.years)[t],
        hours=jnp.asarray(program.hours)[t],
        obs=obs,
        cash=carry.cash,
        past=carry.past,
        claimed=jnp.zeros_like(carry.past),
        stopped=carry.stopped,
    )


def published(
    program: Program, numbers: tuple[Numbers, ...], states: tuple[Any, ...], month: Month
) -> Array:
    """[V, P] values that groups publish at the start of a period."""
    rows = [
        values[name]
        for group, n, s in zip(program.groups, numbers, states, strict=True)
        if group.published
        for values in [group.publish(n, s, month)]
        for name in group.published
    ]
    return jnp.concatenate(rows) if rows else jnp.zeros((0, month.cash.shape[-1]))


def _totals(program: Program, shape: Shape, amounts: Array) -> Array:
    """[total, P] registered totals of claims [C, P]."""
    entries = amounts[program.totals.claim] * program.totals.sign[:, None]
    return added(entries, program.totals.total, shape.totals)


def _claims(
    program: Program,
    shape: Shape,
    numbers: tuple[Numbers, ...],
    carry: Carry,
    month: Month,
    derived: bool,
) -> list[Amounts | None]:
    """Claims of the groups of one stage, None for those of the other."""
    return [
        group.claim(n, s, month) if late == derived else None
        for group, n, s, late in zip(
            program.groups, numbers, carry.groups, shape.derived, strict=True
        )
    ]


class _Asked(NamedTuple):
    claims: Array
    """[C, P] what is claimed; support lines 0."""
    limit: Array
    """[J, P]."""
    weight: Array
    """[J, P]."""


def _collect(shape: Shape, amounts: list[Amounts | None], paths: int) -> _Asked:
    """Lay the amounts of all groups on the claim axis; a stage not yet run claims nothing."""
    claims: list[Array] = []
    limits: list[Array] = []
    weights: list[Array] = []
    for lines, rows, group in zip(shape.lines, shape.rows, amounts, strict=True):
        zero = jnp.zeros((rows, paths))
        for name, form in lines:
            amount = zero if group is None else jnp.minimum(group[name], UNLIMITED)
            claims.append(zero if form == "support" else amount)
            if form == "support":
                limits.append(amount)
                weights.append(
                    jnp.ones_like(zero)
                    if group is None
                    else group.get(f"{name}_weight", jnp.ones_like(zero))
                )
    none = jnp.zeros((0, paths))
    return _Asked(
        jnp.concatenate(claims),
        jnp.concatenate(limits) if limits else none,
        jnp.concatenate(weights) if weights else none,
    )


def _asked(
    program: Program, shape: Shape, numbers: tuple[Numbers, ...], carry: Carry, month: Month
) -> tuple[_Asked, Month]:
    """What all contracts claim, derived ones after the others, and the month as those see it."""
    paths = carry.cash.shape[-1]
    primary = _claims(program, shape, numbers, carry, month, derived=False)
    first = _collect(shape, primary, paths)
    month = month._replace(claimed=_totals(program, shape, first.claims))
    if not any(shape.derived):
        return first, month
    late = _claims(program, shape, numbers, carry, month, derived=True)
    return _collect(shape, [a or b for a, b in zip(primary, late, strict=True)], paths), month


def _residuals(program: Program, shape: Shape, claims: Array, month: Month, low: Array) -> Array:
    """Residual claims: nothing from a party in default; on a cycle, what was left before (§5.5)."""
    net, slots = program.network, shape.internal * shape.ranks + 1
    claims = jnp.where(net.residual[:, None] & month.stopped[net.payer], 0.0, claims)
    left = jnp.maximum(month.cash - low, 0.0)[jnp.minimum(net.payer, shape.internal - 1)]
    lagged = jnp.where(net.lagged[:, None], claims, 0.0)
    share = jnp.minimum(ratio(left, added(lagged, net.slot, slots)[net.slot]), 1.0)
    return jnp.where(net.lagged[:, None], claims * share, claims)


def _split(shape: Shape, values: Array) -> list[Amounts]:
    """Rows of the claim axis back to the lines of every group: name -> [K, P]."""
    counts = [n for lines, n in zip(shape.lines, shape.rows, strict=True) for _ in lines]
    parts = iter(apart(values, counts))
    return [{name: next(parts) for name, _ in lines} for lines in shape.lines]


class _Settled(NamedTuple):
    groups: tuple[Any, ...]
    signals: Array
    stopped: Array
    roll_error: Array


def _settle(
    program: Program,
    shape: Shape,
    numbers: tuple[Numbers, ...],
    carry: Carry,
    month: Month,
    cleared: Cleared,
) -> _Settled:
    """Every group moves its own state; signals are added up for the environment."""
    claimed, paid = _split(shape, cleared.claimed), _split(shape, cleared.paid)
    paths = carry.cash.shape[-1]
    signals = jnp.zeros((shape.signals + 1, paths))
    stops = jnp.zeros((shape.parties + 1, paths))
    error = jnp.zeros(paths)
    states: list[Any] = []
    for g, group in enumerate(program.groups):
        state, out = group.settle(numbers[g], carry.groups[g], month, claimed[g], paid[g])
        states.append(state)
        for name, target in program.signals[g].items():
            signals = signals.at[target].add(out[name])
        if "stop" in out:
            stops = stops.at[program.stop_party[g]].max(out["stop"])
        if "roll_error" in out:
            error = jnp.maximum(error, highest(jnp.abs(out["roll_error"]))[0])
    return _Settled(tuple(states), signals[:-1], stops[:-1] > 0.0, error)


def _checks(
    program: Program,
    shape: Shape,
    cleared: Cleared,
    opening_cash: Array,
    closing_cash: Array,
    roll_error: Array,
) -> Array:
    """[check, P] violations of the month, as booked, as shares of its gross amounts (§5.9)."""
    net = program.network
    paid, claimed = cleared.paid, cleared.claimed
    gross = jnp.maximum(total(paid) + total(opening_cash), 1.0)[None]
    change = _cash_change(program, shape, paid)
    booked = opening_cash + change[: shape.internal]
    # A supporter lifts the share of a protected claim on its own.
    alone = jnp.asarray(net.plain & (net.slot < shape.internal * shape.ranks))
    alone = alone.at[net.pair_claim].set(False)[:, None] & (claimed > PAID_TOLERANCE * gross)
    slots = shape.internal * shape.ranks + 1
    share = ratio(paid, claimed)
    high = jax.ops.segment_max(jnp.where(alone, share, 0.0), net.slot, slots)
    low = jax.ops.segment_min(jnp.where(alone, share, 1.0), net.slot, slots)
    made = total(change)[None]
    rows = (
        ("conservation", jnp.concatenate([made, -made, jnp.abs(closing_cash - booked)]) / gross),
        ("receipts_within_claim", (paid - claimed) / gross),
        ("equal_share_within_rank", high - low),
        ("claims_not_negative", -claimed / gross),
        ("balances_roll_forward", roll_error[None] / gross),
        ("cash_not_negative", -booked / gross),
        *zip(SLOT_CHECKS, cleared.violations[:, None], strict=True),
        ("clearing_residual", cleared.residual[None]),
    )
    where = [CHECKS.index(name) for name, values in rows for _ in range(len(values))]
    return highest(jnp.concatenate([values for _, values in rows]), np.array(where), len(CHECKS))


def step(
    program: Program,
    shape: Shape,
    values: Array,
    numbers: tuple[Numbers, ...],
    carry: Carry,
    t: Array,
    shocks: Array,
) -> tuple[Carry, Entry]:
    """Run one period.

    Args:
        values: [row, P] the plan's numbers.
        numbers: the same, gathered by group (`group_numbers`).
        t: [] period index.
        shocks: [stream, P] standard normals of the period.
    """
    observed, payout, environment = program.environment.observe(
        values, carry.environment, t, shocks, carry.signals
    )
    seen = observed.at[program.select].get(mode="fill", fill_value=0.0)
    month = begun(program, carry, t, seen)
    offered = jnp.concatenate([observed, published(program, numbers, carry.groups, month)])
    month = month._replace(obs=offered[program.select])
    asked, month = _asked(program, shape, numbers, carry, month)
    minimum = values[program.minimum_cash]
    claims = _residuals(program, shape, asked.claims, month, minimum)
    cleared = clear(
        program.network, shape, claims, asked.limit, asked.weight, carry.cash, minimum, payout
    )
    past = _totals(program, shape, cleared.paid)
    settled = _settle(program, shape, numbers, carry, month._replace(past=past), cleared)
    cash = carry.cash + _cash_change(program, shape, cleared.paid)[: shape.internal]
    held = jnp.maximum(cash, 0.0)
    checks = _checks(program, shape, cleared, carry.cash, held, settled.roll_error)
    following = Carry(
        environment=environment,
        groups=settled.groups,
        cash=held,
        past=past,
        signals=settled.signals,
        stopped=settled.stopped,
        checks=jnp.maximum(carry.checks, checks),
    )
    return following, Entry(cleared.claimed, cleared.paid, month.obs, cash, settled.stopped)


def _cash_change(program: Program, shape: Shape, paid: Array) -> Array:
    """[M, P] receipts less payments of every party."""
    net = program.network
    received = added(paid, net.payee, shape.parties)
    return received - added(paid, net.payer, shape.parties)
