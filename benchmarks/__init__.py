"""What offtake costs in time and memory, against programs written by hand for one plan (`make bench`)."""
