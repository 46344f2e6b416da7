"""Contracts as rows: what each is worth to each side, its rate of return, the cost of supports."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offtake.results.tables.estimates import FloatArray, Weight, plain, quantile

Side = tuple[str, str]
"""(contract, party)"""


def contract_rows(
    kinds: Mapping[str, str],
    sides: Sequence[Side],
    financings: Sequence[Side],
    outputs: Mapping[str, FloatArray],
    weight: Weight = None,
) -> list[dict[str, Any]]:
    """One row per contract, in the order of `kinds`.

    `npv_usd` is the mean value to each party at the plan's rate; `irr` the median rate of return of
    each party of a financing, None where there is none on most paths, empty for other contracts.

    Args:
        kinds: contract -> kind.
        sides: (contract, party) of every value.
        financings: (contract, party) of every rate of return.
        outputs: of the measure `contract_value`: npv_usd and npv_usd_se [side], irr
            [path, financing].
        weight: of the paths.
    """
    rows: list[dict[str, Any]] = []
    for contract, kind in kinds.items():
        mine = {party: s for s, (name, party) in enumerate(sides) if name == contract}
        rows.append(
            {
                "contract": contract,
                "kind": kind,
                "npv_usd": {p: plain(float(outputs["npv_usd"][s])) for p, s in mine.items()},
                "npv_usd_se": {p: plain(float(outputs["npv_usd_se"][s])) for p, s in mine.items()},
                "irr": {
                    party: quantile(rate, 0.5, weight)
                    for party in mine
                    if (rate := irr_of(contract, party, financings, outputs["irr"])).size
                },
            }
        )
    return rows


def irr_of(contract: str, party: str, financings: Sequence[Side], irr: FloatArray) -> FloatArray:
    """[path] rate of return of one side, 1/year, or of the other where there are two; or empty."""
    own = [f for f, side in enumerate(financings) if side == (contract, party)]
    found = own or [f for f, (name, _) in enumerate(financings) if name == contract]
    return irr[:, found[0]] if found else np.zeros(0)


def hurdle_rows(sides: Sequence[Side], outputs: Mapping[str, FloatArray]) -> list[dict[str, Any]]:
    """Value of every contract to every side at the plan's rate and at the party's own hurdle."""
    return [
        {
            "contract": contract,
            "party": party,
            "npv_usd": plain(float(outputs["npv_usd"][s])),
            "npv_usd_se": plain(float(outputs["npv_usd_se"][s])),
            "npv_own_usd": plain(float(outputs["npv_own_usd"][s])),
            "npv_own_usd_se": plain(float(outputs["npv_own_usd_se"][s])),
        }
        for s, (contract, party) in enumerate(sides)
    ]


def support_rows(
    supports: Sequence[str], outputs: Mapping[str, FloatArray]
) -> list[dict[str, Any]]:
    """Expected cost of every support, less what is recovered, value today."""
    return [
        {
            "contract": contract,
            "cost_usd": plain(float(outputs["support_usd"][s])),
            "cost_usd_se": plain(float(outputs["support_usd_se"][s])),
        }
        for s, contract in enumerate(supports)
    ]
