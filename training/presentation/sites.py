"""Each site predicted from the others, as the report tells it."""

from __future__ import annotations

from collections.abc import Mapping

from predictor.wording import signed
from training.evaluation import InternalExternal, sites_of
from training.evaluation.suppression import SUPPRESSED_BELOW
from training.findings import Findings
from training.model_report import Cell, Table, learner_words

METHOD = (
    "Internal–external validation: each site with at least 10 people with and 10 without the event "
    "was predicted by the chosen learner with encoding, imputation, tuning and calibration learned "
    "on the other sites alone; the site itself is never a predictor. The sites were pooled by "
    "random effects (variance between sites by restricted maximum likelihood, on the logit scale "
    "for discrimination and the log scale for observed over expected), with Hartung–Knapp "
    "intervals and a prediction interval for a new site. The learner had been chosen on all sites."
)
_MEANS = (
    "In a new site like these the true value would lie in the prediction interval with a "
    "probability of nominally 95 %; in simulations with five to ten sites it was as low as 87 %. "
    "With three or four it is wide, because little is known of how sites differ."
)
_NOT_ELSEWHERE = (
    "External validation: nothing here says how the model does in another clinic or year."
)
_NEAR = (
    "External validation: leaving one site out comes near to it, but the sites share this cohort's "
    "years and protocol, and nobody outside it was predicted."
)


def site_table(findings: Findings) -> Table | None:
    """Table the sites, their mean and what a new site may expect.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Table or None
        None where no site was left out.
    """
    found = findings.internal_external
    if found is None:
        return None
    discrimination = "auc" if findings.config.task == "response" else "c_index"
    day = "" if found.day is None else f" at {found.day} days"
    labels = {
        discrimination: "AUC" if discrimination == "auc" else "C-index",
        "calibration_slope": "Calibration slope",
        "oe": f"Observed / expected{day}",
    }
    rows: list[dict[str, object]] = [
        {
            "Site": site.site,
            "People": "not shown" if site.people is None else site.people,
            "Events": "not shown" if site.events is None else site.events,
            **{
                label: _cell(e.value, e.lo, e.hi) if (e := site.measures.get(name)) else "–"
                for name, label in labels.items()
            },
        }
        for site in found.sites
    ]
    nobody: dict[str, object] = {"People": None, "Events": None}
    mean: dict[str, object] = {"Site": Cell("Mean over sites", "95 % interval"), **nobody}
    new: dict[str, object] = {"Site": Cell("A new site", "95 % prediction interval"), **nobody}
    for name, label in labels.items():
        over = found.summary.get(name)
        mean[label] = "–" if over is None else _cell(over.value, over.lo, over.hi)
        new[label] = "–" if over is None else _between(over.prediction_lo, over.prediction_hi)
    return Table("Leaving one site out", [*rows, mean, new], _note(found, labels))


def not_elsewhere(findings: Findings) -> list[str]:
    """Say what is not known of other sites.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of str
        Sentences on what the report does not show, with the reason where no site was left out.
    """
    if findings.internal_external is not None:
        return [_NEAR]
    reason = "no learner was chosen"
    if findings.choice is not None:
        cohort = findings.cohort
        sites = cohort.rows.select(cohort.analysed).sites
        reason = sites_of(findings.analysis.outcome, sites).reason or reason
    return [_NOT_ELSEWHERE, f"Each site predicted from the others: {reason}."]


def _note(found: InternalExternal, labels: Mapping[str, str]) -> str:
    """Say what the prediction interval means, which sites are not shown and what has no value."""
    sentences = [
        f"Each site is predicted by {learner_words(found.learner)} fitted to the other sites.",
        _MEANS,
    ]
    spread = [
        f"{label} {signed(found.summary[name].tau2, digits=3).removeprefix('+')}"
        for name, label in labels.items()
        if name in found.summary
    ]
    if spread:
        sentences.append(f"Variance between sites on the scale of pooling: {', '.join(spread)}.")
    sentences += [
        f"Mean of {label} over {found.summary[name].sites} of {len(found.sites)} sites."
        for name, label in labels.items()
        if name in found.summary and found.summary[name].sites < len(found.sites)
    ]
    if found.train_only:
        named = ", ".join(
            f"{site} ({'number not shown' if n is None else f'{n} people'})"
            for site, n in found.train_only.items()
        )
        sentences.append(f"Trained on, never held out: {named}.")
    if None in found.train_only.values():
        sentences.append(
            f"Numbers that are not shown are below {SUPPRESSED_BELOW}, or would let one below it "
            "follow."
        )
    sentences += [
        f"{labels[name]} at {site.site}: {reason}."
        for site in found.sites
        for name, reason in site.undefined.items()
    ]
    sentences += [f"Mean of {labels[name]}: {why}." for name, why in found.undefined.items()]
    return " ".join(sentences)


def _cell(value: float, lo: float, hi: float) -> Cell:
    """Write a number over its interval."""
    return Cell(_number(value), _between(lo, hi))


def _between(lo: float, hi: float) -> str:
    """Write an interval that does not break."""
    return f"{_number(lo)} to {_number(hi)}".replace(" ", "\N{NO-BREAK SPACE}")


def _number(value: float) -> str:
    """Write two digits with a true minus and no plus."""
    return signed(value, digits=2).removeprefix("+")
