"""What the measures would be had no outcome gone missing, as the report tells it."""

from __future__ import annotations

from collections import Counter

from training.evaluation import Unobserved
from training.evaluation.unobserved import FEWEST_MISSING, SMALLEST_CHANCE, told
from training.findings import Findings
from training.metrics.intervals import Estimate
from training.model_report import Cell, Section, Table, learner_words, metric_words
from training.model_report.numbers import between, estimate, number, with_ends

_ANCHOR = "unobserved"
_TITLE = "Had nobody\N{RIGHT SINGLE QUOTATION MARK}s outcome gone missing"
_COMPLETE = (
    "Observed people alone: right if who is missing has nothing to do with what was predicted or "
    "happened. All other figures of this report are of this kind."
)
_BOUNDS = (
    "Whatever happened to the missing: assumes nothing. No outcomes of theirs could put the "
    "measure of these same people outside; sampling comes on top."
)
_MODEL = (
    "None of this mends the model itself, which was fitted to the people observed. Weights and "
    "bounds say how far its measures may be off."
)
_CENSORING = (
    "Nobody whose follow-up ends early is dropped: those followed longer count for the others, by "
    "the inverse probability of still being followed (Kaplan\N{EN DASH}Meier of leaving). That is "
    "right if leaving has nothing to do with the coming relapse. It is one curve for everybody: "
    "the measures here take no weights that depend on the baseline, so people who leave early "
    "because of what was known of them are not allowed for."
)
_TREATED = {"retreated": "Another course", "ect": "ECT"}


def section(findings: Findings) -> Section | None:
    """Set the chosen learner's measures under three assumptions side by side.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where nothing was measured.
    """
    found, choice = findings.unobserved, findings.choice
    if choice is None:
        return None
    if findings.config.task == "relapse":
        words = [_CENSORING + _treated(findings), _not_at_risk(findings)]
        return Section(_ANCHOR, "Follow-up that ends early", words)
    if found is None:
        return None
    if not found.n_missing:
        return Section(_ANCHOR, _TITLE, ["Every eligible person's outcome was observed."])
    name = choice.learner.name
    return Section(
        _ANCHOR,
        _TITLE,
        [_who(found, name), _COMPLETE, _weighting(found), _BOUNDS, _MODEL],
        tables=[
            Table(
                f"The chosen {learner_words(name)} under three assumptions",
                _rows(found, findings.metrics[name]),
                _note(found),
            )
        ],
    )


def _who(found: Unobserved, name: str) -> str:
    """Say how many are missing, and who predicts them."""
    missing = _people(found.n_missing)
    return (
        f"{missing[0].upper()}{missing[1:]} have no observed outcome, beside the "
        f"{found.n_observed} analysed. No fit saw them; {learner_words(name)} as fitted in each "
        "training fold predicts them, averaged over the folds of a repeat. What happened to them "
        "is not known, so three assumptions stand side by side."
    )


def _weighting(found: Unobserved) -> str:
    """Say what the weights assume and how unequal they are."""
    if found.weights is None:
        return f"Nobody was weighted: {found.unweighted}."
    weights, auc = found.weights, found.weights.auc
    trimmed = _people(weights.trimmed) if weights.trimmed else "nobody"
    telling = "The baseline tells who is observed with an AUC of"
    if auc.hi < 0.5:  # each fold's average leans away from the people it is tested on
        telling = (
            "The baseline does not tell who is observed, as a cross-fitted AUC below 0.5 shows:"
        )
    return (
        "Weighted: each person observed counts for those of a like baseline who are missing, by 1 "
        "/ chance of being observed (a ridge on the same variables without the site, each person "
        "by folds that did not hold them). Right if, among people of one baseline, who is missing "
        f"has nothing to do with the outcome. {telling} "
        f"{number(auc.value)} ({number(auc.lo)} to {number(auc.hi)}). Chances below "
        f"{SMALLEST_CHANCE:g} count as {SMALLEST_CHANCE:g}: {trimmed}. The weighted people say as "
        f"much as {weights.effective:.0f} of equal weight; intervals take the weights as given."
    )


def _rows(found: Unobserved, metrics: dict[str, Estimate]) -> list[dict[str, object]]:
    """Give one line for each measure."""
    return [
        {
            "Measure": Cell(*metric_words(name)),
            "Observed people alone": _observed(each.complete, metrics.get(name)),
            "Weighted": estimate(each.weighted, 3),
            "Whatever happened to the missing": between(each.lowest, each.highest, 3),
        }
        for name, each in found.measures.items()
    ]


def _treated(findings: Findings) -> str:
    """Say which treatments end follow-up, where the definition lets them."""
    ends = findings.cohort.definition.censoring_events
    named = [words for kind, words in _TREATED.items() if kind in ends]
    return f" {' and '.join(named)} also end follow-up, and hardly by chance." if named else ""


def _not_at_risk(findings: Findings) -> str:
    """Say who is in no risk set without that being known."""
    reasons = Counter(findings.cohort.outcome.missing_reason)
    unknown = reasons["response_not_observed"] + reasons["no_follow_up"]
    if not unknown:
        return "Whether a person is at risk was observed for everybody eligible."
    return (
        f"Not in the risk set although they may belong there: {_people(unknown)} whose response "
        "was not observed or who were not seen after it. Nothing here speaks for them."
    )


def _note(found: Unobserved) -> str:
    """Say which measures have no value."""
    return " ".join(f"{metric_words(name)[0]}: {why}." for name, why in found.undefined.items())


def _people(count: int) -> str:
    """Count people, hiding a handful."""
    if told(count) is None:
        return f"fewer than {FEWEST_MISSING} people"
    return f"{count} people"


def _observed(value: float, measured: Estimate | None) -> Cell:
    """Write the value of those observed over the interval that the run gives the measure."""
    lo, hi = (None, None) if measured is None else (measured.lo, measured.hi)
    return with_ends(value, lo, hi, 3)
