"""Plan to program: names become indices, dates positions, contracts groups."""
