"""The plan file: what may be written, how it is read, and everything that can be wrong with it."""
