"""The same site and the same futures under several capital stacks (DESIGN §9).

Every stack is a plan of its own with its own program; random streams are keyed by name, so what
they share (prices, delays, failures) is drawn alike, whichever stacks are run and in which order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import jnp
from offtake.core.errors import PlanErrors, Problem, Where
from offtake.core.names import suggestion
from offtake.finance.discount import annual_rate
from offtake.finance.returns import irr
from offtake.lowering.book import book_of
from offtake.lowering.lower import lower
from offtake.measures.positions import financiers_of, money_of
from offtake.plan.schema import Plan
from offtake.results.allocation import Allocation, tail
from offtake.results.comparison import Comparison, StackResult
from offtake.results.tables.estimates import mean_and_error, plain, quantile
from offtake.results.tables.facilities import facility_rows
from offtake.risk.prepare import prepared
from offtake.risk.shocks import shocks_of
from offtake.run.notes import paid_for, sized_notes
from offtake.run.risk import allocate, asked, losses_in
from offtake.run.sample import Sample, base_of, sample
from offtake.run.simulate import Runner, check_paths

FloatArray = NDArray[np.float64]
Done = Callable[[str], None]


@dataclass(frozen=True)
class _Ran:
    """One stack, run."""

    name: str
    runner: Runner
    issuer: str
    sample: Sample
    base: FloatArray
    """[T] outside(t) in the base case"""
    allocation: Allocation | None

    @property
    def position(self) -> dict[str, FloatArray]:
        return self.sample.of("positions")


def compare(
    plans: Mapping[str, Plan],
    paths: int = 4096,
    seed: int = 1,
    *,
    against: str | None = None,
    issuer: str | None = None,
    only: tuple[str, ...] | None = None,
    shocks: bool = True,
    changes: tuple[str, ...] = (),
    done: Done | None = None,
) -> Comparison:
    """Run a site under several stacks.

    Args:
        plans: stack -> plan with it; all that the plan has, so that the stack which owners pay
            alone is found whichever are asked for.
        paths: number of futures.
        seed: of every random stream.
        against: stack that cost is measured against; the one by which nobody but owners puts money
            in, if there is one, where left out.
        issuer: company that is paid for; the only internal one where left out.
        only: stacks to show, in this order; all where left out.
        shocks: whether to shock each stack and say who carries which risk.
        changes: what was changed about the plan, as the user said it.
        done: told what has been done.

    Raises:
        ValueError: fewer than one path.
        PlanErrors: a stack cannot be structured, or it is not said whose stacks they are.
    """
    check_paths(paths)
    shown = only or tuple(plans)
    first = plans[shown[0]]
    company = _issuer(first, issuer)
    base = against or _own_money(plans, company)
    ran: dict[str, _Ran] = {}
    first_of_all = [base] if base else []
    for name in dict.fromkeys([*first_of_all, *shown]):
        ran[name] = _run(name, plans[name], company, paths, seed, shocks and name in shown, done)
    beside = ran[base] if base else None
    return Comparison(
        plan=first.plan.name,
        issuer=company,
        against=base,
        paths=paths,
        seed=seed,
        discount_rate=first.plan.discount_rate.value,
        stacks=tuple(_result(ran[name], beside) for name in shown),
        changes=changes,
    )


def _issuer(plan: Plan, name: str | None) -> str:
    """The company that is paid for."""
    inside = [n for n, party in plan.parties.items() if party.kind == "internal"]
    if name in inside:
        return str(name)
    if name is None and len(inside) == 1:
        return inside[0]
    found = "no company named" if name is None else f"the company {name!r}"
    mend = suggestion(name or "", inside, otherwise="name it with --issuer")
    raise PlanErrors(
        [
            Problem(
                Where("--issuer"),
                "parties",
                "stack-issuer",
                found,
                "one of " + ", ".join(inside),
                mend if name else "say with --issuer whose capital stacks are compared",
            )
        ]
    )


def _own_money(plans: Mapping[str, Plan], issuer: str) -> str | None:
    """The first stack by which nobody but owners of the issuer puts money in."""
    for name, plan in plans.items():
        named = lower(paid_for(plan, sized_notes(plan)))  # for its names: sizes do not matter
        if not money_of(book_of(named), issuer):
            return name
    return None


def _run(
    name: str, plan: Plan, issuer: str, paths: int, seed: int, shocks: bool, done: Done | None
) -> _Ran:
    runner = Runner(prepared(plan) if shocks else plan, asked=asked(issuer))
    runner.compile()
    found = sample(runner, paths, seed)
    if done is not None:
        done(name)

    def shocked(shock: str) -> None:
        if done is not None:
            done(f"{name}, {shock}")

    allocation = allocate(runner, found, paths, seed, shocks_of(plan), shocked) if shocks else None
    return _Ran(name, runner, issuer, found, base_of(runner, "positions", "outside"), allocation)


# ------------------------------------------------------------------------------------------- rows


def _result(ran: _Ran, beside: _Ran | None) -> StackResult:
    """What one stack comes to, against the one that owners pay alone."""
    found = ran.position
    owners, rate = found["owners"], _discounted(ran)
    short, short_se = mean_and_error(found["ran_short"])
    npv, npv_se = mean_and_error(owners @ rate)
    lost = _lost(ran)
    every = np.sum(lost, axis=1)
    row: dict[str, Any] = {
        "stack": ran.name,
        "money": list(money_of(ran.runner.book, ran.issuer)),
        **_cost(ran, beside),
        **_rates("equity_irr", owners, ran),
        "equity_in_usd": float(np.mean(-np.minimum(owners, 0.0) @ rate)),
        "equity_npv_usd": npv,
        "equity_npv_usd_se": npv_se,
        "financiers_loss_usd": mean_and_error(every)[0],
        "financiers_loss_usd_se": mean_and_error(every)[1],
        "financiers_loss_usd_worst5": tail(every),
        "runs_short": short,
        "runs_short_se": short_se,
        "max_relative_error": float(np.max(ran.sample.outputs["checks", "invariants"])),
    }
    return StackResult(row, _financiers(ran, lost), _facilities(ran), ran.allocation)


def _cost(ran: _Ran, beside: _Ran | None) -> dict[str, Any]:
    """Money raised, and its cost to owners."""
    if beside is None or beside.name == ran.name:
        nothing = _rates("cost", np.zeros_like(ran.position["outside"]), ran)
        return {"raised_usd": None if beside is None else 0.0, **nothing}
    raised = float(np.max(np.cumsum(ran.base - beside.base)))
    differs = ran.position["outside"] - beside.position["outside"]
    return {"raised_usd": max(raised, 0.0), **_rates("cost", -differs, ran)}


def _rates(name: str, flows: FloatArray, ran: _Ran) -> dict[str, Any]:
    """Rate of the mean flows, quantiles over futures, share of futures without a rate.

    Args:
        flows: [P, T] received less paid by whoever puts money in, USD.
    """
    if not np.any(flows):
        keys = ("mean", "p5", "p50", "p95", "none")
        return {f"{name}_{key}": None for key in keys}
    every = np.concatenate([np.mean(flows, axis=0)[:, None], flows.T], axis=1)
    per_year = float(1.0 / ran.runner.book.years[-1])
    found = np.asarray(annual_rate(irr(jnp.asarray(every)), per_year))
    found = np.where(_all_lost(every), -1.0, found)
    mean, single = found[0], found[1:]
    return {
        f"{name}_mean": plain(float(mean)),
        f"{name}_p5": quantile(single, 0.05),
        f"{name}_p50": quantile(single, 0.5),
        f"{name}_p95": quantile(single, 0.95),
        f"{name}_none": float(np.mean(np.isnan(single))),
    }


def _all_lost(flows: FloatArray) -> NDArray[np.bool_]:
    """True where money went in and nothing came back.

    Args:
        flows: [T, ..] received less paid, USD.
    """
    return np.any(flows < 0.0, axis=0) & ~np.any(flows > 0.0, axis=0)


def _discounted(ran: _Ran) -> FloatArray:
    """[T] what a dollar of each period is worth today, at the plan's rate."""
    book = ran.runner.book
    rate = ran.runner.lowered.table.rows[book.discount_row].value
    return np.exp(-book.elapsed * np.log1p(rate))


def _lost(ran: _Ran) -> FloatArray:
    """[P, N] what each financier loses, value today."""
    names, book = financiers_of(ran.runner.book, ran.issuer), ran.runner.book
    loss = losses_in(book, ran.sample).loss
    return loss[:, [book.labels.parties.index(name) for name in names]]


def _financiers(ran: _Ran, lost: FloatArray) -> tuple[dict[str, Any], ...]:
    """Return and loss of each financier; those that never put anything in are left out."""
    rows: list[dict[str, Any]] = []
    flows, rate = ran.position["financing"], _discounted(ran)
    for n, name in enumerate(financiers_of(ran.runner.book, ran.issuer)):
        mine = flows[:, n]
        if not np.any(mine):
            continue
        loss, loss_se = mean_and_error(lost[:, n])
        npv, npv_se = mean_and_error(mine @ rate)
        rows.append(
            {
                "party": name,
                "in_usd": float(np.mean(-np.minimum(mine, 0.0) @ rate)),
                **_rates("return", mine, ran),
                "npv_usd": npv,
                "npv_usd_se": npv_se,
                "loss_usd": loss,
                "loss_usd_se": loss_se,
                "loss_usd_worst5": tail(lost[:, n]),
            }
        )
    return tuple(rows)


def _facilities(ran: _Ran) -> tuple[dict[str, Any], ...]:
    """Default and loss of each facility, as `offtake run` has them."""
    book = ran.runner.book
    facilities = [
        {"contract": f.contract, "kind": f.kind, "lender": f.lender, "borrower": f.borrower}
        for f in book.facilities
    ]
    rows = facility_rows(facilities, ran.sample.of("facilities"), (), np.zeros((1, 0)))
    kept = ("contract", "kind", "size_usd", "pd", "pd_se", "lgd", "lgd_se", "el_usd", "el_usd_se")
    return tuple({key: row[key] for key in kept} for row in rows)
