"""Term loan: golden table and hand arithmetic."""

from offtake.contracts.term_loan import EXAMPLE, TermLoan
from tests.contracts.harness import check_golden, run_alone


def test_golden():
    check_golden(run_alone(TermLoan, EXAMPLE, periods=6))
