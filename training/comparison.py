"""Two runs in the same people: by how much they differ, and whether that is beyond chance.

Only people whom both runs predicted out of fold are compared, each with both predictions, so that
what is hard about a person cancels. Intervals describe the sampling of people; that another draw of
folds would give other predictions is not in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from predictor.errors import InvalidInputError
from training.evaluation.performance import evaluated_days
from training.evaluation.procedure import RISK_DAYS
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError, binary, calibration, survival
from training.metrics.intervals import (
    Estimate,
    over_repeats,
    paired_difference,
    percentile_interval,
)
from training.metrics.paired import as_estimate, delong_difference, harrell_difference
from training.metrics.resampled_calibration import resampled
from training.metrics.resampling import resampled_means
from training.run_folder import Predictions, RunFolder

Floats = NDArray[np.float64]

SMALLEST_GROUP = 10
"""Fewer shared people with, or for response without, the event than this are not compared."""

LEAST_SHARED = 0.5
"""Share of the smaller run's people that both must have predicted."""

RESAMPLES = 1000
HIGHER, LOWER, IDEAL_1 = "higher is better", "lower is better", "ideal 1"


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of both runs, and their paired difference.

    Parameters
    ----------
    a, b : float
        The measure of each run in the shared people.
    difference : Estimate
        A minus B, with its 95 % interval.
    better : str
        ``A``, ``B``, or empty where the interval holds 0. Of a measure whose ideal is 1: the one
        nearer to it, where the 95 % interval of how much nearer does not hold 0.
    direction : str
        Which way is better.
    """

    a: float
    b: float
    difference: Estimate
    better: str
    direction: str

    @property
    def verdict(self) -> str:
        """Which run is better, in words; to differ is not yet to be better."""
        if self.better:
            return f"{self.better} is better"
        apart = self.difference.lo > 0 or self.difference.hi < 0
        return "they differ, which is better is open" if apart else "cannot be told apart"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two runs.

    Parameters
    ----------
    task, outcome : str
        Of both.
    data_origin : str
        ``real`` or ``simulated``.
    chosen : tuple of str
        Learner of A and of B.
    people, events : int
        Shared, and how many of them had the outcome.
    only_a, only_b : int
        People whom only one run predicted; they are left out.
    same_folds : bool
        Whether both held out the same people together.
    differences : mapping of str to Difference
        By measure; the first one decides the verdict.
    undefined : mapping of str to str
        Measures without a value, with the reason.
    """

    task: str
    outcome: str
    data_origin: str
    chosen: tuple[str, str]
    people: int
    events: int
    only_a: int
    only_b: int
    same_folds: bool
    differences: Mapping[str, Difference]
    undefined: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Which run is better by its loss, in words."""
        loss = "log_loss" if self.task == "response" else "brier"
        name = next((name for name in self.differences if name.startswith(loss)), None)
        if name is None:
            return "cannot be compared: the loss has no value"
        return self.differences[name].verdict

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison as it stands in the JSON of ``compare``.

        Returns
        -------
        dict
            Plain values; nobody's id.
        """
        return {**asdict(self), "chosen": list(self.chosen), "verdict": self.verdict}


def compare_runs(
    a: tuple[RunFolder, Predictions],
    b: tuple[RunFolder, Predictions],
    *,
    rng: np.random.Generator,
) -> Comparison:
    """Compare two runs in the people whom both predicted.

    Parameters
    ----------
    a, b : tuple of RunFolder and Predictions
        The runs.
    rng : numpy.random.Generator
        Draws resamples of people, the same for both runs.

    Returns
    -------
    Comparison
        Differences are A minus B.

    Raises
    ------
    InvalidInputError
        If task, outcome definition, data or people do not match; the message counts, and names
        nobody.
    """
    (run_a, said_a), (run_b, said_b) = a, b
    _require_same_question(run_a, run_b)
    _, in_a, in_b = np.intersect1d(said_a.people, said_b.people, return_indices=True)
    _require_same_people(said_a, said_b, in_a, in_b)
    one, other = said_a.take(in_a), said_b.take(in_b)
    _require_enough(one)
    differences: dict[str, Difference] = {}
    undefined: dict[str, str] = {}
    seed = int(rng.integers(2**32))
    measures = _of_response(one, other, seed) if one.days is None else _of_relapse(one, other, seed)
    for name, compute in measures.items():
        try:
            differences[name] = compute()
        except MeasureUndefinedError as error:
            undefined[name] = str(error)
    return Comparison(
        task=run_a.task,
        outcome=run_a.outcome,
        data_origin=run_a.data_origin,
        chosen=(str(run_a.chosen), str(run_b.chosen)),
        people=len(one.people),
        events=int(one.outcome.sum()),
        only_a=len(said_a.people) - len(in_a),
        only_b=len(said_b.people) - len(in_b),
        same_folds=_same_folds(one.fold, other.fold),
        differences=differences,
        undefined=undefined,
    )


def _require_same_question(a: RunFolder, b: RunFolder) -> None:
    """Refuse runs that predict something else."""
    for what, one, other in (
        ("task", a.task, b.task),
        ("outcome", a.outcome, b.outcome),
        ("origin of the data", a.data_origin, b.data_origin),
    ):
        if one != other:
            raise InvalidInputError(
                f"the {what} differs: {one} in A, {other} in B; compare runs of one {what}"
            )


def _require_same_people(
    a: Predictions, b: Predictions, in_a: NDArray[np.intp], in_b: NDArray[np.intp]
) -> None:
    """Refuse runs on other people, or on the same ids with another fate."""
    fewest = min(len(a.people), len(b.people))
    if len(in_a) < LEAST_SHARED * fewest:
        raise InvalidInputError(
            f"the people differ: {len(in_a)} stand in both runs, {len(a.people)} in A and "
            f"{len(b.people)} in B; compare runs on the same people"
        )
    other = a.outcome[in_a] != b.outcome[in_b]
    if a.days is not None and b.days is not None:
        other |= a.days[in_a] != b.days[in_b]
    if other.any():
        raise InvalidInputError(
            f"the outcomes differ: {int(other.sum())} of {len(in_a)} people in both runs have "
            "another outcome in A than in B; compare runs on the same data"
        )


def _require_enough(shared: Predictions) -> None:
    """Refuse a handful of people."""
    events = int(shared.outcome.sum())
    rarest = events if shared.days is not None else min(events, len(shared.people) - events)
    if rarest < SMALLEST_GROUP:
        raise InvalidInputError(
            f"the {len(shared.people)} people that stand in both runs hold too few outcomes: at "
            f"least {SMALLEST_GROUP} with"
            + (" the event" if shared.days is not None else ", and as many without, the outcome")
            + " are needed"
        )


def _of_response(a: Predictions, b: Predictions, seed: int) -> dict[str, Callable[[], Difference]]:
    """Name the measures of response."""
    y, p, q = a.outcome, a.probability, b.probability

    def losses(each: Callable[[Floats, Floats], Floats]) -> Difference:
        one, other = (np.mean([each(y, c) for c in x.T], axis=0) for x in (p, q))
        return _by_loss(one, other)

    def auc() -> Difference:
        found = delong_difference(y, p, q)
        values = [over_repeats(binary.auroc)(y, x) for x in (p, q)]
        return _judged(values, as_estimate(found, "DeLong, paired"), HIGHER)

    return {
        "auc": auc,
        "log_loss": lambda: losses(binary.log_losses),
        "brier": lambda: losses(lambda y, c: (y - c) ** 2),
        "calibration_slope": lambda: _slopes(y, p, q, seed),
        "oe": lambda: _observed_over_expected(y, p, q, seed),
    }


def _of_relapse(a: Predictions, b: Predictions, seed: int) -> dict[str, Callable[[], Difference]]:
    """Name the measures of relapse, at the days that enough people reach."""
    days, events = np.asarray(a.days), a.outcome

    def c_index() -> Difference:
        found = harrell_difference((days, events), a.margin, b.margin, n_boot=RESAMPLES, seed=seed)
        values = [over_repeats(survival.harrell_c)(days, events, x.margin) for x in (a, b)]
        return _judged(values, found, HIGHER)

    def brier(day: int) -> Difference:
        each = partial(survival.brier_ipcw_losses, days, events, t=float(day))
        one, other = (np.mean([each(c) for c in x.risks[day].T], axis=0) for x in (a, b))
        return _by_loss(one, other)

    def unreached(day: int) -> Difference:
        raise MeasureUndefinedError(
            "Brier score", f"fewer than 10 people are followed to day {day}"
        )

    measures: dict[str, Callable[[], Difference]] = {"c_index": c_index}
    try:
        reached = {RISK_DAYS[i] for i in evaluated_days(Outcome(events, days))}
    except MeasureUndefinedError:
        reached = set()
    for day in sorted(a.risks, key=lambda day: (day != 90, day)):  # day 90 decides where reached
        measures[f"brier_{day}"] = partial(brier if day in reached else unreached, day)
    return measures


def _slopes(y: Floats, p: Floats, q: Floats, seed: int) -> Difference:
    """Calibration slopes, in the same resamples."""

    def slope(y: Floats, p: Floats) -> float:
        return calibration.calibration_line(y, p).slope

    values = [over_repeats(slope)(y, x) for x in (p, q)]
    drawn = [resampled(y, x, RESAMPLES, np.random.default_rng(seed)).slope for x in (p, q)]
    return _nearer_to_1(values, drawn)


def _observed_over_expected(y: Floats, p: Floats, q: Floats, seed: int) -> Difference:
    """Observed over expected, in the same resamples."""
    both = np.column_stack([y, p.mean(axis=1), q.mean(axis=1)])
    observed, *expected = both.mean(axis=0)
    means = resampled_means(both, RESAMPLES, np.random.default_rng(seed))
    values = [float(observed / each) for each in expected]
    return _nearer_to_1(values, [means[:, 0] / means[:, k] for k in (1, 2)])


def _by_loss(one: Floats, other: Floats) -> Difference:
    """Compare losses that every person has one of."""
    found = as_estimate(paired_difference(one, other), "paired t")
    return _judged([float(one.mean()), float(other.mean())], found, LOWER)


def _nearer_to_1(values: list[float], drawn: list[Floats]) -> Difference:
    """Compare measures whose ideal is 1, from paired resamples.

    That the two differ says nothing of which is nearer to 1: chance moves both together. So their
    distances from 1 are compared in the same resamples.
    """
    apart = percentile_interval(values[0] - values[1], drawn[0] - drawn[1])
    off, ways = [abs(value - 1) for value in values], [np.abs(each - 1) for each in drawn]
    nearer = _judged(off, percentile_interval(off[0] - off[1], ways[0] - ways[1]), LOWER)
    return Difference(values[0], values[1], apart, nearer.better, IDEAL_1)


def _judged(values: list[float], difference: Estimate, direction: str) -> Difference:
    """Say which run is better, where the interval of the difference does not hold 0."""
    a, b = (float(value) for value in values)
    better = ""
    if difference.lo > 0 or difference.hi < 0:
        better = "A" if (difference.value > 0) == (direction == HIGHER) else "B"
    return Difference(a, b, difference, better, direction)


def _same_folds(a: Floats, b: Floats) -> bool:
    """Tell whether both runs held out the same people together."""
    return a.shape == b.shape and bool((a == b).all())
