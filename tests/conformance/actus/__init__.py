"""The official test cases of ACTUS as plans: cases to terms, one plan for all, events compared."""
