"""Facilities as rows: cover, default, loss, repayment against the end of the collateral."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.measures.facilities import Repayment
from offtake.results.tables.estimates import (
    FloatArray,
    Weight,
    mean_and_error,
    plain,
    quantile,
    share_and_error,
    share_of,
)

Outputs = Mapping[str, FloatArray]
"""Output of a measure -> array; paths first where it is kept by path, `..._se` beside means."""


def facility_rows(
    facilities: Sequence[Mapping[str, Any]],
    outputs: Outputs,
    financings: Sequence[tuple[str, str]],
    irr: FloatArray,
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per facility; what is not known is None.

    `pd`, `lgd` and `el_usd` are as in the docs of the measure; supports count for nothing in the
    last two. `repaid_before_economic_end` is the share of paths, among those on which it was drawn
    and the outcome is not censored.

    Args:
        facilities: contract, kind, lender and borrower of each.
        outputs: of the measure `facilities`, [path, facility] or [facility].
        financings: (contract, party) of every rate of return.
        irr: [path, financing] of the measure `contract_value`, 1/year.
        weight: of the paths.
    """
    return [
        _row(facility, _of(outputs, f), _lender_irr(facility, financings, irr), weight)
        for f, facility in enumerate(facilities)
    ]


def facility_detail_rows(
    facilities: Sequence[Mapping[str, Any]], outputs: Outputs, weight: Weight = None
) -> list[dict[str, Any]]:
    """What stands behind the rows: outcomes, supports, what is open at the horizon."""
    return [_detail(facility, _of(outputs, f), weight) for f, facility in enumerate(facilities)]


def _of(outputs: Outputs, facility: int) -> dict[str, FloatArray]:
    return {name: values[..., facility] for name, values in outputs.items()}


def _lender_irr(
    facility: Mapping[str, Any], financings: Sequence[tuple[str, str]], irr: FloatArray
) -> FloatArray:
    """[path] rate of return of the lender; empty where none is sought."""
    rates = [f for f, (name, _) in enumerate(financings) if name == facility["contract"]]
    mine = [f for f in rates if financings[f][1] == facility["lender"]]
    chosen = mine or rates
    return irr[:, chosen[0]] if chosen else np.zeros(0)


def _row(
    facility: Mapping[str, Any], of: Outputs, irr: FloatArray, weight: Weight
) -> dict[str, Any]:
    exposure, recovered = of["ead_usd"], of["recovered_usd"]
    pd, pd_se = mean_and_error(np.isfinite(of["default_period"]).astype(np.float64), weight)
    lgd, lgd_se = share_and_error(exposure - recovered, exposure, weight)
    loss, loss_se = mean_and_error(of["loss_usd"], weight)
    before, before_se = _repaid_before(of["repayment"], weight)
    return {
        "contract": facility["contract"],
        "kind": facility["kind"],
        "lender": facility["lender"],
        "borrower": facility["borrower"],
        "size_usd": plain(float(of["size_usd"])),
        "size_usd_se": plain(float(of["size_usd_se"])),
        "drawn_usd_mean": plain(float(of["drawn_usd"])),
        "drawn_usd_mean_se": plain(float(of["drawn_usd_se"])),
        "min_dscr_p50": quantile(of["min_dscr"], 0.5, weight),
        "min_dscr_p5": quantile(of["min_dscr"], 0.05, weight),
        "llcr_p50": quantile(of["llcr"], 0.5, weight),
        "pd": pd,
        "pd_se": pd_se,
        "lgd": lgd,
        "lgd_se": lgd_se,
        "el_usd": loss,
        "el_usd_se": loss_se,
        "el_bp_per_year": _a_year(loss, float(of["lent_usd_years"])),
        "repaid_before_economic_end": before,
        "repaid_before_economic_end_se": before_se,
        "irr_lender_p50": quantile(irr, 0.5, weight if irr.size else None),
    }


def _a_year(loss: float | None, lent: float) -> float | None:
    """Expected loss in basis points of what is lent, per year; None where nothing is."""
    return None if loss is None or lent <= 0.0 else plain(1e4 * loss / lent)


def _repaid_before(repayment: FloatArray, weight: Weight) -> tuple[float | None, float | None]:
    known = np.isin(repayment, [Repayment.BEFORE, Repayment.AFTER, Repayment.NOT])
    return share_of(repayment == Repayment.BEFORE, known, weight)


def _detail(facility: Mapping[str, Any], of: Outputs, weight: Weight) -> dict[str, Any]:
    repayment, periods = of["repayment"], of["repaid_period"]
    exposure, recovered = of["ead_usd"], of["recovered_usd"]
    drawn = repayment != Repayment.UNUSED
    secured = drawn & (repayment != Repayment.UNSECURED)
    outcomes = {
        "repaid_before": Repayment.BEFORE,
        "repaid_after": Repayment.AFTER,
        "not_repaid": Repayment.NOT,
        "censored": Repayment.CENSORED,
    }
    row: dict[str, Any] = {"contract": facility["contract"]}
    row["repaid"], row["repaid_se"] = share_of(np.isfinite(periods), drawn, weight)
    for name, outcome in outcomes.items():
        row[name], row[f"{name}_se"] = share_of(repayment == outcome, secured, weight)
    after = exposure - recovered - of["supported_usd"]
    for name, part in (("collateral", of["sold_usd"]), ("chips", of["sold_chips_usd"])):
        share, error = share_and_error(part, recovered, weight)
        row[f"recovered_from_{name}"], row[f"recovered_from_{name}_se"] = share, error
    row["recovery_months_p50"] = quantile(of["recovery_months"], 0.5, weight)
    share, error = share_and_error(after, exposure, weight)
    row["lgd_after_supports"], row["lgd_after_supports_se"] = share, error
    row["el_after_supports_usd"] = plain(float(of["loss_after_supports_usd"]))
    row["el_after_supports_usd_se"] = plain(float(of["loss_after_supports_usd_se"]))
    row["shortfall_at_maturity_usd"] = plain(float(of["shortfall_usd"]))
    row["shortfall_at_maturity_usd_se"] = plain(float(of["shortfall_usd_se"]))
    row["open_at_horizon_usd"] = plain(float(of["open_usd"]))
    row["open_at_horizon_usd_se"] = plain(float(of["open_usd_se"]))
    row["refinanced_share"] = plain(float(of["refinanced_share"]))
    row["refinanced_share_se"] = plain(float(of["refinanced_share_se"]))
    return row
