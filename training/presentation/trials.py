"""Effects of trials in the models of a run, as its report tells them."""

from __future__ import annotations

from training.findings import Findings, trial_use_of
from training.model_report import Cell, Section, Table
from training.trial_use import TrialUse

ANCHOR = "trials"

_WHY = (
    "Who is planned to get maintenance or therapy is no accident, so this cohort cannot say what "
    "they do."
)
_HOW = (
    f"{_WHY} No learner read these answers. Where a trial compared them, its effect stands in "
    "every model as it was found, beside what was learned and untouched by the calibration, and "
    "its uncertainty is in each interval. The measures above are of models with these effects."
)
_SCENARIOS = (
    "Each score also shows the person’s curve with and without them. For what no trial compared a "
    "band from half to twice the hazard is shown there and no number; nothing of it is in a model."
)
_OFF = (
    f"{_WHY} The settings name no effects of trials (trial_effects: none): what is planned to stay "
    "well was left out of every model."
)


def section(findings: Findings) -> Section | None:
    """Table the effects of trials.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None for response, and for a source that is no study of ketamine.
    """
    source = findings.source
    if findings.config.task != "relapse" or (source and not source.settings.ketamine):
        return None
    trials = findings.config.trial_effects
    title = "What is planned to stay well: effects of trials"
    if trials is None:
        return Section(ANCHOR, title, [_OFF])
    untried = ", ".join(effect.label for effect in trials.effects if not effect.estimates)
    said = [_HOW, f"{_SCENARIOS} No controlled evidence: {untried}." if untried else _SCENARIOS]
    rows = [_row(use) for use in trial_use_of(findings)]
    note = (
        "Hazard ratio of relapse with it against without [95 % interval]; below 1 is later. Of two "
        "populations the pooled one is in the models: on the log scale, the variance between them "
        "added, as for one more population."
    )
    table = Table("Effects taken from trials, none from this cohort", rows, note)
    return Section(ANCHOR, title, said, tables=[table])


def _row(use: TrialUse) -> dict[str, object]:
    """Write one effect."""
    effect = use.effect
    found = "; ".join(
        f"{each.population} {_ratio(each.hazard_ratio, *each.interval)}, {each.people} people"
        for each in effect.estimates
    )
    return {
        "What": Cell(effect.label, effect.comparison),
        "Hazard ratio": _ratio(*use.hazard_ratio),
        "Found in": Cell(found, effect.source),
        "Certainty": effect.certainty,
        "In the models": f"no: {use.left_out}" if use.left_out else "yes",
    }


def _ratio(value: float, low: float, high: float) -> str:
    """Write a ratio with its interval."""
    return f"{value:.2f} [{low:.2f} to {high:.2f}]".replace(" ", "\N{NO-BREAK SPACE}")
