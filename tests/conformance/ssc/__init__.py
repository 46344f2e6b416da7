"""NREL SSC and PySAM: cases of single owners, partnership flips and sale and leaseback.

A case is one JSON file with the inputs of a model of the System Advisor Model and what it gave out.
`read` reads it and refuses by name what is not known; `plan` writes it as a plan of ours with
periods of a year; `run` runs that plan and lays what comes out beside what was published.
"""
