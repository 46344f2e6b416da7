"""When what is pledged or bought stops covering its own cash cost for good.

    cohort    last period in which it runs and its spot margin is not negative
    contract  last period in which it pays the borrower, for sales or as an owner
    site      last period in which the borrower's sales there cover its running costs there; where
              it sells nothing there, the last end of the cohorts at the site

Sales and costs of a site are what is paid on contracts whose terms name it; what belongs to an
account belongs to its owner. The end of several assets is the latest of theirs. An asset that
covers its cost in the last period of the plan has no known end: it is censored. One that never does
ends before period 0, at -1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from offtake.core.arrays import Array, jnp
from offtake.core.contract import IntArray
from offtake.core.flows import Flow
from offtake.core.measure import Book, Facility, Record
from offtake.measures.owners import owner_of
from offtake.measures.selection import FloatArray, Sums, borrower_of, each, last, plus, summed, sums

MARGINS = ("chips.*.margin", "chips.*.h100e")
"""Observations that the end of a cohort needs."""


class CohortMargins(NamedTuple):
    """Where the record keeps cohorts; fields [cohort]."""

    margin: IntArray
    h100e: IntArray


class Pledges(NamedTuple):
    """What is pledged for every facility."""

    cohorts: CohortMargins
    receipts: Sums
    """[asset] sales at a site or on a contract, received by a borrower"""
    costs: Sums
    """[asset] running costs and purchases at the site, paid by the borrower"""
    cohort_pledged: FloatArray
    """[F, cohort] 1.0 where it is"""
    asset_pledged: FloatArray
    """[F, asset] 1.0 where it is"""


def cohort_margins(book: Book) -> CohortMargins:
    """Observations of all cohorts, in the order of the book."""
    names = list(book.cohorts)
    return CohortMargins(
        np.array([book.labels.observation(f"chips.{name}.margin") for name in names], np.int64),
        np.array([book.labels.observation(f"chips.{name}.h100e") for name in names], np.int64),
    )


def covers(record: Record, cohort: CohortMargins) -> Array:
    """[T, P] whether one cohort runs and earns at least its cash cost on the spot market."""
    observed = record.months.observations
    return (observed[:, cohort.h100e] > 0.0) & (observed[:, cohort.margin] >= 0.0)


def at_site(book: Book, site: str, party: int) -> tuple[list[int], list[int]]:
    """Claims by which a party earns and by which it pays at a site.

    Returns:
        Its receipts of class sale, and its payments of class running cost or sale, on contracts
        whose terms name the site.
    """
    owner = owner_of(book)
    there = {c for c, terms in book.terms.items() if getattr(terms, "site", None) == site}
    earns: list[int] = []
    pays: list[int] = []
    for i, claim in enumerate(book.labels.claims):
        if claim.contract not in there:
            continue
        if owner[claim.payee] == party and claim.flow == int(Flow.SALE):
            earns.append(i)
        if owner[claim.payer] == party and claim.flow in (int(Flow.SALE), int(Flow.RUNNING_COST)):
            pays.append(i)
    return earns, pays


def pledges(book: Book, facilities: Sequence[Facility]) -> Pledges:
    """What is pledged for each facility, name by name of its collateral."""
    cohorts = list(book.cohorts)
    sites = set(book.cohorts.values()) | {
        str(site) for terms in book.terms.values() if (site := getattr(terms, "site", None))
    }
    found: list[tuple[int, list[int], list[int]]] = []
    cohort_pledged = np.zeros((len(facilities), len(cohorts)))
    for f, facility in enumerate(facilities):
        borrower = borrower_of(book, facility)
        for name in facility.collateral:
            if name in book.cohorts:
                cohort_pledged[f, cohorts.index(name)] = 1.0
            elif name in sites:
                earns, pays = at_site(book, name, borrower)
                if earns:
                    found.append((f, earns, pays))
                else:
                    at = [float(book.cohorts[cohort] == name) for cohort in cohorts]
                    cohort_pledged[f] = np.maximum(cohort_pledged[f], at)
            elif name in book.kinds:
                pays = [
                    i
                    for flow in (Flow.SALE, Flow.DISTRIBUTION)
                    for i in book.claims(contract=name, payee=borrower, flow=int(flow))
                ]
                found.append((f, pays, []))
    asset_pledged = np.zeros((len(facilities), len(found)))
    for a, (f, _, _) in enumerate(found):
        asset_pledged[f, a] = 1.0
    return Pledges(
        cohort_margins(book),
        sums([plus(earns) for _, earns, _ in found]),
        sums([plus(pays) for _, _, pays in found]),
        cohort_pledged,
        asset_pledged,
    )


def _asset_end(record: Record, receipts: Sums, costs: Sums) -> Array:
    received = summed(record.months.paid, receipts)
    return last((received > 0.0) & (received >= summed(record.months.paid, costs)))


def ends(record: Record, pledged: Pledges) -> Array:
    """[F, P] last period in which some collateral covers its cost; -1 where none ever does."""
    cohorts = each(lambda cohort: last(covers(record, cohort)), pledged.cohorts)
    assets = each(
        lambda asset: _asset_end(record, asset[0], asset[1]), (pledged.receipts, pledged.costs)
    )
    every = jnp.concatenate([cohorts, assets])
    mine = jnp.concatenate(
        [jnp.asarray(pledged.cohort_pledged), jnp.asarray(pledged.asset_pledged)], axis=1
    )
    if not every.shape[0]:
        return jnp.full((mine.shape[0], every.shape[-1]), -1.0)
    return jnp.max(jnp.where((mine > 0.5)[:, :, None], every[None], -1.0), axis=1)


def secured(pledged: Pledges) -> FloatArray:
    """[F] 1.0 where anything is pledged whose end can be told."""
    marks = np.concatenate([pledged.cohort_pledged, pledged.asset_pledged], axis=1)
    return np.max(marks, axis=1, initial=0.0)
