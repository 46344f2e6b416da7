"""Words all rooms share: quantities, units, names, errors, the calendar and the protocols."""
