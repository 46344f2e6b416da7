"""Derives `catalogue/data/demand.yaml` from request traces: shapes of demand and token lengths.

    python -m docs.derive_shapes          # prints the file; with --write puts it in its place

The folder of the traces is named by OFFTAKE_REFERENCE_DATA. Two collections are read:

* `servegen/servegen_client_windows.parquet`: mean request rate and mean input and output tokens of
  each client of a model service, in windows of ten minutes from midnight on (Alibaba ServeGen);
* `azure_llm_traces/AzureLLMInferenceTrace_{code,conv}.csv`: tokens of each request (Azure).

A shape is the load of each hour of the day relative to that of the day. The load of a window is

    load = Σ over clients of request rate × (mean input + mean output tokens).

* A client without token means counts with the mean tokens per request of the clients of its class
  that have them, weighted by requests. So it counts with its requests only.
* A client without a row in a window sent nothing.
* A window in which no client of the class has a row is a gap of the record, not an hour without
  demand. It is left out: an hour's load is the mean of its windows that there are, and an hour of a
  day that has none counts neither for that hour nor for that day's mean.
* Factor of an hour on a day = its load / mean load of the hours of that day. The factor of an hour
  is the mean over days, weekdays and weekends together, then all 24 are scaled to a mean of 1; the
  band is the 5 % and 95 % quantile over days, by the same scale. One day gives no band.
"""

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np

from docs.parquet import read_columns
from tests.reference_data import MISSING, ROOT, find_reference_data

Array = np.ndarray[Any, np.dtype[np.float64]]

TARGET = ROOT / "src" / "offtake" / "catalogue" / "data" / "demand.yaml"
WINDOWS = Path("servegen", "servegen_client_windows.parquet")
COLUMNS = ("model_class", "client", "window_start_s", "rate_rps", "mean_in", "mean_out")
WINDOW_S, HOUR_S, DAY_S = 600, 3_600, 86_400
DIGITS = 3

CLASSES = {
    "language_large": ("m-large", "language model, the large one of three"),
    "language_mid": ("m-mid", "language model, the middle one of three"),
    "language_small": ("m-small", "language model, the small one of three"),
    "reasoning": ("deepseek-r1", "reasoning model (DeepSeek-R1)"),
}
"""Class of the collection and description, by name of shape."""

SERVICES = {"code": "code", "conversation": "conv"}
"""Ending of the file by name of service."""

HEAD = """\
# Demand for tokens: shapes over the day, lengths of requests. Written by docs/derive_shapes.py,
# which says how each is derived; change that, not this. Factors are relative to the mean of the
# day, from midnight on; where there is a band it is [5 % day, mean, 95 % day].

sources:
  servegen:
    title: "ServeGen, request rates and tokens of 386 clients of Alibaba Cloud (Xiang et al. 2026)"
    url: "https://github.com/alibaba/ServeGen"
    licence: "Apache-2.0"
  azure:
    title: "Microsoft Azure Public Dataset, LLM inference trace 2023 (Patel et al. 2024, Splitwise)"
    url: "https://github.com/Azure/AzurePublicDataset"
    licence: "CC-BY 4.0"
"""


def hourly_factors(data: Path) -> dict[str, Array]:
    """Factors by hour and day, [day, hour], by name of shape; NaN where the record has a gap."""
    table = read_columns(data / WINDOWS, COLUMNS)
    return {
        name: _factors({key: column[table["model_class"] == kind] for key, column in table.items()})
        for name, (kind, _) in CLASSES.items()
    }


def _factors(table: dict[str, Any]) -> Array:
    """Factors of one class, [day, hour]."""
    tokens, rate = table["mean_in"] + table["mean_out"], table["rate_rps"]
    known = ~np.isnan(tokens)
    typical = (rate * tokens)[known].sum() / rate[known].sum()
    window = table["window_start_s"] // WINDOW_S
    days = int(table["window_start_s"].max() // DAY_S) + 1
    count = days * DAY_S // WINDOW_S
    load = np.bincount(window, rate * np.where(known, tokens, typical), count)
    load[np.bincount(window, minlength=count) == 0] = np.nan
    by_hour = _mean(load.reshape(-1, HOUR_S // WINDOW_S), 1).reshape(days, 24)
    return by_hour / _mean(by_hour, 1)[:, None]


def _mean(values: Array, axis: int) -> Array:
    """Mean of what there is along an axis, NaN where there is nothing."""
    there = ~np.isnan(values)
    counted = there.sum(axis)
    total = np.where(there, values, 0.0).sum(axis)
    return np.where(counted > 0, total / np.maximum(counted, 1), np.nan)


def shape_rows(factors: Array) -> list[float | list[float]]:
    """Rows of a shape as the catalogue holds them: 24 factors, or [5 %, mean, 95 %] of each."""
    means = _mean(factors, 0)
    scale = 1.0 / means.mean()
    if len(factors) == 1:
        return [round(float(mean * scale), DIGITS) for mean in means]
    low, high = np.nanquantile(factors, [0.05, 0.95], axis=0)
    return [
        [round(float(number * scale), DIGITS) for number in numbers]
        for numbers in zip(low, means, high, strict=True)
    ]


def token_means(data: Path) -> dict[str, tuple[float, str]]:
    """Mean tokens of a request and the day of the trace, by service and direction."""
    found: dict[str, tuple[float, str]] = {}
    for service, ending in SERVICES.items():
        path = data / "azure_llm_traces" / f"AzureLLMInferenceTrace_{ending}.csv"
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        day = rows[0]["TIMESTAMP"][:10]
        for direction, column in (("input", "ContextTokens"), ("output", "GeneratedTokens")):
            mean = sum(float(row[column]) for row in rows) / len(rows)
            found[f"{service}_{direction}"] = (round(mean, 1), day)
    return found


def text(data: Path) -> str:
    """The whole file."""
    lines = [HEAD, "shapes:"]
    for name, factors in hourly_factors(data).items():
        days = len(factors)
        span = f"{days} days, weekdays and weekends together" if days > 1 else "one day, so no band"
        lines += [
            f"  {name}:",
            f'    about: "{CLASSES[name][1]}; requests times tokens of all clients; {span}"',
            '    every: {unit: "1", source: servegen, date: 2026, confidence: derived, '
            f'note: "{span}; the year is that of publication"}}',
            "    factors:",
            *(f"      - {row}" for row in shape_rows(factors)),
            "",
        ]
    lines.append("token_lengths: # means over the requests of one trace of about an hour")
    for name, (mean, day) in token_means(data).items():
        note = "an arithmetic mean; lengths are far from even"
        lines.append(
            f"  {name}: {{value: {mean}, unit: token/request, source: azure, date: {day}, "
            f'confidence: derived, note: "{note}"}}'
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the file, or write it."""
    data = find_reference_data()
    if data is None:
        sys.exit(MISSING)
    if "--write" in sys.argv[1:]:
        TARGET.write_text(text(data), encoding="utf-8")
    else:
        print(text(data), end="")


if __name__ == "__main__":
    main()
