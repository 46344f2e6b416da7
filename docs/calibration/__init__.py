"""The program set against published figures; `make docs` writes docs/calibration.md."""
