"""`offtake serve`: plans, runs and results in a browser, and the same as a JSON API."""
