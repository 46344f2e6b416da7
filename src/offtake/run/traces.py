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
    loss = outcome.merged.columns.first(("who_pays", "loss"), count)
    weight = None if outcome.weight is None else outcome.weight[:count]
    worst = worst_paths(loss, weight)
    financier = np.asarray(traced.financier)
    found = (traced.uses, traced.sources, traced.amounts)
    parts = (traced.receipts, traced.own, traced.netted)
    return {
        "traced": traced_rows(*found, weight=weight),
        "traced_worst5": traced_rows(*found, worst, weight),
        "circularity": circularity_rows(traced.parties, financier, *parts, weight=weight),
        "circularity_worst5": circularity_rows(traced.parties, financier, *parts, worst, weight),
    }
