"""Shocks to a plan, as changes of its numbers: pure, makes plan diffs and reads results."""
