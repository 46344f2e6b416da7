"""Checks: the worst violation of every invariant, over all paths and periods (semantics §5.9).

`invariants` are those that the engine checks in every period, in its own order. `physical` are
identities of capacity, each as a share of the size it is compared with:

    hours_oversold           H100e-hours paid for as delivered beyond those delivered
    running_above_energised  power drawn beyond the power energised
    fleet_does_not_add_up    capacity of a site against the sum of its cohorts that were not sold
    capacity_negative        negative capacity or power, H100e or MW

All are zero but for rounding.
"""

from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.measure import Book, Output, Record
from offtake.measures.physical import sites
from offtake.measures.selection import FloatArray

PHYSICAL_CHECKS = (
    "hours_oversold",
    "running_above_energised",
    "fleet_does_not_add_up",
    "capacity_negative",
)
"""Labels of the dimension "physical_check"."""
SITE = ("oversold_hours", "h100e_hours", "power_mw", "running_mw", "h100e")
OUTPUTS = {
    "invariants": Output(("check",), "worst", "1", "Worst violation, share of gross amounts."),
    "physical": Output(("physical_check",), "worst", "1", "Worst violation, relative."),
}
SMALL = 1e-6
"""Least MW, H100e or H100e-hours that a violation is compared with."""


class Checks(NamedTuple):
    """The measure."""

    site: IntArray
    """[site, observation] in the order of `SITE`"""
    cohort: IntArray
    """[cohort] observation of H100e"""
    owned: IntArray | None
    """[cohort] observation: 1.0 until it is sold; None where none can be"""
    at: FloatArray
    """[site, cohort] 1.0 where it stands"""

    name = "checks"
    wanted = (*(f"sites.*.{what}" for what in SITE), "chips.*.h100e", "chips.*.owned")
    outputs = OUTPUTS

    @classmethod
    def build(cls, book: Book) -> "Checks":
        """The measure for one plan."""
        names, cohorts = sites(book), list(book.cohorts)
        observe = book.labels.observation
        table = [[observe(f"sites.{site}.{what}") for what in SITE] for site in names]
        resold = f"chips.{cohorts[0]}.owned" in book.labels.observations if cohorts else False
        at = [[float(book.cohorts[c] == site) for c in cohorts] for site in names]
        return cls(
            np.array(table, np.int64).reshape(-1, len(SITE)),
            np.array([observe(f"chips.{c}.h100e") for c in cohorts], np.int64),
            np.array([observe(f"chips.{c}.owned") for c in cohorts], np.int64) if resold else None,
            np.array(at).reshape(len(names), len(cohorts)),
        )

    def reduce(self, record: Record) -> dict[str, Array]:
        """Outputs of a block: [check, P] and [physical_check, P]."""
        return {"invariants": record.checks, "physical": self._physical(record)}

    def _physical(self, record: Record) -> Array:
        if not self.site.shape[0]:
            return jnp.zeros((len(PHYSICAL_CHECKS), record.values.shape[-1]))
        observed = record.months.observations
        oversold, hours, energised, running, h100e = (
            observed[:, self.site[:, i]] for i in range(len(SITE))
        )
        # What is oversold in a period is known, and observed, in the next one.
        excess = oversold[1:] / jnp.maximum(hours[:-1], SMALL)
        above = (running - energised) / jnp.maximum(energised, SMALL)
        capacity = observed[:, self.cohort]
        if self.owned is not None:
            capacity = capacity * observed[:, self.owned]
        cohorts = jnp.einsum("sf,tfp->tsp", self.at, capacity)
        apart = jnp.abs(h100e - cohorts) / jnp.maximum(h100e, SMALL)
        negative = -jnp.minimum(jnp.minimum(h100e, running), energised)
        parts = (excess, above, apart, negative)
        return jnp.stack([jnp.maximum(jnp.max(x, axis=(0, 1)), 0.0) for x in parts])
