"""Compute note: a debt that is repaid in compute, or in cash at its price, as the holder chooses.

    q(t)  = schedule(t) x length(t), at most what the balance buys        hours due
    B(t)  = B(t-1) (1 + y a(t)) + issued(t) - F(t) q(t)                   F the settlement price
    taken = min(hours due and banked, what the holder uses, share x hours of the site,
                hours of the site less what notes served before it ask for)
          + of the rest that is due, what the substitute gives (`finance.note_substitute`)
    kind  = (I(t) - excess share x max(I(t) - cap, 0)) x taken            I the index
    cash  = clip(I(t) - spread, floor, cap) x hours due, where the holder chose cash
    owed  = I(t) x hours due and asked for that were not delivered, until they are paid

Schedule and settlement price are set at issue, the same on every path; the index is the path's. The
holder gives notice before the index of the period is known (`finance.exercise`). What it takes is a
sale at the index that the issuer settles against the note in the same clearing, at a rank of its
own: no cash moves. Amounts are due at the close.

Reads: hours of site and substitute and what others ask of them, index, value of pledged cohorts,
payouts, the issuer's cash flow (CFADS).
Publishes: what a bond does, proceeds, accruing; trapped, coverage, ltv; accounts of hours; what is
reserved of site and substitute. Signals: hours sold of either; that the site is under contract.
On shortfall: hours neither delivered nor paid for stay owed at the index of the day. Once something
is owed, or a trigger broken, for longer than `grace` the note is called: the balance is due in
money, and what was banked at the index.

References:
    1. F. Black, The pricing of commodity contracts, Journal of Financial Economics 3 (1976).
    2. R. Jarrow, S. Turnbull, Derivative Securities, 2nd ed., South-Western 2000, ch. 2 (prepaid
       forwards).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offtake.core.arrays import Array, jnp
from offtake.core.contract import Amounts, IntArray, Line, Lowered, Lowerer, Month, Numbers
from offtake.core.flows import CFADS, PAID_TOLERANCE, Flow, Rank
from offtake.finance import compute_note as note
from offtake.finance import facility
from offtake.finance.enforcement import Remedies, applied, lines
from offtake.finance.note_period import FIELDS, LEFT_OUT, NONE, Now, Sight, outcome
from offtake.finance.note_terms import NoteTerms
from offtake.finance.reservations import INSTEAD, RESERVED
from offtake.finance.servicing import Debt, called, no_debt, settled, stops
from offtake.finance.trailing import PUBLISHED, Trailing, no_history, published, remember
from offtake.finance.unpaid import unpaid


class ComputeNoteTerms(NoteTerms):
    """What a plan writes for a compute note."""

    kind: Literal["compute_note"]


EXAMPLE = ComputeNoteTerms.model_validate(
    {
        "kind": "compute_note",
        "holder": "customer",
        "issuer": "company",
        "site": "hall",
        "user": "market",
        "amount": "4,000 USD",
        "rate": "12 %/year",
        "term": "6 months",
        "schedule": "1 H100e",
        "settlement": "2 USD/H100e/h",
        "index": "2.5 USD/H100e/h",
        "election": "delivery",
    }
)
ACCOUNTS = ("entitled", "taken", "banked", "expired", "shortfall")
"""Published names of the accounts of hours, in the order of `finance.compute_note.Hours`."""


class ComputeNoteState(NamedTuple):
    """State of the group, every array [K, P] unless said."""

    debt: Debt
    hours: note.Hours
    planned: Array
    """balance if all had been met, USD"""
    seen: Array
    """index of the period before, USD/H100e/h"""
    unwritten: Array
    """what the underwriter has not paid, USD"""
    coverage: Array
    ltv: Array
    trapped: Array
    """1.0 while distributions are locked up"""
    breach: Array
    """periods in a row in which a trigger was broken"""
    credited: Array
    """principal credited so far, for compute and cash, USD"""
    history: Trailing


class ComputeNote(NamedTuple):
    """A group of notes."""

    sight: Sight
    beside: facility.Beside
    remedies: Remedies
    cfads: IntArray
    """[K] registered total: the issuer's cash flow available for debt service"""
    window: NDArray[np.float64]
    """[W] zeros; its length is the number of periods in a year"""

    kind = "compute_note"
    stage = "primary"
    published = (
        *(*PUBLISHED, "proceeds", "accruing", "trapped", "coverage", "ltv", *ACCOUNTS),
        *(*RESERVED, *INSTEAD, "credited"),
    )
    Terms = ComputeNoteTerms
    example = EXAMPLE

    @classmethod
    def lower(cls, items: Sequence[tuple[str, ComputeNoteTerms]], at: Lowerer) -> Lowered:
        """Terms to structure; values stay in the table of numbers."""
        ids, terms = [name for name, _ in items], [term for _, term in items]
        group = cls(
            sight=Sight.lower(items, at),
            beside=facility.Beside.lower(items, at),
            remedies=Remedies.lower(items, at),
            cfads=np.array([at.total(x.issuer, CFADS) for x in terms]),
            window=np.zeros(at.periods_per_year),
        )
        issuer, holder = (at.parties([getattr(x, f) for x in terms]) for f in ("issuer", "holder"))
        user, insurer, writer = (
            at.parties([getattr(x, f) or getattr(x, otherwise) for x in terms])
            for f, otherwise in (
                *(("user", "issuer"), ("underwriter", "issuer")),
                ("underwriter", "holder"),  # nobody: an issuer without one supports nobody
            )
        )

        def line(name: str, flow: Flow, payer: IntArray, payee: IntArray, rank: Rank) -> Line:
            return Line(name, flow, payer, payee, np.full(len(ids), int(rank)))

        claims = (
            line("advance", Flow.CAPITAL_IN, holder, issuer, Rank.CAPITAL_IN),
            *facility.debt_lines(issuer, holder, [x.seniority for x in terms]),
            *lines(ids, issuer, holder, at),
            line("delivery", Flow.SALE, holder, issuer, Rank.IN_KIND),
            line("delivered_interest", Flow.INTEREST, issuer, holder, Rank.IN_KIND),
            line("delivered_principal", Flow.PRINCIPAL, issuer, holder, Rank.IN_KIND),
            line("excess", Flow.SALE, holder, issuer, Rank.OPERATING),
            line("use", Flow.SALE, user, holder, Rank.OPERATING),
            line("floor", Flow.SUPPORT, writer, holder, Rank.OPERATING),
            line("premium", Flow.RUNNING_COST, issuer, insurer, Rank.OPERATING),
        )
        numbers = {**at.numbers(ids, *FIELDS), **at.optionals(ids, **LEFT_OUT)}
        signals: dict[str, tuple[str | None, ...]] = {
            name: tuple(f"sites.{x.site}.{name}" for x in terms)
            for name in ("sold_hours", "contracted")
        }
        signals["sold_instead"] = tuple(
            None if x.substitute is None else f"sites.{x.substitute}.sold_hours" for x in terms
        )
        return Lowered(group, tuple(ids), numbers, claims, signals, stops=issuer)

    def init(self, n: Numbers) -> ComputeNoteState:
        """Nothing is owed before the issue."""
        zero = jnp.zeros_like(n["amount"])
        history = no_history(jnp.asarray(self.window), zero)
        hours = note.no_hours(zero)
        cover = (zero + NONE, zero)
        return ComputeNoteState(
            no_debt(zero), hours, zero, zero, zero, *cover, zero, zero, zero, history
        )

    def _now(self, n: Numbers, s: ComputeNoteState, month: Month) -> Now:
        """What this period asks for."""
        return self.sight.now(n, s.debt, s.hours, s.seen, month)

    def _issued(self, n: Numbers, month: Month) -> Array:
        """Face value issued in this period, USD [K, P]."""
        return jnp.where(facility.signing(n["start"]) == month.t, n["amount"], 0.0)

    def publish(self, n: Numbers, s: ComputeNoteState, month: Month) -> Amounts:
        """State at the start of the period, and what of the site is kept for deliveries in it."""
        now, issued = self._now(n, s, month), self._issued(n, month)
        takes = self.sight.takes(n, s.debt, s.hours.banked, s.seen, month)
        need = self.sight.need(month)
        first, then = note.asked(now.split.due, s.hours.banked, takes, need)
        asked = first + then
        lacking = self.sight.substitutes.asks(n, first, asked, month)
        service = now.credit.service
        shown = published(s.debt, s.history, now.served, service)
        return {
            **shown,
            "owed": s.debt.balance + now.interest,
            "proceeds": issued * jnp.maximum(n["issue_price"] - n["upfront_fee"], 0.0),
            "accruing": s.debt.balance * now.rate,
            **{name: getattr(s, name) for name in ("trapped", "coverage", "ltv")},
            **dict(zip(ACCOUNTS, s.hours, strict=True)),
            "credited": s.credited,
            "reserved_share": n["share"] * jnp.where(asked > 0.0, 1.0, 0.0),
            "reserved_h100e": note.over(asked, month.hours + 0.0 * asked, 0.0),
            INSTEAD[0]: n["substitute_share"] * jnp.where(lacking > 0.0, 1.0, 0.0),
            INSTEAD[1]: note.over(lacking, month.hours + 0.0 * asked, 0.0),
        }

    def claim(self, n: Numbers, s: ComputeNoteState, month: Month) -> Amounts:
        """Issue and fee at the start; compute, cash and what the floor adds after it."""
        now, issued = self._now(n, s, month), self._issued(n, month)
        taken = now.split.delivered + now.split.drawn
        value = month.obs[self.sight.priced] * taken
        asked = {
            "advance": issued * n["issue_price"],
            "fee": issued * n["upfront_fee"],
            "delivery": now.kind,
            "delivered_interest": now.kind - now.kind_principal,
            "delivered_principal": now.kind_principal,
            "excess": now.above,
            "use": jnp.where(self.sight.says("used"), (1.0 - n["resale_cost"]) * value, 0.0),
            "floor": now.floor + s.unwritten,
            "premium": jnp.where(
                self.sight.says("underwritten"), n["floor_fee"] * month.years * s.debt.balance, 0.0
            ),
        }
        service = now.credit.service._replace(interest=now.interest, principal=now.principal)
        return self.remedies.claims(month, service, s.debt, asked)

    def settle(
        self, n: Numbers, s: ComputeNoteState, month: Month, claimed: Amounts, paid: Amounts
    ) -> tuple[ComputeNoteState, Mapping[str, Array]]:
        """Credit what was delivered and paid, keep what is owed, test the triggers."""
        paid = applied(paid)
        now, going = self._now(n, s, month), s.debt.accelerated == 0.0
        done = outcome(now, going, paid)
        payout = month.obs[self.sight.payouts]
        credited = {**paid, "interest": done.interest, "principal": done.principal}
        service = now.credit.service
        left, lost = settled(s.debt, service, claimed, credited, n["grace"], payout[:, 0])
        issued = paid["advance"] / n["issue_price"]
        debt = left._replace(balance=left.balance + issued, scheduled=now.served)
        hours = note.after(
            s.hours, now.split, going, done.kind, done.cash, now.limit, payout[:, 0] < 1.0
        )
        state = self._tested(n, s, month, debt, now)
        debt = self.remedies.called(called(debt, state.breach, n["grace"]), month)
        flow = month.past[self.cfads]
        history = remember(s.history, month.period, flow, now.served, self.beside.due(month))
        floor = unpaid(claimed["floor"], paid["floor"], payout[:, 2])
        error = debt.balance - (
            s.debt.balance + issued + service.capitalised - done.principal - lost
        )
        state = state._replace(
            debt=debt,
            hours=hours,
            unwritten=floor.owed,
            credited=s.credited + done.principal,
            history=history,
        )
        instead = done.kind * now.split.instead
        sold = done.kind * (now.split.delivered + now.split.drawn) - instead
        under = jnp.where(now.split.due + hours.banked > 0.0, 1.0, 0.0)
        signals = {"sold_hours": sold, "sold_instead": instead, "contracted": under}
        return state, {**signals, "stop": stops(debt), "roll_error": error}

    def _tested(
        self, n: Numbers, s: ComputeNoteState, month: Month, debt: Debt, now: Now
    ) -> ComputeNoteState:
        """Coverage, loan to value and what follows from them at the close."""
        index, price = month.obs[self.sight.priced], self.sight.see("settlement", month)
        begin = facility.signing(n["start"])
        planned = s.planned * (1.0 + now.rate)
        scheduled = self.sight.see("schedule", month) * month.hours * price
        runs = (month.t > begin) & (month.t < facility.closing(begin + n["term"]))
        planned = jnp.where(runs, jnp.maximum(planned - scheduled, 0.0), 0.0)
        planned = planned + self._issued(n, month)
        owed = debt.balance + debt.arrears
        value = jnp.sum(month.obs[self.sight.value], axis=1)
        tested = (month.t >= jnp.maximum(facility.closing(n["deliveries_from"]), begin + 1.0)) & (
            owed > PAID_TOLERANCE * n["amount"]
        )
        ratio = note.over(index, price, 1.0)
        coverage = jnp.where(tested & (price > 0.0), note.over(ratio * planned, owed, NONE), NONE)
        ltv = jnp.where(self.sight.says("pledged") & tested, note.over(owed, value, NONE), 0.0)

        def broken(least: Array, most: Array) -> Array:
            low = coverage < least * (1.0 - PAID_TOLERANCE)
            return low | (ltv > most * (1.0 + PAID_TOLERANCE))

        trapped = jnp.where(broken(n["trap_coverage"], n["trap_ltv"]), 1.0, 0.0)
        breach = broken(n["call_coverage"], n["call_ltv"])
        return s._replace(
            planned=planned,
            seen=index,
            coverage=coverage,
            ltv=ltv,
            trapped=trapped,
            breach=jnp.where(breach, s.breach + 1.0, 0.0),
        )
