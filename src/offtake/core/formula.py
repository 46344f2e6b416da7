"""Formulas over named series, such as ``consumer_share * consumer_market``, and their units.

A formula is an expression of names, plain numbers, ``+ - * / **``, brackets, ``min`` and ``max``.
It is read with Python's own grammar and nothing of it is ever run.

Named series arrive in canonical units, and so must the result leave. A product may need a factor
for that: users (user) times a price (USD/user/year) is USD/year, but a price per hour times hours
a month is not. :func:`in_units` puts such factors into the tree as constants, so that evaluating
it is plain arithmetic.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from offtake.core.errors import Mistake, quoted
from offtake.core.units import canonical_of_dimension, dimension, factor

Operator = Literal["+", "-", "*", "/", "**", "min", "max"]

_OPERATORS: dict[type[ast.operator], Operator] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
LONGEST = 1000
"""Characters of a formula."""
DEEPEST = 40
"""Levels of brackets and operators."""


@dataclass(frozen=True)
class Constant:
    """A plain number."""

    value: float


@dataclass(frozen=True)
class Named:
    """A series by its name."""

    name: str


@dataclass(frozen=True)
class Operation:
    """Two expressions joined by an operator."""

    operator: Operator
    left: Expression
    right: Expression


Expression = Constant | Named | Operation


@lru_cache(maxsize=512)
def parse_formula(text: str) -> Expression:
    """Read a formula.

    Args:
        text: such as ``max(base, 0.8 * peak) - losses``.

    Returns:
        Its tree; ``min`` and ``max`` of several arguments become nested pairs.

    Raises:
        Mistake: ``formula-form``, naming the part that cannot be read.
    """
    if len(text) > LONGEST:
        found = f"a formula of {len(text)} characters"
        raise _mistake(found, "split it into several drivers")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _mistake(quoted(text), "check brackets and operators") from None
    return _read(tree.body, text, 0)


def _read(node: ast.expr, text: str, depth: int) -> Expression:
    if depth > DEEPEST:
        raise _mistake(quoted(text), "split it into several drivers")
    if isinstance(node, ast.Constant) and _is_number(node.value):
        return Constant(_finite(cast("float", node.value), text))
    if isinstance(node, ast.Name):
        return Named(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id == "drivers":
            return Named(node.attr)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        inner = _read(node.operand, text, depth + 1)
        return inner if isinstance(node.op, ast.UAdd) else _negative(inner)
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _read(node.left, text, depth + 1), _read(node.right, text, depth + 1)
        return Operation(_OPERATORS[type(node.op)], left, right)
    elif isinstance(node, ast.Call):
        return _read_call(node, text, depth)
    found = f"{quoted(ast.get_source_segment(text.strip(), node) or text)} in {quoted(text)}"
    raise _mistake(found, "use names of drivers, plain numbers and these operators only")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _read_call(node: ast.Call, text: str, depth: int) -> Expression:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in ("min", "max") or len(node.args) < 2 or node.keywords:
        raise _mistake(quoted(text), "write min or max with two or more arguments in brackets")
    operator: Operator = "min" if name == "min" else "max"
    parts = [_read(argument, text, depth + 1) for argument in node.args]
    joined = parts[0]
    for part in parts[1:]:
        joined = Operation(operator, joined, part)
    return joined


def _negative(inner: Expression) -> Expression:
    if isinstance(inner, Constant):
        return Constant(-inner.value)
    return Operation("*", Constant(-1.0), inner)


def _finite(value: float, text: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _mistake(quoted(text), "write finite numbers")
    return number


def _mistake(found: str, mend: str) -> Mistake:
    return Mistake(
        code="formula-form",
        found=found,
        expected="names of drivers and plain numbers joined by + - * / ** ( ) min max",
        mend=mend,
    )


def names(expression: Expression) -> Iterator[str]:
    """Names in a formula, in the order in which they stand; repeated where repeated."""
    if isinstance(expression, Named):
        yield expression.name
    elif isinstance(expression, Operation):
        yield from names(expression.left)
        yield from names(expression.right)


def in_units(
    expression: Expression, units: Mapping[str, str], text: str = ""
) -> tuple[Expression, str]:
    """Check the units of a formula and make its arithmetic exact in canonical units.

    Args:
        expression: from :func:`parse_formula`.
        units: name -> canonical unit of the series.
        text: the formula, for messages.

    Returns:
        The tree with conversion factors put in as constants, and the canonical unit of its value.

    Raises:
        Mistake: ``formula-units`` where unlike things are added or compared, or an exponent has a
            unit.
    """
    if isinstance(expression, Constant):
        return expression, "1"
    if isinstance(expression, Named):
        return expression, units[expression.name]
    left, left_unit = in_units(expression.left, units, text)
    right, right_unit = in_units(expression.right, units, text)
    operator = expression.operator
    if operator in ("*", "/"):
        return _product(operator, left, left_unit, right, right_unit)
    if operator == "**":
        return _power(left, left_unit, right, right_unit, text)
    unit = _common(left, left_unit, right, right_unit)
    if unit is None:
        raise _units_mistake(
            text,
            f"{left_unit} {operator} {right_unit}",
            "the same unit on both sides of + and -, and inside min and max",
            "multiply by a driver that converts one into the other",
        )
    return Operation(operator, left, right), unit


def _common(left: Expression, left_unit: str, right: Expression, right_unit: str) -> str | None:
    """The unit of both; zero has every unit."""
    if left_unit == right_unit:
        return left_unit
    if left == Constant(0.0):
        return right_unit
    return left_unit if right == Constant(0.0) else None


def _product(
    operator: Operator, left: Expression, left_unit: str, right: Expression, right_unit: str
) -> tuple[Expression, str]:
    sign = 1 if operator == "*" else -1
    written = _joined(left_unit, right_unit, sign)
    unit = canonical_of_dimension(dimension(written))
    made = Operation(operator, left, right)
    ratio = factor(written, unit)
    return (made if ratio == 1.0 else Operation("*", Constant(ratio), made)), unit


def _joined(left: str, right: str, sign: int) -> str:
    """The unit of a product or quotient, as text."""
    above, below = _parts(left)
    more_above, more_below = _parts(right)
    if sign < 0:
        more_above, more_below = more_below, more_above
    return "/".join(["-".join(above + more_above) or "1", *below, *more_below])


def _parts(unit: str) -> tuple[list[str], list[str]]:
    first, *rest = unit.split("/")
    return ([] if first == "1" else first.split("-")), [n for part in rest for n in part.split("-")]


def _power(
    left: Expression, left_unit: str, right: Expression, right_unit: str, text: str
) -> tuple[Expression, str]:
    if right_unit != "1":
        raise _units_mistake(
            text, f"an exponent in {right_unit}", "a plain number as exponent", "divide by its unit"
        )
    if left_unit == "1":
        return Operation("**", left, right), "1"
    if not isinstance(right, Constant) or right.value not in (1.0, 2.0, 3.0):
        raise _units_mistake(
            text,
            f"a power of something in {left_unit}",
            "a plain number, or the exponent 1, 2 or 3",
            "divide by a driver of the same unit first",
        )
    made, unit = left, left_unit
    for _ in range(int(right.value) - 1):
        made, unit = _product("*", made, unit, left, left_unit)
    return made, unit


def _units_mistake(text: str, found: str, expected: str, mend: str) -> Mistake:
    shown = f"{found} in {quoted(text)}" if text else found
    return Mistake(code="formula-units", found=shown, expected=expected, mend=mend)


def evaluate(
    expression: Expression,
    values: Mapping[str, Any],
    minimum: Callable[[Any, Any], Any] = min,
    maximum: Callable[[Any, Any], Any] = max,
) -> Any:
    """The value of a formula.

    Args:
        expression: best from :func:`in_units`.
        values: name -> number or array, in canonical units.
        minimum: of two values; ``numpy.minimum`` for arrays.
        maximum: of two values.

    Returns:
        A number, or an array of the broadcast shape.
    """
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Named):
        return values[expression.name]
    left = evaluate(expression.left, values, minimum, maximum)
    right = evaluate(expression.right, values, minimum, maximum)
    match expression.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "**":
            return left**right
        case "min":
            return minimum(left, right)
        case "max":
            return maximum(left, right)
