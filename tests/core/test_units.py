"""Spellings of numbers: those accepted, with their values, and a hundred that are refused."""

from __future__ import annotations

import pytest

from offtake.core.errors import Mistake
from offtake.core.number import parse_quantity, parse_rate
from offtake.core.quantity import parse_when
from offtake.core.units import CANONICAL, DEFINITIONS, SPELLINGS, canonical, convert, factor

MONTH_HOURS = 365.2425 * 24 / 12

ACCEPTED: list[tuple[str, float, str]] = [
    ("1.2 GW", 1200.0, "MW"),
    ("147 MW", 147.0, "MW"),
    ("147MW", 147.0, "MW"),
    ("500 kW", 0.5, "MW"),
    ("1200 W", 0.0012, "MW"),
    ("0.002 TW", 2000.0, "MW"),
    ("38 bn USD", 38e9, "USD"),
    ("38bn USD", 38e9, "USD"),
    ("38 billion USD", 38e9, "USD"),
    ("1.5 tn USD", 1.5e12, "USD"),
    ("1.5 trillion USD", 1.5e12, "USD"),
    ("180 M USD", 180e6, "USD"),
    ("180 million USD", 180e6, "USD"),
    ("30k USD", 30e3, "USD"),
    ("30 thousand USD", 30e3, "USD"),
    ("23.25 bn USD", 23.25e9, "USD"),
    ("1,234,567.5 USD", 1234567.5, "USD"),
    ("1_000 USD", 1000.0, "USD"),
    ("-5 USD", -5.0, "USD"),
    ("\N{MINUS SIGN}5 USD", -5.0, "USD"),
    ("5\N{NO-BREAK SPACE}USD", 5.0, "USD"),
    ("  5   USD ", 5.0, "USD"),
    ("13 bn USD/year", 13e9, "USD/year"),
    ("0.5 M USD/month", 6e6, "USD/year"),
    ("3 M USD/quarter", 12e6, "USD/year"),
    ("2.75 USD/GPU/h", 2.75, "USD/GPU/h"),
    ("2.75 USD/GPU-h", 2.75, "USD/GPU/h"),
    ("2.75 USD/GPU/hour", 2.75, "USD/GPU/h"),
    ("2.6 USD/H100e/h", 2.6, "USD/H100e/h"),
    ("2.6 USD/H100e-hour", 2.6, "USD/H100e/h"),
    ("730.485 USD/H100e/month", 1.0, "USD/H100e/h"),
    ("55 USD/MWh", 55.0, "USD/MWh"),
    ("0.055 USD/kWh", 55.0, "USD/MWh"),
    ("12.5 M USD/MW", 12.5e6, "USD/MW"),
    ("12.5k USD/kW", 12.5e6, "USD/MW"),
    ("0.9 M USD/MW/year", 0.9e6, "USD/MW/year"),
    ("75 USD/kW-month", 0.9e6, "USD/MW/year"),
    ("35k USD/GPU", 35e3, "USD/GPU"),
    ("20k USD/H100e", 20e3, "USD/H100e"),
    ("2 USD/M token", 2e-6, "USD/token"),
    ("2 USD/million tokens", 2e-6, "USD/token"),
    ("900 tn token/year", 900e12, "token/year"),
    ("8 M token/H100e/h", 8e6, "token/H100e/h"),
    ("20 USD/user/month", 240.0, "USD/user/year"),
    ("8 bn people", 8e9, "user"),
    ("15 years", 180.0, "month"),
    ("1 year", 12.0, "month"),
    ("6 months", 6.0, "month"),
    ("2 quarters", 6.0, "month"),
    ("365.2425 days", 12.0, "month"),
    ("4 %/year", 0.04, "1/year"),
    ("1 %/month", 0.12, "1/year"),
    ("25 bp/year", 0.0025, "1/year"),
    ("0.05/year", 0.05, "1/year"),
    ("25 bp", 0.0025, "1"),
    ("35 %", 0.35, "1"),
    ("35%", 0.35, "1"),
    ("35 percent", 0.35, "1"),
    ("55 %", 0.55, "1"),
    ("1.3x", 1.3, "1"),
    ("0.8", 0.8, "1"),
    (".8", 0.8, "1"),
    ("10,000", 10e3, "1"),
    ("1_000_000", 1e6, "1"),
    ("7000", 7000.0, "1"),
    ("400k", 400e3, "1"),
    ("1e6", 1e6, "1"),
    ("2.5e-3", 2.5e-3, "1"),
    ("7000 GPU", 7000.0, "GPU"),
    ("7000 GPUs", 7000.0, "GPU"),
    ("100k H100e", 100e3, "H100e"),
    ("30 GWh", 30e3, "MWh"),
    ("8.76 TWh/year", 8.76e6, "MWh/year"),
]

INTERVALS: list[tuple[str, float, float, str]] = [
    ("30k to 40k USD", 30e3, 40e3, "USD"),
    ("30k USD to 40k USD", 30e3, 40e3, "USD"),
    ("900k to 1.2M USD", 0.9e6, 1.2e6, "USD"),
    ("1 to 2 bn USD", 1e9, 2e9, "USD"),
    ("500 M USD to 2 bn USD", 0.5e9, 2e9, "USD"),
    ("55 to 75 USD/MWh", 55.0, 75.0, "USD/MWh"),
    ("-2 to 3 %/year", -0.02, 0.03, "1/year"),
    ("4 to 9 months", 4.0, 9.0, "month"),
    ("70 % to 90 %", 0.7, 0.9, "1"),
    ("7,000 to 8,000", 7000.0, 8000.0, "1"),
]

REFUSED: list[str] = """
$30k | 30k $ | USD 30k | 30k USD$ | 30 US$ | 30k usd | 30k Usd | 30k dollars | 30 EUR | €30 | 30 GBP | £5 | 5 ¥ | 30 CNY
5 mw | 5 Mw | 5 gw | 5 KW | 5 MWH | 5 mwh | 5 kwh | 5 megawatts | 5 MVA | 5 HP | 5 J | 5 MWe | 5 MW IT
5 m USD | 5 mn USD | 5 mm USD | 5 MM USD | 5 B USD | 5 b USD | 5 K USD | 5 G USD | 5 T USD | 5 lakh USD | 5 M M USD
5 MUSD | 5 kUSD | 5 bnUSD | 5 USDk | 5 USD bn | 5 USD M/MW
250 bps | 250 basis points | 4 pct | 4 % p.a. | 4 % pa | 4 percent per year | 4 %/yr | 4 %/a | 4 %/annum | 4 %/y
15 y | 15 yr | 15 yrs | 15 mo | 15 d | 15 hr | 15 hrs | 15 minutes | 15 s | 15 years 3 months | 15 years, 3 months
3 USD/H100/h | 3 USD/h100e/h | 3 USD/gpu/h | 3 USD/chip/h | 3 USD per GPU per h | 3 USD/GPU h | 3 USD / / h | 3 USD/
3 USD/Mtok | 3 USD/Mtoken | 3 USD/tok | 3 USD/1M token | 3 USD*GPU | 3 USD^2 | 3 USD/(MW/year) | 3 USD·year | /year
1,5 USD | 1.234.567 USD | 10,00 USD | 1,0000 USD | 1 000 USD | 1__000 USD | 1_0 USD | 5. USD | 1.2.3 USD | --5 USD | 5 - 6 USD | 5-6 USD
ca. 5 USD | ~5 USD | >5 USD | <= 5 USD | about 5 USD | five USD | USD | x | inf USD | nan | -inf | 1e999 USD | 0x10 USD | 1/2 USD | 5 to USD
to 5 USD | 30 to 40k USD | 40k to 30k USD | 5 to 5 USD | 1 to 2 to 3 USD | 5 USD to 6 MW | 5 USD to 6 | 1..2 USD | 5 ± 1 USD | 5 +- 1 USD
normal(10 USD, 2 USD) | normal(10, 2 | normal(10) USD | normal(10, -2) USD | normal(10, 0) USD | normal(10, 2, 3) USD | normal() USD | gauss(10, 2) USD
lognormal(10, 2) USD | uniform(2, 1) USD | uniform(1) USD | uniform(10,000, 20,000) USD | triangular(1, 2) USD | triangular(3, 2, 1) USD
triangular(1, 1, 1) USD | quantiles(1, 2) USD | quantiles(5 %: 1) USD | quantiles(0 %: 1, 50 %: 2) USD | quantiles(50 %: 1, 5 %: 2) USD
quantiles(5 %: 2, 95 %: 1) USD | quantiles(5 %: 1, 105 %: 2) USD | normal(10, 2) usd | normal(a, 2) USD | 5 USD # note | 5 USD; 6 USD
""".replace("\n", " | ").split(" | ")  # noqa: E501
REFUSED = [text for text in REFUSED if text.strip()]


@pytest.mark.parametrize(("text", "value", "unit"), ACCEPTED)
def test_accepted(text: str, value: float, unit: str) -> None:
    quantity = parse_quantity(text)
    assert quantity.unit == unit
    assert quantity.value == pytest.approx(value, rel=1e-12)
    assert quantity.text == text


@pytest.mark.parametrize(("text", "low", "high", "unit"), INTERVALS)
def test_intervals(text: str, low: float, high: float, unit: str) -> None:
    quantity = parse_quantity(text)
    assert quantity.unit == unit
    assert quantity.distribution is not None
    assert quantity.distribution.ppf([0.05, 0.95]).tolist() == pytest.approx([low, high])
    middle = (low * high) ** 0.5 if low > 0 else (low + high) / 2
    assert quantity.value == pytest.approx(middle)


def test_there_are_a_hundred_refused_spellings() -> None:
    assert len(set(REFUSED)) >= 100


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse_quantity(text)
    mistake = caught.value
    assert mistake.found
    assert mistake.expected
    assert mistake.mend
    assert "`" in mistake.found, "the message shows what was written"


def test_percents_are_exact() -> None:
    for number in range(101):
        assert parse_quantity(f"{number} %").value == number / 100


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("5 mw", "MW"),
        ("3 USD/h100e/h", "H100e"),
        ("5 mUSD", "USD"),
        ("3 USD/Mtoken", "M token"),
        ("1,5 USD", "1,234.5"),
        ("$30k", "30k USD"),
        ("30 to 40k USD", "30k to 40k USD"),
        ("40k to 30k USD", "30k to 40k"),
        ("250 bps", "bp"),
        ("5 EUR", "USD only"),
        ("normal(10 USD, 2 USD)", "normal(10, 2) USD"),
        ("5 bn", "5 bn USD"),
    ],
)
def test_the_mend_says_what_to_write(text: str, mend: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse_quantity(text, "USD")
    assert mend in caught.value.mend


def test_a_wrong_dimension_is_refused() -> None:
    for text, unit in (
        ("5 USD", "USD/year"),
        ("5 USD/year", "USD"),
        ("70 USD/kW-month", "USD/MWh"),
        ("2 USD/GPU/h", "USD/H100e/h"),
        ("5 MWh", "MW"),
    ):
        with pytest.raises(Mistake) as caught:
            parse_quantity(text, unit)
        assert caught.value.code == "unit-wrong"


def test_every_spelling_is_in_the_registry() -> None:
    defined = {definition.split(" = ")[0] for definition in DEFINITIONS}
    assert set(SPELLINGS.values()) == defined
    for spelling in SPELLINGS:
        assert canonical(spelling)


def test_canonical_units_stand_for_themselves() -> None:
    for unit in CANONICAL:
        assert canonical(unit) == unit
        assert factor(unit, unit) == 1.0


def test_canonical_units_of_other_dimensions_can_be_read_again() -> None:
    for text in ("USD/token/day", "USD-USD/MW", "token/GPU/h", "GPU/MW", "1/USD"):
        unit = canonical(text)
        assert canonical(unit) == unit


def test_convert() -> None:
    assert convert(1.0, "year", "month") == 12.0
    assert convert(MONTH_HOURS, "h", "month") == pytest.approx(1.0)
    assert convert(250, "bp", "1") == 0.025


@pytest.mark.parametrize(
    ("text", "base", "margin"),
    [
        ("SOFR + 250 bp", "SOFR", 0.025),
        ("SOFR+2.5 %", "SOFR", 0.025),
        ("SOFR + 2.5 %/year", "SOFR", 0.025),
        ("SOFR - 10 bp", "SOFR", -0.001),
        ("SOFR", "SOFR", 0.0),
        ("6.58 %/year", None, 0.0658),
        ("6.58 %", None, 0.0658),
        ("normal(4, 1) %/year", None, 0.04),
        ("SOFR + 200 to 450 bp", "SOFR", 0.03),
    ],
)
def test_rates(text: str, base: str | None, margin: float) -> None:
    rate = parse_rate(text)
    assert rate.base == base
    assert rate.margin.unit == "1/year"
    assert rate.margin.value == pytest.approx(margin)


@pytest.mark.parametrize(
    "text", ["SOFR + 250", "0.0658", "SOFR + ", "SOFR + 2 USD", "+ 250 bp x", ""]
)
def test_refused_rates(text: str) -> None:
    with pytest.raises(Mistake):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-07-15", "2026-07-15"),
        ("2026-07", "2026-07-01"),
        ("2026-Q3", "2026-07-01"),
        ("2026-Q1", "2026-01-01"),
        ("2026", "2026-01-01"),
        (" 2026-12 ", "2026-12-01"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_dates(text: str, date: str) -> None:
    assert parse_when(text).date.isoformat() == date


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "2026-00",
        "2026-02-30",
        "2025-02-29",
        "2026-Q5",
        "2026-Q0",
        "26-07",
        "07/2026",
        "2026/07",
        "July 2026",
        "2026-7",
        "1826",
        "9999",
        "Q3 2026",
        "2026Q3",
        "",
        "2026-07-15T00:00",
    ],
)
def test_refused_dates(text: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse_when(text)
    assert caught.value.code == "date-form"
