"""Tables of results: arrays over paths to rows with names, means and standard errors."""
