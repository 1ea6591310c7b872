"""Who is given a number, and the interval in which a relapse fell: by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from predictor.calibration import BaselineHazard
from predictor.errors import InvalidInputError
from training.config import read_outcomes
from training.evaluation.ladder import climb
from training.evaluation.numbering import (
    Numbered,
    for_ladder,
    last_seen_free,
    number_people,
    predictions,
)
from training.fitting import Outcome
from training.outcome import RelapseOutcome

BASELINE = BaselineHazard(0.01 * np.arange(181.0), 180.0)
MODEL = SimpleNamespace(baseline=BASELINE)


def numbered(days, events, margin=None, since=None):
    n = len(days)
    margin = np.zeros(n) if margin is None else margin
    everybody = np.ones(n, dtype=bool)
    outcome = Outcome(np.asarray(events, float), np.asarray(days, float))
    return Numbered(outcome, margin, np.empty((n, 0)), everybody, ~everybody, {}, since)


def test_a_relapse_falls_between_two_knots_and_a_censoring_where_it_is():
    days = [14, 20, 28, 5, 0, 182, 200, 174, 190]
    events = [1, 1, 0, 0, 1, 1, 1, 0, 0]
    people = for_ladder(MODEL, numbered(days, events), np.ones(9, dtype=bool))
    assert people.events.tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 0]
    wanted = [
        (0.0, 0.14),  # seen on day 14: since day 0
        (0.14, 0.28),  # between two knots
        (0.28, 0.28),
        (0.05, 0.05),
        (0.0, 0.14),  # on day 0: in the first interval
        (1.68, 1.82),  # the curve goes on to the knot beyond its end
        (1.82, 1.82),  # later than any knot: known free there
        (1.74, 1.74),
        (1.82, 1.82),
    ]
    np.testing.assert_allclose(people.hazard, wanted, atol=1e-12)


def test_where_the_visit_before_is_known_the_interval_begins_there():
    since = np.array([0.0, 10.0, np.nan, 3.0])
    found = numbered([28, 20, 20, 9], [1, 1, 1, 0], since=since)
    people = for_ladder(MODEL, found, np.ones(4, dtype=bool))
    wanted = [(0.0, 0.28), (0.10, 0.20), (0.14, 0.28), (0.09, 0.09)]
    np.testing.assert_allclose(people.hazard, wanted, atol=1e-12)


@pytest.mark.parametrize("every", [7, 14, 30])
def test_a_right_model_needs_no_change_whatever_the_visits(every):
    """Latent relapse of the frozen hazard, seen at visits that need not be knots."""
    rng, n, changed = np.random.default_rng(31), 400, 0
    for _ in range(n):
        margin = rng.normal(scale=0.6, size=300)
        latent = rng.exponential(1 / (0.01 * np.exp(margin)))
        last = every * rng.integers(1, 182 // every + 1, 300)
        seen = np.ceil(latent / every) * every
        days = np.minimum(seen, last)
        found = numbered(days, seen <= last, margin, days - every)
        people = for_ladder(MODEL, found, np.ones(300, dtype=bool))
        changed += climb(people).chosen.name != "as_given"
    assert changed / n <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n)


def test_the_visit_before_is_read_from_the_visits():
    days = np.array([14.0, 40.0, np.nan, 5.0])
    relapsed = np.array([1, 1, 0, 0], bool)
    nobody = np.zeros(4)
    outcome = RelapseOutcome(~np.isnan(days), days, relapsed, (None,) * 4, days, nobody > 0, nobody)
    visits = pd.DataFrame(
        [
            *[("a", 28, "madrs"), ("a", 42, "madrs"), ("b", 30, "madrs"), ("b", 56, "madrs")],
            *[("b", 60, "phq9"), ("b", 68, "madrs"), ("c", 40, "madrs"), ("d", 20, "madrs")],
        ],
        columns=["patient_id", "day", "instrument"],
    )
    cohort = SimpleNamespace(
        outcome=outcome,
        definition=read_outcomes()["relapse_madrs"],
        rows=Rows(("a", "b", "c", "d")),
        visits=visits,
    )
    found = last_seen_free(cohort)
    # time zero is day 28: a was last seen free at 0, b on day 56, nobody saw d after time zero
    np.testing.assert_array_equal(found, [0.0, 28.0, np.nan, 0.0])
    response = SimpleNamespace(outcome=None, definition=cohort.definition)
    assert last_seen_free(response) is None


class Rows(tuple):
    """Rows as far as they are asked here."""

    @property
    def values(self):
        return {}

    @property
    def patient_ids(self):
        return tuple(self)


def test_predictions_of_relapse_are_the_curve_at_the_days_of_a_run():
    model = SimpleNamespace(baseline=BASELINE)
    found = predictions(model, np.array([0.0, 0.5]))
    assert found.probability.shape == (2, 1, 7)
    assert found.probability[1, 0, 2] == pytest.approx(1 - np.exp(-0.6 * np.exp(0.5)))


def test_refusals_are_counted_by_rule_and_stop_alone_is_known():
    codes = [[], ["stop_rule"], ["stop_rule", "stop_rule"], ["stop_rule", "out_of_support"], []]
    scores = [SimpleNamespace(refusals=[SimpleNamespace(code=c) for c in each]) for each in codes]
    assessed = SimpleNamespace(margin=np.arange(5.0), assumed=np.zeros((5, 1)))
    model = SimpleNamespace(assess=lambda _: assessed, learner=None, trial=None)
    scorer = SimpleNamespace(
        bundle=SimpleNamespace(model=model), score=lambda _rows, **_words: scores
    )
    found = number_people(scorer, Rows("abcde"), Outcome(np.zeros(5)))
    assert found.scored.tolist() == [True, False, False, False, True]
    assert found.stopped.tolist() == [False, True, True, False, False]
    assert found.refused == {"out_of_support": 1, "stop_rule": 3}
    with pytest.raises(InvalidInputError, match="do not match"):
        number_people(scorer, Rows("abcde"), Outcome(np.zeros(4)))
