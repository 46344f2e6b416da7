"""A plan to results: draws, blocks on all cores, exact merging, and what a run leaves behind."""
