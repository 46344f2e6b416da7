"""Placeholder."""


def traced_facts(outcome):
    return {}
