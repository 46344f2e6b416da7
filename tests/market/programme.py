"""The market as a linear programme, solved by HiGHS; concave utilities by cutting planes.

Every utility U(q) = integral of the inverse demand is bounded from above by tangents; the programme
adds tangents at its own solution until they touch (Kelley 1960). It shares no code with the market.
"""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from tests.market.cases import Case, asked


def utility(case: Case, s: int, scale: float, q: float) -> tuple[float, float]:
    """What buyers would pay for q of a segment with demand scale x A p^-e, and for one more."""
    e, choke = case.elasticity[s], case.choke[s]
    level = case.level[s] * scale
    most = level * choke**-e
    if q <= most:
        return choke * q, choke
    k = 1.0 - 1.0 / e
    return choke * most + level ** (1.0 / e) * (q**k - most**k) / k, (level / q) ** (1.0 / e)


class Programme:
    """Quantities: firm [S, B], waited [S], waiting by block [S, B], cohorts, outside [., B]."""

    def __init__(self, case: Case) -> None:
        """Name the columns."""
        self.case = case
        s, b = case.firm.shape
        f, r = len(case.capacity), len(case.outside)
        self.columns: dict[tuple, int] = {}
        for kind, n in (
            ("firm", s),
            ("moved", s),
            ("run", f),
            ("out", r),
            ("gain", s),
            ("loss", r),
        ):
            for i in range(n):
                for j in range(b):
                    self.columns[kind, i, j] = len(self.columns)
        for i in range(s):
            self.columns["waited", i] = len(self.columns)
            self.columns["bliss", i] = len(self.columns)
        self.cuts: list[tuple[dict, float]] = []

    def bound(self, *, cap: float, rounds: int = 12) -> float:
        """The most surplus that any market could reach, USD/h, from above.

        Nobody counts for more than the cap, since that is the most that may be charged.
        """
        case = self.case
        points = self._start(cap)
        for at in points:
            self._cut(*at, cap)
        for _ in range(rounds):
            x, most = self._programme()
            gap = 0.0
            for at in self._points(x):
                gap = max(gap, self._cut(*at, cap, x=x))
            if gap < 1e-9 * case.level.sum():
                break
        return most

    def _start(self, cap: float) -> list[tuple]:
        case = self.case
        s, b = case.firm.shape
        firm = [
            ("firm", i, j, case.firm[i, j] * asked(case, p)[i])
            for i in range(s)
            for j in range(b)
            for p in np.geomspace(0.05, cap, 12)
        ]
        wait = [
            ("waited", i, None, case.waiting[i] * asked(case, p)[i])
            for i in range(s)
            for p in np.geomspace(0.05, cap, 12)
        ]
        out = [
            ("out", i, j, case.outside[i] * z)
            for i in range(len(case.outside))
            for j in range(b)
            for z in np.linspace(0, 1, 11)
        ]
        return firm + wait + out

    def _points(self, x: np.ndarray) -> list[tuple]:
        kinds = {"firm", "waited", "out"}
        return [
            (name[0], name[1], name[2] if len(name) > 2 else None, x[column])
            for name, column in self.columns.items()
            if name[0] in kinds
        ]

    def _cut(self, kind: str, i: int, j: int | None, q: float, cap: float, x=None) -> float:
        """A tangent at q; how far the present solution lies beyond it."""
        case = self.case
        if kind == "out":
            width, size = case.highest[i] - case.lowest[i], max(case.outside[i], 1e-12)
            value = case.lowest[i] * q + 0.5 * width * q * q / size
            slope = case.lowest[i] + width * q / size
            above, at = ("loss", i, j), ("out", i, j)
            self.cuts.append(({above: -1.0, at: slope}, slope * q - value))
            return 0.0 if x is None else value - x[self.columns[above]]
        scale = case.waiting[i] if kind == "waited" else case.firm[i, j]
        if scale * case.level[i] <= 0.0:
            above = ("bliss", i) if kind == "waited" else ("gain", i, j)
            at = ("waited", i) if kind == "waited" else ("firm", i, j)
            self.cuts += [({above: 1.0}, 0.0), ({at: 1.0}, 0.0)]
            return 0.0
        # Nobody pays more than the cap: utility above it is cut to the cap.
        value, slope = self._capped(i, scale, q, cap)
        above = ("bliss", i) if kind == "waited" else ("gain", i, j)
        at = ("waited", i) if kind == "waited" else ("firm", i, j)
        self.cuts.append(({above: 1.0, at: -slope}, value - slope * q))
        return 0.0 if x is None else x[self.columns[above]] - value

    def worth(self, firm: np.ndarray, waited: np.ndarray, cap: float) -> float:
        """What buyers would pay for what they are served, at most the cap, USD/h."""
        case = self.case
        total = 0.0
        for i in range(len(case.level)):
            for j, h in enumerate(case.weight):
                if case.firm[i, j] > 0.0:
                    total += h * self._capped(i, case.firm[i, j], firm[i, j], cap)[0]
            if case.waiting[i] > 0.0:
                total += self._capped(i, case.waiting[i], waited[i], cap)[0]
        return total

    def _capped(self, i: int, scale: float, q: float, cap: float) -> tuple[float, float]:
        case = self.case
        if case.choke[i] <= cap:
            return utility(case, i, scale, q)
        most = scale * case.level[i] * cap ** -case.elasticity[i]
        if q <= most:
            return cap * q, cap
        base, _ = utility(case, i, scale, most)
        value, slope = utility(case, i, scale, q)
        return cap * most + value - base, slope

    def _programme(self) -> tuple[np.ndarray, float]:
        case = self.case
        s, b = case.firm.shape
        n = len(self.columns)
        upper = lil_matrix((len(self.cuts), n))
        bound = np.zeros(len(self.cuts))
        for k, (row, right) in enumerate(self.cuts):
            for name, value in row.items():
                upper[k, self.columns[name]] = value
            bound[k] = right
        equal = lil_matrix((b + s, n))
        limits = [(0.0, None)] * n
        cost = np.zeros(n)
        for name, column in self.columns.items():
            kind, i = name[0], name[1]
            if kind == "bliss":
                cost[column] = -1.0
                limits[column] = (None, None)
            elif kind == "waited":
                equal[b + i, column] = -1.0
            else:
                j = name[2]
                h = case.weight[j]
                sign = {"firm": -1.0, "moved": -1.0, "run": 1.0, "out": 1.0}.get(kind)
                if sign is not None:
                    equal[j, column] = sign
                if kind == "moved":
                    equal[b + i, column] = h
                if kind == "run":
                    cost[column] = h * case.cost[i]
                    limits[column] = (0.0, case.capacity[i])
                if kind == "out":
                    limits[column] = (0.0, case.outside[i])
                if kind == "gain":
                    cost[column] = -h
                    limits[column] = (None, None)
                if kind == "loss":
                    cost[column] = h
        found = linprog(
            cost, upper.tocsr(), bound, equal.tocsr(), np.zeros(b + s), limits, method="highs"
        )
        assert found.status == 0, found.message
        return found.x, -found.fun
