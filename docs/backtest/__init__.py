"""Plans as somebody knew them at an earlier date, against what happened."""
