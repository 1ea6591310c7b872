"""Warning signs from follow-up scores, as the report and the command line tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from predictor.wording import signed
from training.evaluation import Comparator, WarningSigns, told_of_alerts
from training.evaluation.warning_signs import FEW, NEARLY_ALL
from training.findings import Findings
from training.metrics.alerts import AHEAD_DAYS, WITHIN_DAYS, AlertMeasures
from training.model_report import Cell, Section, Table
from training.model_report.numbers import between, number

ANCHOR = "warning-signs"

_WHAT = (
    f"An alert is a follow-up visit at which the risk of relapse over the next {AHEAD_DAYS} days, "
    "updated with the scores so far by a fit that never saw the person, is at or above a step "
    "declared before training: here {step}. {counts}"
)
_MEANS = (
    f"Sensitivity: relapses with an alert at a visit in the {WITHIN_DAYS} days before they were "
    "seen; beside it at the last visit before. Relapse follows: of the alerts that can be judged, "
    "those after which a relapse was seen by the visit that would show it, the first from day "
    f"{AHEAD_DAYS} on. A false alert: the person was seen well {AHEAD_DAYS} days later; counted "
    "for each year at risk in these visits. Lead: median days from the first alert in those "
    f"{WITHIN_DAYS} days to the visit that showed the relapse (quartiles). In brackets: 95 % "
    "intervals over people, by bootstrap."
)
_OPEN = (
    "{n} alerts are left out, because follow-up ended or visits were missed before they could be "
    "judged."
)
_SIMULATED = (
    "In this simulated world the scores of people who are well do not foretell their relapse; a "
    "follow-up score tells only how ill somebody still is. Whether scores climb before a relapse "
    "in real people these figures cannot show."
)
_BOUNDS = {
    FEW: Cell("few", "fewer than 10"),
    NEARLY_ALL: Cell("nearly all", "all but fewer than 10"),
}
"""What stands for a share that would give away a count below ten."""

_STEP_CAPTION = "Trade-off: what each step gives; the declared one is marked"
_RULE_CAPTION = "The declared step beside simpler rules at the same visits"
_RULE_NOTE = (
    "Model less rule: in sensitivity, where the model is cut to give no more false alerts than the "
    "rule; beside an alert at every visit, in how often a relapse follows. In percentage points; "
    "above 0 the model is better."
)


def section(findings: Findings) -> Section | None:
    """Table the alerts at several steps and beside simpler rules.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where no follow-up visit was scored.
    """
    found = findings.warning_signs
    if found is None:
        return None
    what = _WHAT.format(step=_percent(found.step), counts=_counts(found))
    open_ones = told_of_alerts(found.found)["not_judged"]
    said = [what, *sentences(found), _MEANS]
    if open_ones:
        said.append(_OPEN.format(n=f"{open_ones:.0f}"))
    if findings.cohort.origin == "simulated":
        said.append(_SIMULATED)
    said += [f"Not compared: {reason}." for reason in found.absent.values()]
    return Section(ANCHOR, "Warning signs", said, tables=[_steps(found), _rules(found)])


def lines(findings: Findings) -> list[str]:
    """Say in a few lines what alerts are worth, for the command line.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of str
        Sentences; empty where no follow-up visit was scored.
    """
    found = findings.warning_signs
    if found is None:
        return []
    known = told_of_alerts(found.found)["measures"]
    said = []
    if "sensitivity" in known:
        said.append(f"{_share(known['sensitivity'])} of relapses had an alert before")
    if "ppv" in known:
        said.append(f"after {_share(known['ppv'])} of alerts a relapse followed")
    if "false_per_year" in known:
        often = known["false_per_year"]
        said.append(
            f"{number(often['value'], 1)} ({between(often['lo'], often['hi'], 1)}) false alerts "
            "in a year of a person"
        )
    told_of = "; ".join(said) or "too few people to tell"
    return [
        f"Alert at {_percent(found.step)} over the next {AHEAD_DAYS} days: {told_of}.",
        *sentences(found),
    ]


def not_measured(findings: Findings) -> list[str]:
    """Say that no alert was measured, where a run of relapse declared a step for them.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of str
        A sentence, or nothing.
    """
    if findings.warning_signs is not None or findings.config.alert_step is None:
        return []
    return ["Warning signs: no model of a follow-up visit could be measured."]


def sentences(found: WarningSigns) -> list[str]:
    """Say which simpler rules the alerts beat and which they do not.

    Parameters
    ----------
    found : WarningSigns
        Measured.

    Returns
    -------
    list of str
        One sentence for those beaten, one for those not, one for those that cannot be told.
    """
    groups: dict[str, list[str]] = {"better": [], "not": [], "open": []}
    for each in found.comparators.values():
        kind = "open" if each.gain is None else "better" if each.is_beaten else "not"
        groups[kind].append(each.words)
    said = {
        "better": "Alerts are better than: {}.",
        "not": "Alerts are not shown to be better than: {}.",
        "open": "It cannot be told whether alerts are better than: {}.",
    }
    return [said[kind].format("; ".join(rules)) for kind, rules in groups.items() if rules]


def _counts(found: WarningSigns) -> str:
    """Count visits, people and relapses, as far as they are told."""
    known = told_of_alerts(found.found)
    if known["people"] is None or known["visits"] is None:
        return "Fewer than 10 people were seen."
    said = f"{known['visits']} visits of {known['people']} people."
    if known["relapses"] is not None:
        said += f" {known['relapses']} relapses were seen within {WITHIN_DAYS} days of one"
        late = known["missed"]
        said += f"; {late} more came later than that after the last." if late else "."
    return said


def _steps(found: WarningSigns) -> Table:
    """Table the trade-off over steps."""
    rows = []
    for step, each in found.by_step.items():
        name = f"{_percent(step)}, declared" if step == found.step else _percent(step)
        rows.append({"Risk from which one is alerted": name, **_row(each)})
    return Table(_STEP_CAPTION, rows, _why_hidden(found.by_step.values()))


def _rules(found: WarningSigns) -> Table:
    """Table the simpler rules below the model."""
    model = {"Rule": f"the model, from {_percent(found.step)} on", **_row(found.found)}
    rows: list[dict[str, object]] = [{**model, "Model less rule": "–"}]
    rows += [
        {"Rule": each.words, **_row(each.found), "Model less rule": _gain(each)}
        for each in found.comparators.values()
    ]
    return Table(_RULE_CAPTION, rows, _RULE_NOTE)


def _row(found: AlertMeasures) -> dict[str, object]:
    """Write the measures of one way to alert."""
    known = told_of_alerts(found)
    measures: Mapping[str, Mapping[str, Any]] = known["measures"]
    lead, quartiles = measures.get("lead_days"), known["lead_quartiles"]
    why: Mapping[str, str] = known["undefined"]

    def share(name: str) -> Cell:
        return _BOUNDS.get(why.get(name, ""), _cell(measures.get(name)))

    return {
        "Sensitivity": share("sensitivity"),
        "At the last visit": share("sensitivity_last_visit"),
        "Relapse follows": share("ppv"),
        "Visits with an alert": _cell(measures.get("alerted")),
        "False alerts in a year": _cell(measures.get("false_per_year"), times=1, digits=1, unit=""),
        "Lead, days": Cell("–")
        if lead is None or quartiles is None
        else Cell(f"{lead['value']:.0f}", between(quartiles[0], quartiles[1], 0)),
    }


def _cell(
    measure: Mapping[str, Any] | None, *, times: int = 100, digits: int = 0, unit: str = " %"
) -> Cell:
    """Write a measure over its interval; a dash where there is none."""
    if measure is None:
        return Cell("–")
    value, lo, hi = (times * measure[name] for name in ("value", "lo", "hi"))
    said = f"{number(value, digits)}{unit}"
    return Cell(said) if lo == hi == value else Cell(said, between(lo, hi, digits))


def _gain(comparator: Comparator) -> Cell:
    """Write what the model has over a rule."""
    if comparator.gain is None:
        return Cell("–", comparator.no_gain)
    gain = comparator.gain
    value, lo, hi = (signed(100 * each, digits=0) for each in (gain.value, gain.lo, gain.hi))
    return Cell(value, f"{lo} to {hi}".replace(" ", "\N{NO-BREAK SPACE}"))


def _why_hidden(found: Any) -> str:
    """Say why cells are empty, each reason once."""
    reasons = dict.fromkeys(
        reason
        for each in found
        for reason in told_of_alerts(each)["undefined"].values()
        if reason not in _BOUNDS
    )
    return f"A dash: {'; '.join(reasons)}." if reasons else ""


def _share(measure: Mapping[str, Any]) -> str:
    """Write a share with its interval."""
    ends = between(100 * measure["lo"], 100 * measure["hi"], 0)
    return f"{100 * measure['value']:.0f} % ({ends})"


def _percent(risk: float) -> str:
    """Write a risk in percent."""
    return f"{100 * risk:.4g} %"
