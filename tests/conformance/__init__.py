"""offtake against outside truth: published cases, run afresh, and a record of how they went."""
