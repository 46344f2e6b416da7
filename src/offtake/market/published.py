"""What a market that clears tells the plan, by name, with its unit."""

GENERAL: dict[str, str] = {
    "price": "USD/H100e/h",
    "peak_price": "USD/H100e/h",
    "valley_price": "USD/H100e/h",
    "generation_price": "USD/H100e/h",
    "scarcity": "1",
    "utilisation": "1",
    "short": "1",
    "capacity": "H100e",
    "served": "H100e",
    "unserved": "H100e",
    "consumer_surplus": "USD/year",
    "seller_surplus": "USD/year",
    "producer_surplus": "USD/year",
    "outside_capital_cost": "USD/year",
}
"""Of the market as a whole. Prices are means over the hours of the period; short is the share of
hours in which somebody who would pay the price is not served."""

OF_SEGMENT: dict[str, str] = {
    "price": "USD/token",
    "unit_cost": "USD/token",
    "tokens": "token/year",
    "revenue": "USD/year",
    "compute": "H100e",
    "served": "1",
    "surplus": "USD/year",
    "throughput": "token/H100e/h",
}
"""Of one segment: what its buyers pay, what the compute in it costs, volumes served, the share of
what is asked at the price that is served, what buyers gain, tokens in an hour of an H100."""

OF_FLEET: dict[str, str] = {"capacity": "H100e"}
"""Of one fleet outside the plan: what it offers, its answer to the price included."""

PER_HOUR: dict[str, str] = {
    "price": "USD/H100e/h",
    "unit_cost": "USD/H100e/h",
    "throughput": "1",
}
"""Units of a segment that asks for compute and not for tokens, where they differ."""


def names(segments: list[str], fleets: list[str]) -> list[str]:
    """Every name, in the order in which the market tells its values."""
    return [
        *GENERAL,
        *(f"{segment}.{what}" for what in OF_SEGMENT for segment in segments),
        *(f"supply.{fleet}.{what}" for what in OF_FLEET for fleet in fleets),
    ]
