"""What a run leaves behind: one labelled dataset, tables, a file that reopens without the plan."""
