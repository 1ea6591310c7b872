"""Each site predicted from the others, as the report tells it."""

from __future__ import annotations

from math import isnan

from predictor.wording import signed
from training import figures
from training.evaluation import InternalExternal, sites_of
from training.figures import ForestRow, ForestSummary
from training.findings import Findings
from training.metrics.pooling import RandomEffects
from training.model_report import Chart, Section, Table, learner_words
from training.model_report.numbers import between, estimate, number
from training.model_report.parts import Cell
from training.presentation.site_mix import mix_table, mix_words
from training.suppression import SUPPRESSED_BELOW

METHOD = (
    "Internal–external validation: each site with at least 10 people with and 10 without the event "
    "was predicted by the chosen learner with encoding, imputation, tuning and calibration learned "
    "on the other sites alone; the site itself is never a predictor. The sites were pooled by "
    "random effects (variance between sites by restricted maximum likelihood, on the logit scale "
    "for discrimination and the log scale for observed over expected), with Hartung–Knapp "
    "intervals and a prediction interval for a new site. The learner had been chosen on all sites. "
    "Each site was also held against the others by standardised differences of its people’s "
    "answers, by a cross-fitted ridge model of being there, and by the margins."
)
_MEANS = (
    "In a new site like these the true value would lie in the prediction interval with a "
    "probability of nominally 95 %; in simulations with five to ten sites it was as low as 87 %. "
    "With three or four it is wide, because little is known of how sites differ."
)
_HIDDEN = (
    f"Numbers that are not shown are below {SUPPRESSED_BELOW}, or would let one below it follow."
)
_REFERENCE = {"auc": 0.5, "c_index": 0.5, "calibration_slope": 1.0, "oe": 1.0}
_SAID = {
    "auc": "higher is better, 0.5 is chance",
    "c_index": "higher is better, 0.5 is chance",
    "calibration_slope": "1 is ideal",
    "oe": "1 is ideal",
}
_NOT_ELSEWHERE = (
    "External validation: nothing here says how the model does in another clinic or year."
)
_NEAR = (
    "External validation: leaving one site out comes near to it, but the sites share this cohort's "
    "years and protocol, and nobody outside it was predicted."
)


def section(findings: Findings) -> Section | None:
    """Show the sites, their mean and what a new site may expect.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where no site was left out.
    """
    found = findings.internal_external
    if found is None:
        return None
    labels = _labels(findings, found)
    tables = [_site_table(found, labels), mix_table(findings)]
    return Section(
        "sites",
        "What a new site may expect",
        [_expect(found, labels), *_calibrated(found), _MEANS, *mix_words(findings)],
        [*filter(None, (_chart(found, name, label) for name, label in labels.items()))],
        [table for table in tables if table is not None],
    )


def _labels(findings: Findings, found: InternalExternal) -> dict[str, str]:
    """Name the measures of a site, discrimination first."""
    ranked = {"auc": "AUC"} if findings.config.task == "response" else {"c_index": "C-index"}
    day = "" if found.day is None else f" at {found.day} days"
    return {
        **ranked,
        "calibration_slope": "Calibration slope",
        "oe": f"Observed / expected{day}",
    }


def _expect(found: InternalExternal, labels: dict[str, str]) -> str:
    """Say in a sentence what a new site may expect of the ranking."""
    name, label = next(iter(labels.items()))
    over = found.summary.get(name)
    if over is None:
        why = found.undefined.get(name, "it was measured at no site")
        return f"What {label} a new site may expect cannot be said: {why}."
    ends = between(over.prediction_lo, over.prediction_hi)
    said = (
        f"At a new site like these the {label} may lie anywhere from {ends} (95 % prediction "
        f"interval from {over.sites} sites); on average over sites it is {number(over.value)}."
    )
    if over.prediction_lo <= 0.5:
        said += " The interval reaches down to 0.5: there the model may rank no better than chance."
    return said


def _calibrated(found: InternalExternal) -> list[str]:
    """Say in a sentence what a new site may expect of the level and the spread of risks."""
    parts = []
    over, slope = found.summary.get("oe"), found.summary.get("calibration_slope")
    if over is not None:
        ends = between(over.prediction_lo, over.prediction_hi)
        parts.append(
            f"for each event that the model expects at a new site, {ends} may be seen (below 1 "
            "its risks are too high, above 1 too low)"
        )
    if slope is not None:
        ends = between(slope.prediction_lo, slope.prediction_hi)
        parts.append(
            f"the calibration slope may lie from {ends} (below 1 its risks are too far apart, "
            "above 1 too close)"
        )
    said = "; ".join(parts)
    return [f"{said[0].upper()}{said[1:]}."] if said else []


def _chart(found: InternalExternal, name: str, label: str) -> Chart | None:
    """Draw one measure over sites; None where no site has a value that can be drawn."""
    ratio, over = name == "oe", found.summary.get(name)
    rows = []
    for site in found.sites:
        each = site.measures.get(name)
        drawn = each is not None and not (ratio and min(each.value, each.lo) <= 0)
        rows.append(
            ForestRow(site.site, each.value, each.lo, each.hi)
            if each is not None and drawn
            else ForestRow(site.site)
        )
    if all(isnan(row.value) for row in rows):
        return None
    summary = None
    if over is not None:
        summary = ForestSummary(
            ForestRow("Mean over sites", over.value, over.lo, over.hi),
            ForestRow("A new site", lo=over.prediction_lo, hi=over.prediction_hi),
        )
    return Chart(
        f"{label} of each site",
        figures.forest(
            rows,
            across=f"{label}\n({_SAID[name]})",
            reference=_REFERENCE[name],
            summary=summary,
            ratio=ratio,
        ),
        f"{label} of {len(rows)} sites, each predicted from the others, with 95 % intervals"
        + (
            ""
            if over is None
            else "; under them the mean, and the prediction interval of a new one"
        )
        + "; the numbers stand in the table below.",
        "Squares and lines: sites with 95 % intervals. Dashed: "
        f"{'chance' if _REFERENCE[name] == 0.5 else 'ideal'}."
        + (" Diamond: mean; thin line: 95 % prediction interval." if over is not None else ""),
    )


def _site_table(found: InternalExternal, labels: dict[str, str]) -> Table:
    """Table the sites, their mean and what a new site may expect."""
    rows: list[dict[str, object]] = [
        {
            "Site": site.site,
            "People": "not shown" if site.people is None else site.people,
            "Events": "not shown" if site.events is None else site.events,
            **{label: estimate(site.measures.get(name)) for name, label in labels.items()},
        }
        for site in found.sites
    ]
    nobody: dict[str, object] = {"People": "–", "Events": "–"}
    mean: dict[str, object] = {"Site": Cell("Mean over sites", "95 % interval"), **nobody}
    new: dict[str, object] = {"Site": Cell("A new site", "95 % prediction interval"), **nobody}
    for name, label in labels.items():
        mean[label], new[label] = _pooled(found.summary.get(name))
    return Table("Leaving one site out", [*rows, mean, new], _note(found, labels))


def _pooled(over: RandomEffects | None) -> tuple[Cell, Cell]:
    """Write a mean over its interval, and the prediction interval."""
    if over is None:
        return Cell("–"), Cell("–")
    mean = Cell(number(over.value), between(over.lo, over.hi))
    return mean, Cell(between(over.prediction_lo, over.prediction_hi))


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


def _note(found: InternalExternal, labels: dict[str, str]) -> str:
    """Say how the sites were predicted, which are not shown and what has no value."""
    sentences = [
        f"Each site is predicted by {learner_words(found.learner)} fitted to the other sites."
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
    counts = [*found.train_only.values(), *(n for s in found.sites for n in (s.people, s.events))]
    if None in counts:
        sentences.append(_HIDDEN)
    sentences += [
        f"{labels[name]} at {site.site}: {reason}."
        for site in found.sites
        for name, reason in site.undefined.items()
    ]
    sentences += [f"Mean of {labels[name]}: {why}." for name, why in found.undefined.items()]
    return " ".join(sentences)
