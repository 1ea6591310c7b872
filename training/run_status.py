"""What a run ends as, and what its cohort can support."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from training.config import RunConfig
from training.evaluation import Analysis, Choice, OutOfFold, Sentinel
from training.fitting import prepare
from training.published_effects import cuts_of
from training.samplesize import SampleSize, required_sample

MINIMUM_EVENTS = 10
"""Fewer events (or, for response, non-events) than this, and no bundle is written."""


def sample_size_of(config: RunConfig, analysis: Analysis) -> SampleSize | None:
    """Compute Riley's minimum for the largest candidate; constant columns are no parameters.

    Nor are columns whose effects are taken from trials.

    Parameters
    ----------
    config : RunConfig
        Holds the discrimination declared beforehand.
    analysis : Analysis
        People and candidate predictors.

    Returns
    -------
    SampleSize or None
        None without both outcomes or without a column.
    """
    share = float(np.mean(analysis.outcome.events)) if analysis.groups else 0.0
    rows = np.arange(len(analysis.groups))
    columns = [
        int(
            prepare(
                analysis.values,
                analysis.read_by(learner),
                rows,
                cuts=cuts_of(learner.published),
                given=analysis.trial_effects,
            ).read.sum()
        )
        for learner in map(analysis.candidate, config.candidates)
        if rows.size
    ]
    if not columns or max(columns) == 0 or not 0 < share < 1:
        return None
    return required_sample(
        config.task,
        discrimination=config.expected_discrimination,
        event_share=share,
        n_parameters=max(columns),
        n_available=len(analysis.groups),
    )


def status_of(
    analysis: Analysis,
    sentinels: Mapping[str, Sentinel],
    choice: Choice | None,
    size: SampleSize | None,
    *,
    unevaluated: str = "",
) -> tuple[str, str]:
    """Decide what the run ends as, and say why.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.
    sentinels : mapping of str to Sentinel
        Guards.
    choice : Choice or None
        What was chosen.
    size : SampleSize or None
        Riley's minimum.
    unevaluated : str
        Why nothing could be chosen, from `why_unevaluated`.

    Returns
    -------
    status, reason : str
        ``fitted``, ``exploratory`` or ``refused``; what is missing.
    """
    failed = [f"{name}: {s.detail}" for name, s in sentinels.items() if not s.passed]
    if failed:
        return "refused", "leak: " + "; ".join(failed)
    few = too_few(analysis)
    if few:
        return "refused", few
    if choice is None:
        words = "no candidate could be fitted and evaluated in every training fold"
        return "refused", f"{words}: {unevaluated}" if unevaluated else words
    lacking = []
    if size is None or not size.is_enough:
        needed = "unknown" if size is None else str(size.n_required)
        lacking.append(
            f"{len(analysis.groups)} people are fewer than the {needed} that Riley's criteria ask"
        )
    if not choice.better_than_average:
        lacking.append("no better than the average")
    return ("exploratory", "; ".join(lacking)) if lacking else ("fitted", "")


def too_few(analysis: Analysis) -> str:
    """Say whether events, or for response non-events, are too few for any model.

    Parameters
    ----------
    analysis : Analysis
        People and outcome.

    Returns
    -------
    str
        Empty where there are enough.
    """
    events = int(analysis.outcome.events.sum())
    others = len(analysis.groups) - events
    needed_others = MINIMUM_EVENTS if analysis.task == "response" else 0
    if events >= MINIMUM_EVENTS and others >= needed_others:
        return ""
    counted = f"{events} events" + (f" and {others} non-events" if needed_others else "")
    least = f"{MINIMUM_EVENTS} of each kind" if needed_others else f"{MINIMUM_EVENTS} relapses"
    return f"{counted} support no model: at least {least} are needed"


def why_unevaluated(
    out_of_fold: Mapping[str, OutOfFold], undefined: Mapping[str, Mapping[str, str]]
) -> str:
    """Say what kept the candidates from being compared.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Predictions; empty where no fold could be made.
    undefined : mapping of str to mapping of str to str
        Measures without a value, with the reason, by candidate.

    Returns
    -------
    str
        The first reason found; empty if there is none.
    """
    if not out_of_fold:
        return "folds need at least 2 people with the event and 2 without it"
    failures = [found.failure for found in out_of_fold.values() if found.failure]
    reasons = [reason for found in undefined.values() for reason in found.values()]
    return next(iter([*failures, *reasons]), "")
