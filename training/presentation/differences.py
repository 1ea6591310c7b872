"""The candidates against simpler answers, as the report tells it."""

from __future__ import annotations

from predictor.rows.wording import unit_words
from predictor.wording import signed
from training.evaluation import Differences
from training.findings import Findings
from training.learners import AVERAGE, PUBLISHED_RULE
from training.model_report import Cell, Section, Table, learner_words, metric_words
from training.model_report.numbers import estimate

_FOR = (
    "A model is worth its questions only if it does better than what can be said without it. Each "
    "difference is that of two predictions of the same people, made by fits that never saw them: "
    "model less comparator."
)
_SIMULATED = (
    "These people are simulated, and the effects of the shipped simulation were chosen around the "
    "same evidence: here the rule does better than it may in patients."
)
_RANKING = frozenset({"auc", "c_index"})
_READING = (
    "Intervals hold the sampling of people, at 95 % for each line alone: of many lines some differ "
    "by chance. The chosen model was chosen on the same folds, which flatters it slightly."
)


def section(findings: Findings) -> Section | None:
    """Set the candidates against average, severity and published rule.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where nothing was compared.
    """
    found, choice = findings.differences, findings.choice
    if found is None or choice is None:
        return None
    chosen = choice.learner.name
    return Section(
        "differences",
        "Against simpler answers",
        [_FOR, _verdict(findings, found, chosen), *_rule(findings, found), _READING],
        tables=[Table("Differences in the same people", _rows(found, chosen), _note(found))],
    )


def _rows(found: Differences, chosen: str) -> list[dict[str, object]]:
    """Give one line for each pair, the chosen model first."""
    rows: list[dict[str, object]] = []
    for name in sorted(found.found, key=chosen.__ne__):
        for against, values in found.found[name].items():
            row: dict[str, object] = {
                "Model": Cell(learner_words(name), "chosen" if name == chosen else ""),
                "Against": _comparator(against),
            }
            for measure in _measures(found):
                label = metric_words(measure)[0]
                better = "above" if measure in _RANKING else "below"
                row[f"{label} ({better} 0 is better)"] = estimate(
                    values.get(measure), 3 if measure in _RANKING else 4, plus=True
                )
            rows.append({**row, "By the loss": _judged(found, name, against) or "–"})
    return rows


def _measures(found: Differences) -> list[str]:
    """Name the measures compared, loss first."""
    names = (
        measure
        for table in (found.found, found.undefined)
        for pair in table.values()
        for each in pair.values()
        for measure in each
    )
    return sorted(dict.fromkeys(names), key=_RANKING.__contains__)


def _judged(found: Differences, name: str, against: str) -> str:
    """Say which of two is better by the loss; empty where it has no value."""
    loss = next((e for m, e in found.found[name][against].items() if m not in _RANKING), None)
    if loss is None:
        return ""
    if loss.hi < 0:
        return "better"
    return "worse" if loss.lo > 0 else "cannot be told apart"


def _verdict(findings: Findings, found: Differences, chosen: str) -> str:
    """Say how the chosen model stands, by its loss."""
    said: dict[str, list[str]] = {}
    for against in found.found[chosen]:
        said.setdefault(_judged(found, chosen, against), []).append(_comparator(against))
    words = {
        "better": "is better than {}",
        "worse": "is worse than {}",
        "cannot be told apart": "cannot be told apart from {}",
        "": "cannot be compared with {}",
    }
    parts = [form.format(_listed(said[key])) for key, form in words.items() if key in said]
    loss = "log-loss" if findings.config.task == "response" else "IPCW Brier loss"
    return f"By its {loss}, the chosen {learner_words(chosen)} {'; it '.join(parts)}."


def _listed(names: list[str]) -> str:
    """Join names as in a sentence."""
    return " and ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])


def _rule(findings: Findings, found: Differences) -> list[str]:
    """Say what the published rule is, or why there is none."""
    if PUBLISHED_RULE in found.absent:
        return [f"No published rule stands beside the model: {found.absent[PUBLISHED_RULE]}."]
    rule = findings.config.published_rule
    if rule is None:
        return []
    terms = []
    for name, term in rule.terms.items():
        variable = findings.cohort.dictionary[name]
        unit = unit_words(variable.unit)
        per = "" if variable.type == "yes_no" else f" per {term.per:g} {unit}".rstrip()
        label = variable.label.split(" (")[0]  # how it is measured stands in the dictionary
        terms.append(f"{label} {signed(term.log_odds, digits=2)}{per}")
    words = (
        f"The published rule adds to the log-odds: {'; '.join(terms)}. Source: "
        f"{rule.source.strip().rstrip('.')}. These numbers are fixed; only the level was fitted, "
        "anew in each training fold, and a missing answer counts as expected from the others."
    )
    return [words, *([_SIMULATED] if findings.cohort.origin == "simulated" else [])]


def _note(found: Differences) -> str:
    """Say which differences have no value."""
    return " ".join(
        f"{learner_words(name)} against {_comparator(against)}, {metric_words(measure)[0]}: {why}."
        for name, pairs in found.undefined.items()
        for against, each in pairs.items()
        for measure, why in each.items()
    )


def _comparator(name: str) -> str:
    """Name a comparator as in a sentence."""
    if name in AVERAGE.values():
        return f"the average ({learner_words(name)})"
    return f"the {learner_words(name)}" if name == PUBLISHED_RULE else "baseline severity alone"
