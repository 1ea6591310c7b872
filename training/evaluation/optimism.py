"""How much better a model looks in the people it was fitted to than in others, by bootstrap.

In each resample the whole procedure gives a model; it looks good in the resample and less so in the
original people. The mean of that gap is taken off what the kept model shows in its own people.
Where there are few people for each variable that is not enough: half of the original people were in
the resample, too. The .632+ estimate, which rests on those who were not, stands beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.evaluation.performance import evaluated_days
from training.evaluation.procedure import RISK_DAYS
from training.evaluation.repetitions import Repetition, Repetitions
from training.evaluation.slope import slope_of
from training.fitting import Outcome
from training.metrics import MeasureUndefinedError, binary, calibration, survival
from training.metrics.bootstrap import bootstrap_c
from training.metrics.intervals import Estimate, delong_interval

Floats = NDArray[np.float64]
Measure = Callable[[Outcome, Floats, Floats], float]

_Z = 1.959963984540054

MINIMUM_RESAMPLES = 20
"""With fewer resamples that gave a model no optimism is told."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """One measure before and after optimism is taken off.

    Parameters
    ----------
    apparent : float
        Of the kept model in the people it was fitted to; flattering.
    optimism : float
        Mean over resamples of the measure in the resample less that in the original people.
    value : float
        Apparent less optimism (Harrell).
    resamples : int
        In which the measure had a value.
    lo, hi : float or None
        Ends of the 95 % interval of `value`; None where none has been shown to hold.
    """

    apparent: float
    optimism: float
    value: float
    resamples: int
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True, slots=True)
class Optimism:
    """What the kept model may be worth in other people of the same kind.

    Parameters
    ----------
    measures : dict of str to Corrected
        By name.
    undefined : dict of str to str
        Measures without a value, with the reason.
    plus : Estimate or None
        The .632+ estimate of AUC, or for relapse of C; None without a value.
    chosen : dict of str to int
        How often each learner was chosen over the resamples.
    no_signal : int
        Resamples in which the procedure found no signal, although it did in everybody; they are
        left out, as a model that gives everybody the average has no optimism.
    failures : dict of str to int
        Resamples without a model, by reason.
    """

    measures: dict[str, Corrected]
    undefined: dict[str, str]
    plus: Estimate | None
    chosen: dict[str, int]
    no_signal: int
    failures: dict[str, int]

    def to_dict(self) -> dict[str, object]:
        """Give the optimism as it stands in the JSON of a run.

        Returns
        -------
        dict
            Plain values.
        """
        return asdict(self)


def optimism(repetitions: Repetitions, outcome: Outcome, *, rng: np.random.Generator) -> Optimism:
    """Take the optimism of the whole procedure off what the kept model shows.

    Assumes that resamples differ from the cohort as the cohort does from the population. That fails
    where few people stand against many variables; the correction is then too small.

    Parameters
    ----------
    repetitions : Repetitions
        The kept model and those of the resamples.
    outcome : Outcome
        What happened to everybody.
    rng : numpy.random.Generator
        Draws resamples for the standard error of C.

    Returns
    -------
    Optimism
        By measure: response ``auc``, ``log_loss``, ``brier``, ``calibration_slope``; relapse
        ``c_index``, ``brier_90`` (or the last day that enough people reach).

    Raises
    ------
    MeasureUndefinedError
        Without the kept model, or with fewer than 20 comparable resamples.

    References
    ----------
    Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361-387. Efron B, Tibshirani R. J Am Stat Assoc
    1997;92:548-560 (.632+). Iba K et al. BMC Med Res Methodol 2021;21:9 (where each misses).
    """
    whole = repetitions.whole
    if whole.failure:
        raise MeasureUndefinedError("optimism", whole.failure)
    alike = [r for r in repetitions.resampled if ranks(r) or not ranks(whole)]
    if len(alike) < MINIMUM_RESAMPLES:
        raise MeasureUndefinedError(
            "optimism",
            f"{len(alike)} resamples gave a model with a signal; {MINIMUM_RESAMPLES} are needed",
        )
    measures: dict[str, Corrected] = {}
    undefined: dict[str, str] = {}
    for name, measure in _measures(outcome).items():
        try:
            measures[name] = _corrected(measure, whole, alike, outcome)
        except MeasureUndefinedError as error:
            undefined[name] = str(error)
    if "calibration_slope" in measures:
        measures["calibration_slope"] = _shifted(measures["calibration_slope"], whole, outcome)
    name, measure = next(iter(_measures(outcome).items()))
    plus = None
    if name in measures and ranks(whole):
        value = _plus(measures[name].apparent, measure, alike, outcome)
        plus = _with_interval(value, measure, (whole, alike), outcome, rng)
    return Optimism(
        measures,
        undefined,
        plus,
        repetitions.chosen,
        len(repetitions.resampled) - len(alike),
        dict(repetitions.failures),
    )


def ranks(repetition: Repetition) -> bool:
    """Tell whether a model gives different people different numbers.

    Parameters
    ----------
    repetition : Repetition
        With a model.

    Returns
    -------
    bool
        False where the procedure found no signal.
    """
    return bool(np.ptp(repetition.margin) > 1e-12)


def _measures(outcome: Outcome) -> Mapping[str, Measure]:
    """Name the measures of a task, discrimination first; margins and risks in, a number out."""
    if outcome.days is None:
        return {
            "auc": lambda o, _, p: binary.auroc(o.events, p),
            "log_loss": lambda o, _, p: binary.log_loss(o.events, p),
            "brier": lambda o, _, p: binary.brier(o.events, p),
            "calibration_slope": lambda o, _, p: calibration.calibration_line(o.events, p).slope,
        }
    place = evaluated_days(outcome)[-1]
    place = min(place, RISK_DAYS.index(90))
    day = RISK_DAYS[place]

    def brier(o: Outcome, _: Floats, p: Floats) -> float:
        return survival.brier_ipcw(_days(o), o.events, p[:, place], t=float(day))

    return {
        "c_index": lambda o, m, _: survival.harrell_c(_days(o), o.events, m),
        f"brier_{day}": brier,
    }


def _days(outcome: Outcome) -> Floats:
    """Give follow-up times, which a relapse outcome has."""
    if outcome.days is None:
        raise MeasureUndefinedError("relapse", "the outcome has no follow-up times")
    return outcome.days


def _of(measure: Measure, model: Repetition, rows: NDArray[np.intp], outcome: Outcome) -> float:
    """Measure a model in some people; NaN where the measure has no value there."""
    if not rows.size:
        return float("nan")
    try:
        return measure(outcome.take(rows), model.margin[rows], model.probability[rows])
    except MeasureUndefinedError:
        return float("nan")


def _corrected(
    measure: Measure, whole: Repetition, models: list[Repetition], outcome: Outcome
) -> Corrected:
    """Take the mean gap between resample and original people off the apparent value."""
    everybody = np.arange(len(outcome.events))
    apparent = measure(outcome, whole.margin, whole.probability)
    gaps = np.array(
        [
            _of(measure, each, each.drawn, outcome) - _of(measure, each, everybody, outcome)
            for each in models
        ]
    )
    known = gaps[np.isfinite(gaps)]
    if known.size < MINIMUM_RESAMPLES:
        raise MeasureUndefinedError("optimism", f"it has a value in {known.size} resamples only")
    gap = float(known.mean())
    return Corrected(apparent, gap, apparent - gap, int(known.size))


def _plus(apparent: float, measure: Measure, models: list[Repetition], outcome: Outcome) -> float:
    """Weigh the apparent value and that in people left out of each resample (.632+).

    Without information AUC and C are 0.5; the relative overfitting is how far the value falls from
    the apparent one toward that.
    """
    everybody = np.arange(len(outcome.events))
    outside = [_of(measure, each, np.setdiff1d(everybody, each.drawn), outcome) for each in models]
    known = [value for value in outside if np.isfinite(value)]
    if not known or apparent <= 0.5:
        return apparent
    left_out = min(apparent, max(0.5, float(np.mean(known))))  # never above the apparent one
    overfit = float(np.clip((apparent - left_out) / (apparent - 0.5), 0.0, 1.0))
    weight = 0.632 / (1 - 0.368 * overfit)
    return float((1 - weight) * apparent + weight * left_out)


def _shifted(slope: Corrected, whole: Repetition, outcome: Outcome) -> Corrected:
    """Move Wald's interval of the apparent slope by the optimism."""
    _, error = slope_of(outcome, whole)
    return replace(slope, lo=slope.value - _Z * error, hi=slope.value + _Z * error)


def _with_interval(
    value: float,
    measure: Measure,
    models: tuple[Repetition, list[Repetition]],
    outcome: Outcome,
    rng: np.random.Generator,
) -> Estimate:
    """Add what the people tested and the people trained on leave open.

    The variances of the apparent value over people (DeLong; for C a bootstrap), of the apparent
    values of the resamples and of their values in the original people are added as if independent.
    """
    whole, others = models
    everybody = np.arange(len(outcome.events))
    seen = [_of(measure, each, each.drawn, outcome) for each in others]
    tested = [_of(measure, each, everybody, outcome) for each in others]
    if outcome.days is None:
        people = delong_interval(outcome.events, whole.probability)
        error = max(people.hi - people.value, people.value - people.lo) / _Z
    else:
        error = float(np.nanstd(bootstrap_c(outcome.days, outcome.events, whole.margin, 200, rng)))
    reach = _Z * float(np.sqrt(error**2 + np.nanvar(seen) + np.nanvar(tested)))
    return Estimate(value, max(0.0, value - reach), min(1.0, value + reach), ".632+ bootstrap")
