"""What a compute note states."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator

from offtake.core.errors import Mistake, mistake_at
from offtake.core.terms import (
    AssetName,
    ComputePrice,
    ComputePriceSeries,
    ComputeSeries,
    ContractName,
    Duration,
    FacePrice,
    Money,
    NetComputePriceSeries,
    PartyName,
    Rate,
    Ratio,
    Share,
    SiteName,
    SizedMoney,
    Terms,
    When,
    default,
)
from offtake.finance.policy import check_policy


class NoteTerms(Terms):
    """Terms of a compute note; times count from the issue."""

    holder: PartyName
    """Party that buys the note and takes compute or cash for it."""
    issuer: PartyName
    """Party that owns the capacity and owes it."""
    site: SiteName
    """Site that delivers; any chips of it, at equal H100e."""
    user: PartyName | None = None
    """Party that pays the holder, at the index, for compute it takes: the market where it is sold
    on, the rest of the holder's business where it is used; not counted in money if left out."""
    underwriter: PartyName | None = None
    """Party that pays what the floor adds to the index; the issuer if left out."""
    amount: SizedMoney
    """Face value, issued at the start, USD; `sized` for as much as the pledge carries."""
    advance_rate: Ratio | None = None
    """Most that a sized note owes, as a share of the expected value of the pledged cohorts."""
    maximum: Money | None = None
    """Most that a sized note is, USD."""
    issue_price: FacePrice = default("100 %")
    """What the holder pays, as a share of face value."""
    upfront_fee: Share = default("0 %")
    """Fee on issue, as a share of face value."""
    rate: Rate
    """Rate at which the balance grows, per year."""
    start: When | None = None
    """Date of issue; the start of the plan if left out."""
    deliveries_from: When | None = None
    """Date from which triggers are tested, and a sized note delivers; the issue if left out."""
    term: Duration
    """Time from issue to maturity, months."""
    schedule: ComputeSeries | None = None
    """Compute due in each period, H100e; worked out where the amount is sized."""
    settlement: ComputePriceSeries | None = None
    """Price at which an hour due is credited to the balance, USD/H100e/h; worked out where the
    amount is sized."""
    index: ComputePriceSeries | None = None
    """Price of compute on which the note settles, USD/H100e/h; what the market pays the chips of
    the site if left out."""
    share: Share = default("100 %")
    """Most of the H100e-hours of the site that the note may take."""
    substitute: SiteName | None = None
    """Another site of the issuer; delivers hours that were asked for, are due and that `site` does
    not deliver, from what contracts on it leave."""
    substitute_share: Share = default("100 %")
    """Most of the H100e-hours of the substitute that the note may take."""
    behind: tuple[ContractName, ...] = ()
    """Notes on the same site that are served before it, and those that they stand behind; it
    delivers from what they leave."""
    election: Literal["holder", "fitted", "delivery", "cash"] = "holder"
    """Whether the holder chooses each period between compute and cash, by the index last seen or by
    a fitted policy, or one is agreed."""
    policy: tuple[NetComputePriceSeries, ...] = ()
    """The fitted policy, USD/H100e/h: five numbers, and five times the share that is banked; worked
    out where it is left out."""
    use: ComputeSeries | None = None
    """Compute that the holder can use, H100e; all there is if left out."""
    use_value: ComputePriceSeries | None = None
    """What compute is worth to the holder, USD/H100e/h; what it is sold on for if left out."""
    resale_cost: Share = default("0 %")
    """Cost of selling compute on, as a share of the index."""
    bank: Duration = default("0 months")
    """How much compute that was not taken is kept for later, in months of what is due, months."""
    spread: ComputePrice = default("0 USD/H100e/h")
    """What cash is less than the index, USD/H100e/h."""
    floor: ComputePrice = default("0 USD/H100e/h")
    """Least that cash is, USD/H100e/h."""
    cap: ComputePrice | None = None
    """Most that cash is, USD/H100e/h; no bound if left out."""
    excess_share: Share = default("100 %")
    """Share of the index above the cap that a holder pays who takes compute."""
    floor_fee: Rate = default("0 %/year")
    """What the underwriter gets from the issuer, as a share of the balance, per year."""
    trap_coverage: Ratio = default("0")
    """Coverage below which distributions of the issuer are locked up."""
    call_coverage: Ratio = default("0")
    """Coverage below which the note is called, after `grace`."""
    trap_ltv: Ratio | None = None
    """Loan to value above which distributions are locked up; never if left out."""
    call_ltv: Ratio | None = None
    """Loan to value above which the note is called, after `grace`; never if left out."""
    day_count: Literal["A/360", "A/365", "30/360", "30E/360", "A/A ISDA"] = "30/360"
    """Day count convention of the rate."""
    seniority: Literal["senior", "junior"] = "senior"
    """Place in the issuer's waterfall."""
    grace: Duration = default("1 month")
    """How long something may be owed, or a trigger broken, before the note is called, months."""
    cross_default: Literal["*"] | tuple[ContractName, ...] = ()
    """Debts whose acceleration calls the note too; * is all debt of the issuer."""
    collateral: tuple[AssetName, ...] = ()
    """What is pledged: cohorts, whose value the loan to value is measured by, a site."""

    @property
    def lender(self) -> str:
        """Who is owed, as of any debt."""
        return self.holder

    @property
    def borrower(self) -> str:
        """Who owes, as of any debt."""
        return self.issuer

    @property
    def unfitted(self) -> bool:
        """Whether a policy is to be worked out before a run."""
        return self.election == "fitted" and not self.policy

    @model_validator(mode="after")
    def _whole(self) -> "NoteTerms":
        """A schedule where none is worked out, something to work it out from where it is."""
        check_note(self)
        return self


def seniors(name: str, notes: Mapping[str, NoteTerms]) -> tuple[str, ...]:
    """Notes that are served before one: those it stands behind, and those that they do.

    Args:
        name: of the note.
        notes: by name; what it stands behind is among them.
    """
    found: dict[str, None] = {}
    left = list(notes[name].behind)
    while left:
        other = left.pop(0)
        if other not in found:
            found[other] = None
            left += notes[other].behind
    return tuple(found)


def check_note(terms: Any) -> None:
    """Refuse an amount without a schedule, and a sized amount without an advance rate.

    Raises:
        Mistakes: at the field that is wrong.
    """
    check_policy(terms, "election", "note-policy")
    missing = [f for f in ("schedule", "settlement") if getattr(terms, f) is None]
    if not terms.amount.sized and missing:
        raise mistake_at(
            Mistake(
                code="note-schedule",
                found=f"an amount without {' and '.join(missing)}",
                expected="compute due in each period and the price at which it is credited",
                mend="add schedule: 100 H100e and settlement: 2 USD/H100e/h, or amount: sized",
            ),
            "amount",
        )
    if terms.amount.sized and (terms.advance_rate is None or not terms.collateral):
        raise mistake_at(
            Mistake(
                code="note-advance",
                found="amount: sized, without an advance rate on something pledged",
                expected="advance_rate: and collateral: with the cohorts it is a share of",
                mend="add advance_rate: 80 % and collateral: [NAME], or write an amount",
            ),
            "amount",
        )
    written = [f for f in ("schedule", "settlement") if getattr(terms, f) is not None]
    if terms.amount.sized and written:
        raise mistake_at(
            Mistake(
                code="note-schedule",
                found=f"amount: sized, with {' and '.join(written)} written",
                expected="either of them: what is due is worked out with the amount",
                mend=f"delete {' and '.join(written)}, or write an amount",
            ),
            written[0],
        )
