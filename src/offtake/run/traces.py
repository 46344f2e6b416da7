"""Where money came from, traced on the paths whose flows were kept (DESIGN §11)."""

from typing import Any

import numpy as np

from offtake.measures.tracing import trace
from offtake.results.tables.estimates import worst_paths
from offtake.results.tables.traced import circularity_rows, traced_rows
from offtake.run.simulate import Outcome


def traced_facts(outcome: Outcome) -> dict[str, Any]:
    """Tables of tracing: over all traced paths, and over the worst 5 % of them by loss."""
    flows, book = outcome.traced, outcome.book
    count = flows.paid.shape[-1]
    rate = outcome.lowered.table.rows[book.discount_row].value
    traced = trace(book, flows.paid, flows.cash, rate)
    loss = outcome.merged.per_path(("who_pays", "loss"))[:count]
    worst = worst_paths(loss)
    financier = np.asarray(traced.financier)
    parts = (traced.receipts, traced.own, traced.netted)
    return {
        "traced": traced_rows(traced.uses, traced.sources, traced.amounts),
        "traced_worst5": traced_rows(traced.uses, traced.sources, traced.amounts, worst),
        "circularity": circularity_rows(traced.parties, financier, *parts),
        "circularity_worst5": circularity_rows(traced.parties, financier, *parts, worst),
    }
