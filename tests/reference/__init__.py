"""The oracle: offtake again, in plain Python, written for reading (DESIGN §12).

One path at a time, one contract at a time, one month after another; loops where the engine has
arrays. It is made from the pages of `docs/contracts` and the documented formulas of sites, chips
and drivers, and imports nothing of the engine, the instruments, the market or the physical models.

    clearing      who pays whom how much in one month
    future        what one path knows: the plan, its numbers as drawn, its normals
    world         drivers, sites, chips, credit
    books         rows of contracts, their lines, what a month shows them
    debt          what loans have in common
    instruments   one file per kind
    simulate      the loop over months
"""
