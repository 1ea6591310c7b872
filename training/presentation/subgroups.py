"""The chosen learner in parts of the cohort, as the report tells it."""

from __future__ import annotations

from math import isnan

from training import figures
from training.evaluation import Division, Subgroup, Subgroups
from training.figures import ForestRow
from training.findings import Findings
from training.model_report import Cell, Chart, Section, Table, learner_words
from training.model_report.numbers import estimate

_WHAT = (
    "How {learner}, chosen on all people, does in parts of the cohort, from its predictions for "
    "people whom it never saw. Nothing is fitted anew for a group. Read observed over expected "
    "(O/E) first: above 1 more people {event} in the group than was predicted, below 1 fewer."
)
_LITTLE = (
    "Small groups say little: where an interval is wide, the model may do well or badly there. No "
    "difference seen is no evidence that it does equally well in all groups, and a difference seen "
    "says nothing of its cause: groups differ in much besides what names them."
)
_HIDDEN = "Not told: {names}."
_UNCOUNTED = (
    "{names}: counts and shares are not told, because those of a smaller group would follow."
)
_EVENT = {"response": "respond", "relapse": "relapse"}
_UNIT_OF_RANKING = {"auc": "AUC", "c_index": "C-index"}


def section(findings: Findings) -> Section | None:
    """Table and draw the groups of each variable.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where nothing was chosen, or no group can be told of.
    """
    found = findings.subgroups
    if found is None or not any(map(_shown, found.divisions)):
        return None
    labels = _labels(found)
    what = _WHAT.format(learner=learner_words(found.learner), event=_EVENT[findings.config.task])
    return Section(
        "subgroups",
        "Subgroups",
        [what, _LITTLE, *_tested(found), *_nothing(found)],
        charts=_charts(found, labels),
        tables=[_table(each, found, labels) for each in found.divisions if _shown(each)],
    )


def unasked(findings: Findings) -> list[str]:
    """Say that no subgroup is shown, where that is so.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    list of str
        A sentence, or nothing.
    """
    found = findings.subgroups
    if found is None:
        return ["Subgroups: no learner was chosen."]
    if not found.divisions:
        return ["Subgroups: the settings name none (subgroups: [])."]
    alike = not any(map(_shown, found.divisions))
    return (
        [
            sentence.replace("Not compared.", "Subgroups, not compared.")
            for sentence in _nothing(found)
        ]
        if alike
        else []
    )


def _labels(found: Subgroups) -> dict[str, str]:
    """Name the measures of a task as columns."""
    names = {name for each in found.divisions for g in each.groups for name in _known(g)}
    at = "" if found.day is None else f" at {found.day} days"
    every = {
        **_UNIT_OF_RANKING,
        "oe": f"O/E{at}",
        "calibration_intercept": "Calibration intercept",
        "calibration_slope": "Calibration slope",
    }
    return {name: label for name, label in every.items() if name in names | {*found.everybody}}


def _known(group: Subgroup) -> list[str]:
    """Name the measures that are told of, with or without a value."""
    return [*group.measured.measures, *group.measured.undefined]


def _shown(division: Division) -> list[Subgroup]:
    """Take the groups that are told of."""
    return [group for group in division.groups if not group.hidden]


def _tested(found: Subgroups) -> list[str]:
    """Say how many differences were tested, and what to make of a small p."""
    looks = found.p_values
    if not looks:
        return []
    smallest = min(looks)
    together = _p(min(1.0, smallest * len(looks)))
    words = (
        f"Whether groups differ was tested {len(looks)} times (Cochran’s Q; p under each table). "
        "With so many looks one in twenty is below 0.05 by chance alone. The smallest: p "
        f"{_p(smallest)}; multiplied by the number of looks, p {together}."
    )
    return [words]


def _nothing(found: Subgroups) -> list[str]:
    """Name the variables that divide nobody."""
    words = [f"{each.label}: {each.reason}" for each in found.divisions if each.reason]
    words += [
        f"{each.label}: every group is too small to be told of"
        for each in found.divisions
        if not each.reason and not _shown(each)
    ]
    return [f"Not compared. {'; '.join(words)}."] if words else []


def _table(division: Division, found: Subgroups, labels: dict[str, str]) -> Table:
    """Table the groups of one variable, everybody below."""
    rows = [_row(group, labels) for group in _shown(division)]
    everybody: dict[str, object] = {
        "Group": "Everybody",
        "Observed": None,
        **{label: estimate(found.everybody.get(name)) for name, label in labels.items()},
    }
    how = f" ({division.how})" if division.how else ""
    return Table(f"{division.label}{how}", [*rows, everybody], _note(division, labels))


def _row(group: Subgroup, labels: dict[str, str]) -> dict[str, object]:
    """Write one group."""
    told = group.events is not None
    counts = "number not told" if group.people is None else f"{group.people} people"
    counts += f", {group.events} events" if told else ""
    return {
        "Group": Cell(group.name, counts),
        "Observed": Cell(
            _share(group.observed), f"predicted {_share(group.predicted)}" if told else ""
        ),
        **{label: estimate(group.measured.measures.get(name)) for name, label in labels.items()},
    }


def _note(division: Division, labels: dict[str, str]) -> str:
    """Say whether groups differ, which are hidden, and why a measure has no value."""
    sentences = [
        f"{labels[name]}: Q = {test.q:.1f} on {test.df} "
        f"{'degree' if test.df == 1 else 'degrees'} of freedom, p {_p(test.p)}."
        for name, test in division.tests.items()
    ]
    for group in _shown(division):
        reasons: dict[str, list[str]] = {}
        for name, reason in group.measured.undefined.items():
            reasons.setdefault(reason, []).append(
                labels[name].replace("Calibration", "calibration")
            )
        sentences += [f"{group.name}: no {_and(names)} ({why})." for why, names in reasons.items()]
    uncounted = [group.name for group in _shown(division) if group.people is None]
    if uncounted:
        sentences.append(_UNCOUNTED.format(names=", ".join(uncounted)))
    hidden = [f"{group.name} ({group.hidden})" for group in division.groups if group.hidden]
    if hidden:
        sentences.append(_HIDDEN.format(names=", ".join(hidden)))
    return " ".join(sentences)


def _charts(found: Subgroups, labels: dict[str, str]) -> list[Chart]:
    """Draw ranking and O/E of every group that is told of."""
    charts = []
    for name in ("auc", "c_index", "oe"):
        rows = [_point(d, g, name) for d in found.divisions for g in _shown(d)]
        if name not in labels or all(isnan(row.value) for row in rows):
            continue
        ratio = name == "oe"
        whole = found.everybody.get(name)
        at = 1.0 if ratio else None if whole is None else whole.value
        means = "1, as many as predicted" if ratio else "the value in everybody"
        charts.append(
            Chart(
                f"{labels[name]} in each group",
                figures.forest(rows, across=labels[name], reference=at, ratio=ratio),
                f"A square with its 95 % interval for each group of the tables below; dashed line: "
                f"{means}.",
                f"Dashed line: {means}. Intervals are for one group at a time; the numbers stand "
                "in the tables.",
            )
        )
    return charts


def _point(division: Division, group: Subgroup, name: str) -> ForestRow:
    """Give one group to the figure; without a value its row stays empty."""
    label = f"{division.label}: {group.name}"
    estimate = group.measured.measures.get(name)
    if estimate is None:
        return ForestRow(label)
    return ForestRow(label, estimate.value, estimate.lo, estimate.hi)


def _share(value: float | None) -> str:
    """Write a share, or a dash."""
    return "–" if value is None else f"{value:.2f}"


def _p(value: float) -> str:
    """Write a p value after its letter."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def _and(names: list[str]) -> str:
    """Join names in words."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
