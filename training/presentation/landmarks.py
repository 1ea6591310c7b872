"""The model asked again at landmarks, as the report tells it."""

from __future__ import annotations

from predictor.wording import signed
from training import figures
from training.evaluation import StopRuleFound
from training.figures import ForestRow
from training.findings import AtLandmark, Findings
from training.landmarking import LANDMARK_RULES
from training.metrics.intervals import Estimate
from training.model_report import Cell, Chart, Section, Table, learner_words, rule_words
from training.model_report.numbers import estimate, number

METHOD = (
    "At each landmark those still in question were asked again, with the baseline, the scores of "
    "the outcome’s own scale so far, dissociation and doses given. Up to the end of the course the "
    "chosen learner, and the one for declared variables, were fitted and evaluated again by the "
    "same nested cross-validation; after it the model of its end was carried on, on the folds of "
    "the run: its margin was kept, the hazard begun anew and the latest score added under a prior. "
    "The run’s own model stands beside, by its out-of-fold predictions of the same people; a risk "
    "of relapse from the end of the course was turned into one from the landmark by conditional "
    "probability."
)
RANKED = {"response": ("auc", "AUC"), "relapse": ("c_index", "C-index")}
_LOSS = {"response": ("log_loss", "Log-loss"), "relapse": ("brier_ipcw", "IPCW Brier loss")}
_TITLE = {"response": "What the first days add", "relapse": "What later visits add"}
_WHY = {
    "response": (
        "What is seen in the first days of a course often tells more than any answer given before "
        "it. Here the model is asked again at named days; each line compares it with the baseline "
        "model in the same people."
    ),
    "relapse": (
        "That somebody is still well is news in itself, and how well may tell more. Here the model "
        "is asked again of those still well at named days, with time counted from that day. What "
        "each line compares is how those people are told apart: by the baseline model, given that "
        "they are still well, and by the model that also reads later scores."
    ),
}
_READING = (
    "A later score is no cause: that people with a high one do worse does not say that treating "
    "the score would help. Intervals hold the sampling of people, at 95 % for each line alone. "
    "Who is left out at a landmark is not in its figures, so those of different lines are of "
    "different people."
)
_SIMULATED = (
    "These people are simulated: their scores go nearly straight to the one at the end of the "
    "course, which early ones therefore foretell far better than in patients."
)
_STOP = (
    "Going on is the positive, as where the rule was published: sensitivity is the share of those "
    "who responded that it lets go on. The model is cut where it lets as many of them go on; what "
    "differs is how many of the others are stopped. Source: {source}. No course should be stopped "
    "by a number alone."
)


def section(findings: Findings) -> Section | None:
    """Set the models of all landmarks beside the baseline model.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.

    Returns
    -------
    Section or None
        None where the run names no landmark.
    """
    if not findings.landmarks:
        return None
    task, asked = findings.config.task, list(findings.landmarks.values())
    tables = [_ladder(task, asked), _people(asked), *_stop_tables(findings, asked)]
    flatters = task == "response" and findings.cohort.origin == "simulated"
    return Section(
        "landmarks",
        _TITLE[task],
        [_WHY[task], *_gained(task, asked), *_stopped(asked), *[_SIMULATED] * flatters, _READING],
        _charts(task, asked),
        [table for table in tables if table is not None],
    )


def _measured(one: AtLandmark, measure: str) -> Estimate | None:
    """Take a measure of the chosen learner of a landmark."""
    found = one.findings
    if found is None or found.choice is None:
        return None
    return found.metrics[found.choice.learner.name].get(measure)


def _gained(task: str, asked: list[AtLandmark]) -> list[str]:
    """Say in a sentence how the ranking changes from landmark to landmark."""
    measure, label = RANKED[task]
    parts = []
    for one in asked:
        now, before = _measured(one, measure), one.baseline.get(measure)
        if now is not None and before is not None:
            parts.append(f"{one.landmark.label} {number(now.value)} (baseline model there "
                         f"{number(before.value)})")  # fmt: skip
    return [f"{label}: {'; '.join(parts)}.", *_judged(measure, asked)] if parts else []


def _judged(measure: str, asked: list[AtLandmark]) -> list[str]:
    """Say at which landmarks people are told apart better, worse, or not shown to differ."""
    groups: dict[str, list[str]] = {"better": [], "worse": [], "no": []}
    for one in asked:
        gap = one.difference.get(measure)
        if gap is not None:
            found = "better" if gap.lo > 0 else "worse" if gap.hi < 0 else "no"
            groups[found].append(one.landmark.label)
    said = [
        f"Asked again, the model tells people apart {word} than the baseline model does, "
        f"{'; '.join(groups[word])}."
        for word in ("better", "worse")
        if groups[word]
    ]
    return [*said, *[f"No difference is shown {'; '.join(groups['no'])}."] * bool(groups["no"])]


def _ladder(task: str, asked: list[AtLandmark]) -> Table:
    """Table the landmarks."""
    (ranking, label), (loss, loss_label) = RANKED[task], _LOSS[task]
    rows: list[dict[str, object]] = []
    for one in asked:
        found = one.findings
        row: dict[str, object] = {"Landmark": _name(one)}
        if found is None or found.choice is None:
            why = Cell("no model", one.reason)
            rows.append(row | {"People (events)": why})
            continue
        people = f"{found.cohort.flow.with_outcome} ({found.cohort.flow.events})"
        rows.append(
            row
            | {
                "People (events)": people,
                f"{label}, baseline model": estimate(one.baseline.get(ranking)),
                f"{label}, asked again": estimate(_measured(one, ranking)),
                f"{label} gained": estimate(one.difference.get(ranking), 3, plus=True),
                f"{loss_label} (below 0 is better)": estimate(
                    one.difference.get(loss), 4, plus=True
                ),
                "Model": Cell(learner_words(found.choice.learner.name), found.status),
            }
        )
    return Table(
        "The model asked again, in people whom no fit saw", _filled(rows), _unvalued(asked)
    )


def _filled(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Give every row all columns, in one order; what is not there is a dash."""
    columns = max(rows, key=len)
    return [{name: row.get(name, Cell("–")) for name in columns} for row in rows]


def _name(one: AtLandmark) -> Cell:
    """Name a landmark with its day."""
    return Cell(one.landmark.label, f"day {one.landmark.day:g}")


def _unvalued(asked: list[AtLandmark]) -> str:
    """Say what has no value, and how often."""
    reasons = dict.fromkeys(why for one in asked for why in one.undefined.values())
    return f"Without a value: {'; '.join(reasons)}." if reasons else ""


def _people(asked: list[AtLandmark]) -> Table | None:
    """Table who is left out at each landmark, by rule."""
    rows = []
    for one in asked:
        excluded = {} if one.findings is None else one.findings.cohort.flow.excluded
        counted = {rule: excluded[rule] for rule in LANDMARK_RULES if rule in excluded}
        if counted:
            rows.append({"Landmark": _name(one)} | {rule_words(r): n for r, n in counted.items()})
    if not rows:
        return None
    columns = dict.fromkeys(name for row in rows for name in row)
    return Table(
        "Who was at risk at the end of the course and is not asked any more",
        [{name: row.get(name, 0) for name in columns} for row in rows],
        folded="Who is left out at each landmark",
    )


def _charts(task: str, asked: list[AtLandmark]) -> list[Chart]:
    """Draw the ranking of both models at every landmark."""
    measure, label = RANKED[task]
    rows = []
    for one in asked:
        for words, found in (("baseline", one.baseline.get(measure)),
                             ("asked again", _measured(one, measure))):  # fmt: skip
            if found is not None:
                name = f"{one.landmark.label}: {words}"
                rows.append(ForestRow(name, found.value, found.lo, found.hi))
    if not rows:
        return []
    return [
        Chart(
            f"{label} at each landmark",
            figures.forest(
                rows, across=f"{label}\n(higher is better, 0.5 is chance)", reference=0.5
            ),
            f"{label} of the baseline model and of the model asked again at {len(rows) // 2} "
            "landmarks, each pair in the same people, with 95 % intervals; the numbers stand in "
            "the table below.",
            "Dashed: chance.",
        )
    ]


def _stop_tables(findings: Findings, asked: list[AtLandmark]) -> list[Table]:
    """Table the published rule beside the model."""
    rule = findings.config.stop_rule
    return [
        Table(
            f"A published rule beside the model, {one.landmark.label} "
            f"({one.stop_rule.rule.people} people with both scores)",
            _stop_rows(one.stop_rule, rule.percent_fall),
            _STOP.format(source=rule.source.strip().rstrip(".")),
        )
        for one in asked
        if one.stop_rule is not None and rule is not None
    ]


def _stop_rows(found: StopRuleFound, percent: float) -> list[dict[str, object]]:
    """Give rule and model a line each."""
    labels = {
        "sensitivity": "Sensitivity",
        "specificity": "Specificity",
        "ppv": "Respond, of those going on",
        "npv": "Do not respond, of those stopped",
    }
    named = {f"Gain of {percent:g} % or more": found.rule, "Model, as sensitive": found.model}
    return [
        {
            "Go on by": name,
            "Stopped": f"{one.stopped:.0f}",
            **{label: estimate(one.measures.get(key)) for key, label in labels.items()},
        }
        for name, one in named.items()
    ]


def _stopped(asked: list[AtLandmark]) -> list[str]:
    """Say in a sentence how rule and model differ."""
    said = []
    for one in asked:
        gap = None if one.stop_rule is None else one.stop_rule.specificity_difference
        if gap is not None:
            lo, hi = (signed(100 * x, digits=0) for x in (gap.lo, gap.hi))
            apart = f"{abs(100 * gap.value):.0f} {'more' if gap.value >= 0 else 'fewer'}"
            said.append(
                f"Against the published rule of stopping, {one.landmark.label}: where both let as "
                f"many responders go on, the model stops {apart} in 100 of the others than the "
                f"rule does (95 % interval {lo} to {hi})."
            )
    return said
