"""What each variable adds to the margin, and its answers as bands or levels worth whole points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from predictor.dictionary import Dictionary, Variable
from predictor.linear import Linear
from predictor.model import Model
from training.formula.linear import hard_ends, level_name

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one variable adds to the calibrated margin.

    Parameters
    ----------
    variable : Variable
        As in the dictionary.
    transform : str
        ``none`` or ``log1p``.
    slope : float
        Per unit of the column; of no meaning for a category.
    low, high : float
        Training support inside what the dictionary accepts, on the scale of the column.
    codes : ndarray of int
        Codes of the levels; empty where the value counts.
    effects : ndarray of float
        What each level adds.
    at_centre : float
        What the cohort's mean adds: the levels weighed by their shares.
    steps : tuple of tuple of float
        Pairs (value on the original scale, what values from there on add), rising.
    """

    variable: Variable
    transform: str
    slope: float
    low: float
    high: float
    codes: NDArray[np.intp]
    effects: Floats
    at_centre: float
    steps: tuple[tuple[float, float], ...] = ()

    @property
    def lines(self) -> list[tuple[float, float, float, float]]:
        """Straight pieces inside the support: start, end, what steps add, and the last cut."""
        inside = [(at, cut) for at, cut in self._cuts if self.low < at <= self.high]
        starts = [(self.low, self.low), *inside]
        ends = [*(at for at, _ in inside), self.high]
        added = [
            sum(
                effect
                for (at, _), (_, effect) in zip(self._cuts, self.steps, strict=True)
                if at <= start
            )
            for start, _ in starts
        ]
        return [(a, b, x, cut) for (a, cut), b, x in zip(starts, ends, added, strict=True)]

    @property
    def _cuts(self) -> list[tuple[float, float]]:
        """Cuts on the scale of the column and on the original one."""
        is_log = self.transform == "log1p"
        return [(float(np.log1p(cut)) if is_log else cut, cut) for cut, _ in self.steps]

    @property
    def _ends(self) -> list[float]:
        """What is added at the ends of each piece."""
        return [self.slope * at + extra for a, b, extra, _ in self.lines for at in (a, b)]

    @property
    def least(self) -> float:
        """Smallest that the variable adds inside the support."""
        if self.codes.size:
            return float(self.effects.min())
        if self.steps:
            return min(self._ends)
        return min(self.slope * self.low, self.slope * self.high)

    @property
    def range(self) -> float:
        """How far the variable can move the margin inside the support."""
        if self.codes.size:
            return float(np.ptp(self.effects))
        if self.steps:
            return max(self._ends) - min(self._ends)
        return abs(self.slope) * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class VariablePoints:
    """Points of one variable.

    Parameters
    ----------
    variable, label : str
        Its id, and what a clinician reads.
    unit : str
        UCUM code; empty for levels.
    levels : tuple of str
        Levels in the order of `points`; empty where the value counts.
    edges : tuple of float
        Rising. Below the first edge `points[0]` hold, from edge i on `points[i + 1]`.
    points : tuple of int
        0 or more.
    missing : int
        Points where the answer is missing: those nearest to the cohort's mean.
    """

    variable: str
    label: str
    unit: str
    levels: tuple[str, ...]
    edges: tuple[float, ...]
    points: tuple[int, ...]
    missing: int


def parts_of(model: Model, learner: Linear, dictionary: Dictionary) -> list[Part]:
    """Lay out each variable of a linear model.

    Parameters
    ----------
    model : Model
        Holds encoding, calibration and support.
    learner : Linear
        Of that model.
    dictionary : Dictionary
        Levels and hard ranges.

    Returns
    -------
    list of Part
        In the model's order.
    """
    encoding, known, seen = model.encoding, model.uncertainty, dict(model.encoding.seen)
    effects = model.calibration.slope * learner.coefficients + model.trial_coefficients
    parts = []
    for place, name in enumerate(encoding.variables):
        at = np.flatnonzero(encoding.owner() == place)
        first, variable = int(at[0]), dictionary[name]
        transform, slope = encoding.columns[first].transform, float(effects[first])
        cuts = [(encoding.columns[i].cut, float(effects[i])) for i in at]
        steps = tuple((cut, effect) for cut, effect in cuts if cut is not None)
        low, high = 0.0, 1.0
        codes: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        by_code: Floats = np.empty(0)
        if variable.type == "category":
            marked = {encoding.columns[i].level: float(effects[i]) for i in at}
            codes = np.array(seen[name], dtype=np.intp)
            by_code = np.array([marked.get(int(code), 0.0) for code in codes])
        else:
            hard_low, hard_high = hard_ends(variable, transform)
            low = float(np.clip(known.support_low[first], hard_low, hard_high))
            high = float(np.clip(known.support_high[first], hard_low, hard_high))
        if variable.type in {"ordinal", "yes_no"}:
            ends = np.expm1([low, high]) if transform == "log1p" else (low, high)
            codes = np.arange(ceil(ends[0] - 1e-9), floor(ends[1] + 1e-9) + 1)
            worth = np.log1p(codes) if transform == "log1p" else codes
            by_code = slope * np.asarray(worth, dtype=np.float64)
            by_code += sum((effect * (codes >= cut) for cut, effect in steps), np.zeros(codes.size))
        centre = float(effects[at] @ learner.means[at])
        parts.append(Part(variable, transform, slope, low, high, codes, by_code, centre, steps))
    return parts


def points_of(part: Part, step: float) -> VariablePoints:
    """Give the points of each level or band: whole steps above the least favourable answer.

    Parameters
    ----------
    part : Part
        One variable.
    step : float
        Margin of one point.

    Returns
    -------
    VariablePoints
        The nearest whole numbers.
    """
    v, least = part.variable, part.least
    missing = max(round((part.at_centre - least) / step), 0)
    if part.codes.size:
        worth = np.rint((part.effects - least) / step).astype(int)
        names = tuple(level_name(v, int(code)) for code in part.codes)
        points = tuple(int(x) for x in worth)
        return VariablePoints(v.id, v.label, "", names, (), points, missing)
    most = round(part.range / step)
    if part.steps and most:
        return _stepped(part, step, missing)
    if not most:
        return VariablePoints(v.id, v.label, v.unit, (), (), (0,), missing)
    halves = (np.arange(most) + 0.5) * step / abs(part.slope)
    rises = part.slope > 0
    exact = np.asarray(part.low + halves if rises else part.high - halves[::-1], np.float64)
    after = np.arange(1, most + 1) if rises else np.arange(most)[::-1]
    # of two edges that round to the same number the later holds
    bands = dict(zip(_printable(part, exact), after.tolist(), strict=True))
    start = 0 if rises else most
    return VariablePoints(
        v.id, v.label, v.unit, (), tuple(bands), (start, *bands.values()), missing
    )


def _stepped(part: Part, step: float, missing: int) -> VariablePoints:
    """Give the points of a number whose worth jumps at cuts: piece by piece, then joined."""
    v, least = part.variable, part.least
    edges: list[float] = []
    points: list[int] = []
    for start, end, extra, cut in part.lines:
        turns = _turns(part.slope, (start, end), (extra - least) / step, step)
        middles = (np.array([start, *turns]) + np.array([*turns, end])) / 2
        worth = np.rint((part.slope * middles + extra - least) / step).astype(int)
        printed = _printable(part, np.array(turns)) if turns else []
        for edge, here in zip([_cut_edge(part, cut), *printed], worth.tolist(), strict=True):
            if points and points[-1] == here:
                continue
            if len(points) > 1 and edge <= edges[-1]:  # rounded past the one before: it holds
                points[-1] = here
                continue
            if points:
                edges.append(edge)
            points.append(here)
    return VariablePoints(v.id, v.label, v.unit, (), tuple(edges), tuple(points), missing)


def _turns(slope: float, ends: tuple[float, float], offset: float, step: float) -> list[float]:
    """Find where rounded points change on a straight piece, rising."""
    if not slope:
        return []
    first, last = sorted(slope * end / step + offset for end in ends)
    halves = np.arange(ceil(first - 0.5), ceil(last - 0.5)) + 0.5
    at = (halves - offset) * step / slope
    return sorted(float(x) for x in at if ends[0] < x < ends[1])


def _cut_edge(part: Part, cut: float) -> float:
    """Write a cut for print; of "above a number" the next tenth."""
    if part.variable.type == "integer":
        return float(ceil(cut))
    near = float(f"{cut:g}")
    return near if cut <= near else near + 0.1


def read_off(
    rows: list[tuple[VariablePoints, Part]], values: Mapping[str, Floats]
) -> NDArray[np.intp]:
    """Add up everybody's points as a reader of the table does.

    Parameters
    ----------
    rows : list of tuple
        Lines of the table with what they stand for.
    values : mapping of str to ndarray, shape (n,)
        Coded answers, NaN where missing.

    Returns
    -------
    ndarray of int, shape (n,)
        Totals.
    """
    totals = np.zeros(len(next(iter(values.values()))), dtype=np.intp)
    for row, part in rows:
        answers, points = values[row.variable], np.array(row.points, dtype=np.intp)
        answered = ~np.isnan(answers)
        read = np.full(answers.size, row.missing, dtype=np.intp)
        if part.codes.size:
            # a level outside the support gets the points of the nearest one listed
            place = np.searchsorted(part.codes, answers[answered]).clip(0, part.codes.size - 1)
        else:
            place = np.searchsorted(np.array(row.edges), answers[answered], side="right")
        read[answered] = points[place]
        totals += read
    return totals


def _printable(part: Part, exact: Floats) -> list[float]:
    """Move edges to the original scale and to numbers that can be printed."""
    low, high = part.low, part.high
    if part.transform == "log1p":
        exact, (low, high) = np.expm1(exact), np.expm1([low, high])
    if part.variable.type == "integer":
        return [float(ceil(edge - 1e-9)) for edge in exact]
    gaps = np.diff(exact) if exact.size > 1 else np.array([(high - low) / 5])
    nearest = np.minimum(np.append(gaps, gaps[-1]), np.insert(gaps, 0, gaps[0]))[: exact.size]
    return [
        round(float(edge), max(ceil(-log10(gap / 4)), 0))
        for edge, gap in zip(exact, nearest, strict=True)
    ]
