"""The base case of a run as rows of a workbook: formulas with their values, to be written out."""
