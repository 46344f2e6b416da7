"""A run as a workbook: the base case with live formulas, beside what all futures say."""
