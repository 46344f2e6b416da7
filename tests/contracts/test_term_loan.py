"""Term loan: golden table and hand arithmetic."""

from offtake.contracts.term_loan import EXAMPLE, TermLoan
from tests.contracts.harness import check_golden, gradient, run_alone


def test_golden():
    check_golden(run_alone(TermLoan, EXAMPLE, periods=6))


def test_gradient():
    print(gradient(TermLoan, EXAMPLE, periods=6))
