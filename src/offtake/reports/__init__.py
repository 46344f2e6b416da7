"""Results and plans as people read them. No arithmetic: figures come from results."""
