"""Charts as plain data, one function each: results in, what a page, a notebook or an app shows out.

No chart computes: what it shows stands in a table of `offtake.results`, which goes with it.
"""
