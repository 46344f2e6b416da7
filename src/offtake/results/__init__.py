"""What a run leaves behind: one labelled dataset, tables over it, a file that reopens without the plan."""
