"""The program set against published figures; `make docs` writes the tables in docs/calibration.md."""
