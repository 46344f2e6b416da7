"""What stands on the page, and in which order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from offtake.reports.charts import debt_cover, funds, market, parties, plant, studies
from offtake.reports.charts.chart import Chart
from offtake.results.results import Results
from offtake.results.studies import Study

Maker = Callable[[Results], Chart]


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading."""

    key: str
    title: str
    lead: str
    charts: Sequence[Chart]


PARTS: Sequence[tuple[str, str, str, Sequence[Maker]]] = (
    (
        "money",
        "Money flow",
        "Where the money comes from, through whose hands it goes, and where it ends.",
        (parties.money_flow, funds.sources_and_uses),
    ),
    (
        "capital",
        "Capital and debt",
        "Who put it in, in which order it is paid, and when it has to be paid back.",
        (funds.capital, funds.debt, funds.maturities),
    ),
    (
        "cover",
        "Cover",
        "How far cash covers debt service and chips cover debt, over all futures.",
        (debt_cover.dscr, debt_cover.ltv),
    ),
    (
        "clocks",
        "Chips",
        "Three clocks run on every cohort of chips: its contract, its debt, its economic life.",
        (plant.clocks,),
    ),
    ("gap", "Funding gap", "Money that nobody has promised yet.", (funds.funding_gap,)),
    ("build", "Build", "What stands and runs, against what was planned.", (plant.build,)),
    ("market", "Market", "What compute sells for, and who is served.", (market.market,)),
    ("drivers", "Drivers", "What moves from month to month.", (market.drivers,)),
    ("risk", "Losses", "Who loses when it goes wrong.", (parties.losses,)),
)
INSTEAD_OF_A_MARKET = "drivers"


def sections(results: Results, given: Sequence[Study] = ()) -> list[Section]:
    """Sections of a run that have something to show, and of the studies given with it."""
    clears = bool(len(results.market()))
    found: list[Section] = []
    for key, title, lead, makers in PARTS:
        if (key == "market" and not clears) or (key == INSTEAD_OF_A_MARKET and clears):
            continue
        made = [chart for make in makers if has_data(chart := make(results))]
        if made:
            found.append(Section(key, title, lead, made))
    for kind, make, title, lead in (
        ("sensitivity", studies.tornado, "Sensitivity", "Which numbers of the plan matter most."),
        ("stress", studies.stress, "Stress", "Shocks with yardsticks, on the same futures."),
    ):
        made = [make(study) for study in given if study.kind == kind]
        if made:
            found.append(Section(kind, title, lead, made))
    return found


def has_data(chart: Chart) -> bool:
    """Whether there is anything to draw."""
    return bool(chart.panels) and bool(len(chart.table))


REASONS = {
    "money-flow": "Who pays whom: no money moves.",
    "sources-uses": "Sources and uses: no money moves between companies of the plan and others.",
    "capital": "Capital stack: nobody puts capital into a company of the plan.",
    "debt": "Debt outstanding: nothing is owed.",
    "maturities": "Maturity wall: nothing falls due.",
    "dscr": "DSCR: no facility is serviced at the end of a year in 5 % of futures or more.",
    "ltv": "Loan to value: no facility is secured on chips alone.",
    "clocks": "Clocks of chips: the plan has no chips.",
    "funding-gap": "Funding gap: no company has one in 5 % of futures or more.",
    "build": "Built against plan: the plan has no sites.",
    "losses": "Loss by bearer: no financier loses in any future.",
}
"""Chart -> why it may be missing."""
STUDIES = {
    "sensitivity": "What moves a result: write it with 'offtake sensitivity PLAN --of FIGURE "
    "--json FILE', and add '--sensitivity FILE' to this report.",
    "stress": "Stress: write it with 'offtake stress PLAN --json FILE', and add '--stress FILE' to "
    "this report.",
}


def missing(given: Sequence[Study], shown: Sequence[Section]) -> list[str]:
    """What could stand on the page and does not, and why."""
    there = {chart.key for section in shown for chart in section.charts}
    kinds = {study.kind for study in given}
    return [
        *(reason for key, reason in REASONS.items() if key not in there),
        *(how for kind, how in STUDIES.items() if kind not in kinds),
    ]
