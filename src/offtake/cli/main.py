"""The command `offtake`.

Exit codes: 0 ran; 2 the plan (or the command) is wrong; 3 the run failed. Messages go to stderr.
"""

import sys

import typer

from offtake.cli.attribute import attribute
from offtake.cli.catalogue import catalogue
from offtake.cli.check import check
from offtake.cli.compare import compare
from offtake.cli.contagion import contagion
from offtake.cli.contracts import contracts
from offtake.cli.explain import explain
from offtake.cli.new import new
from offtake.cli.price import price
from offtake.cli.report import report
from offtake.cli.reserve import reserve
from offtake.cli.risk import risk
from offtake.cli.run import run
from offtake.cli.sensitivity import sensitivity
from offtake.cli.serve import serve
from offtake.cli.show import PLAN_IS_WRONG, RUN_FAILED, complain
from offtake.cli.size import size
from offtake.cli.stack import stack
from offtake.cli.stress import stress
from offtake.cli.sweep import sweep
from offtake.cli.termsheet import termsheet
from offtake.core.errors import PlanErrors, UnknownFigure, WrongRequest, render

app = typer.Typer(
    name="offtake",
    help="Who pays for AI compute? Simulates a plan, contract by contract, thousands of times.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    *(run, report, compare, sweep, attribute, sensitivity, stress, contagion),
    *(size, stack, risk, price, reserve, check),
    *(new, explain, termsheet, contracts, catalogue, serve),
):
    app.command()(command)


def main() -> None:
    """Entry point; no exception leaves it as a traceback unless it is a fault of the program."""
    try:
        app()
    except PlanErrors as errors:
        complain(render(errors.problems))
        sys.exit(PLAN_IS_WRONG)
    except (WrongRequest, UnknownFigure) as wrong:
        complain(f"error: {wrong.args[0]}")
        sys.exit(PLAN_IS_WRONG)
    except (OSError, ArithmeticError, MemoryError) as failure:
        complain(f"The run failed: {failure}")
        sys.exit(RUN_FAILED)
