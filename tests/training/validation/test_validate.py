"""From a bundle and new people to a page and a new bundle; the given bundle stays as it was."""

import json
from dataclasses import replace

import numpy as np
import pytest

import predictor
from predictor.bundle import fingerprint, read_bundle, write_bundle
from predictor.calibration import Affine, BaselineHazard
from predictor.errors import BundleError, InvalidInputError
from predictor.scoring import with_reference
from training.cli import run as command
from training.run_input import Input
from training.validation import validate
from training.validation.findings import MAY_BE_TRAINING

SETTINGS = """
task: {task}
outcome: {task}_madrs
candidates: [{learner}]
variables: [age_years, bmi, madrs_total, failed_trials, bipolar, expectancy, employed]
resampling: {{folds: 2, repeats: 1, inner_folds: 2}}
bootstrap_refits: 4
optimism_resamples: 0
"""
LEARNERS = {"response": "ridge", "relapse": "cox_ridge", "trees": "xgboost"}


def simulated(folder, people, seed):
    words = ["simulate", "--patients", people, "--seed", seed, "--out", folder, "--quiet"]
    assert command([str(word) for word in words]) == 0
    return Input(folder / "patients.csv", folder / "visits.csv", folder / "events.csv")


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Intervals of a hundred resamples: what is tested here is not their width."""
    for module in ("external", "benefit"):
        monkeypatch.setattr(f"training.evaluation.{module}.resamples", lambda _: 100)
    monkeypatch.setattr("training.evaluation.performance._n_boot", lambda *_: 100)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store and cohorts of one population: trained on, and new."""
    folder = tmp_path_factory.mktemp("validation")
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    simulated(folder / "old", 400, 3)
    simulated(folder / "new", 700, 4)
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def bundles(place):
    """One bundle of each kind, trained on the old cohort."""
    made = {}
    for kind, learner in LEARNERS.items():
        task = "response" if kind == "trees" else kind
        config = place / f"{kind}.yaml"
        config.write_text(SETTINGS.format(task=task, learner=learner), encoding="utf-8")
        old = place / "old"
        words = ["run", config, "--patients", old / "patients.csv", "--visits", old / "visits.csv"]
        words += ["--events", old / "events.csv", "--out", place / f"run-{kind}", "--quiet"]
        assert command([str(word) for word in words]) == 0
        made[kind] = place / f"run-{kind}" / "bundle"
    return made


def people_of(place, name="new"):
    folder = place / name
    return Input(folder / "patients.csv", folder / "visits.csv", folder / "events.csv")


def shifted(folder, to, *, shift, slope):
    """Write a bundle that is wrong in a known way: its margins are slope · (margin + shift)."""
    bundle = read_bundle(folder)
    old = bundle.model.calibration
    level = 0.0 if bundle.model.baseline is not None else shift
    calibration = Affine(slope * (old.intercept + level), slope * old.slope)
    model = replace(bundle.model, calibration=calibration)
    if model.baseline is not None:
        hazard = BaselineHazard(
            np.exp(shift) * model.baseline.cumulative, model.baseline.last_supported_day
        )
        model = replace(model, baseline=hazard)
    write_bundle(with_reference(replace(bundle, model=model)), to)
    return to


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_frozen_model_is_measured_as_its_own_scores_say(place, bundles, tmp_path):
    before = bytes_of(bundles["response"])
    result = validate(bundles["response"], people_of(place), out=tmp_path / "out")
    assert bytes_of(bundles["response"]) == before
    document = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert document == json.loads(json.dumps(result.to_dict()))
    # a second way: score the file as anybody would, and count the outcome by hand
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    scores = predictor.load(bundles["response"]).score(place / "new" / "patients.csv")
    visits = pd.read_csv(place / "new" / "visits.csv")
    madrs = visits[visits.instrument == "madrs"]
    rows = []
    for score in scores:
        own = madrs[madrs.patient_id == score.patient_id]
        start = own[(own.day >= -14) & (own.day <= 0)].sort_values("day").score
        late = own[(own.day >= 21) & (own.day <= 35)]
        if start.empty or late.empty or score.status == "refused":
            continue
        nearest = late.assign(gap=(late.day - 28).abs()).sort_values(["gap", "day"])
        best = nearest[nearest.gap == nearest.gap.min()].iloc[-1].score
        rows.append((score.probability, 100 * (start.iloc[-1] - best) >= 50 * start.iloc[-1]))
    p, y = (np.array(column, float) for column in zip(*rows, strict=True))
    cohort = document["cohort"]
    assert (cohort["scored"], cohort["events_scored"]) == (len(p), y.sum())
    assert document["metrics"]["auc"]["value"] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert document["metrics"]["oe"]["value"] == pytest.approx(y.sum() / p.sum(), abs=1e-12)
    assert cohort["scored"] + sum(cohort["refused"].values()) >= cohort["with_outcome"]
    refused = {
        code for s in scores if s.status == "refused" for code in {r.code for r in s.refusals}
    }
    assert set(cohort["refused"]) <= refused
    if cohort["refused_by_stop_alone"]:
        both = cohort["scored"] + cohort["refused_by_stop_alone"]
        assert document["with_stop"]["people"] == both


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize(
    ("rung", "shift", "slope"), [("intercept", 0.8, 1.0), ("slope", -0.5, 2.5)]
)
def test_a_known_fault_is_found_and_mended_in_a_new_bundle(
    kind, rung, shift, slope, place, bundles, tmp_path
):
    wrong = shifted(bundles[kind], tmp_path / "wrong", shift=shift, slope=slope)
    before = bytes_of(wrong)
    result = validate(wrong, people_of(place), out=tmp_path / "out", update=True)
    assert bytes_of(wrong) == before
    assert result.status == "updated"
    found = result.found.ladder
    if kind == "trees":  # a slope of trees of 400 people is not 1 by itself
        assert found.chosen.name in {rung, "slope"}
    new = read_bundle(result.bundle)
    known, parent = new.provenance, new.lineage["parent"]
    assert parent["manifest_sha256"] == fingerprint(wrong) == result.parent
    assert parent["rung"] == found.chosen.name
    assert (parent["people"], parent["events"]) == (known.cohort_patients, known.cohort_events)
    assert parent["people"] == result.found.external.people
    assert known.stamp == read_bundle(wrong).provenance.stamp == "exploratory"
    assert known.reason.endswith("other people and not tested since")
    predictor.load(result.bundle).verify()
    # contributions still add up, and the level is that of the new people
    scorer = predictor.load(result.bundle)
    scores = [s for s in scorer.score(place / "new" / "patients.csv") if s.status == "scored"]
    for score in scores[:50]:
        total = score.base + sum(score.contributions.values())
        assert total == pytest.approx(score.margin, abs=1e-9)
    again = validate(result.bundle, people_of(place), out=tmp_path / "again")
    assert again.found.ladder.chosen.name == "as_given"
    level = "oe" if kind != "relapse" else "hazard_oe"
    assert again.found.external.metrics[level].value == pytest.approx(1.0, abs=0.02)
    assert "held out" in (tmp_path / "out" / "validation.html").read_text()


def test_the_wrong_line_is_undone_as_far_as_the_fault_goes(place, bundles, tmp_path):
    """Slope and level of the update undo the fault: both bundles end at the same numbers."""
    wrong = shifted(bundles["response"], tmp_path / "wrong", shift=1.0, slope=3.0)
    ladders = [
        validate(folder, people_of(place), out=tmp_path / name).found.ladder
        for name, folder in (("a", bundles["response"]), ("b", wrong))
    ]
    a, b = (ladder.rungs[2] for ladder in ladders)
    # margin' = 3 (margin + 1), so a line in margin' is a + b · 3 + b · 3 · margin
    assert 3 * b.slope == pytest.approx(a.slope, abs=1e-6)
    assert b.intercept + 3 * b.slope == pytest.approx(a.intercept, abs=1e-6)
    assert b.loglik == pytest.approx(a.loglik, abs=1e-6)
    assert ladders[1].chosen.name == "slope"


def test_a_frozen_model_is_stamped_only_where_enough_people_show_it(place, bundles, tmp_path):
    simulated(tmp_path / "many", 1500, 9)
    result = validate(bundles["response"], people_of(tmp_path, "many"), out=tmp_path / "out")
    found = result.found
    assert found.external.events >= 100
    assert found.why_not_stamped == []
    assert (result.status, result.stamp) == ("externally_validated", "externally_validated")
    new = read_bundle(result.bundle)
    old = read_bundle(bundles["response"])
    assert new.provenance.stamp == "externally_validated"
    assert new.lineage["validation"]["people"] == found.external.people
    assert new.lineage["validation"]["stamp_before"] == "exploratory"
    for name, array in old.model.to_arrays().items():
        assert array.tobytes() == new.model.to_arrays()[name].tobytes()
    # an update of the stamped model has been through no validation of its own
    wrong = shifted(result.bundle, tmp_path / "wrong", shift=0.8, slope=1.0)
    updated = validate(wrong, people_of(place), out=tmp_path / "again", update=True)
    assert read_bundle(updated.bundle).provenance.stamp == "exploratory"


def test_a_stamp_keeps_the_parent_and_an_update_keeps_no_stamp(place, bundles, tmp_path):
    simulated(tmp_path / "many", 1500, 9)
    bundle = read_bundle(bundles["response"])
    known = replace(bundle.provenance, stamp="internally_validated", reason="")
    parent = {"manifest_sha256": "0" * 64, "rung": "slope"}
    of_parent = replace(bundle, provenance=known, lineage={**bundle.lineage, "parent": parent})
    write_bundle(of_parent, tmp_path / "child")
    stamped = validate(tmp_path / "child", people_of(tmp_path, "many"), out=tmp_path / "out")
    assert read_bundle(stamped.bundle).lineage["parent"] == parent
    wrong = shifted(tmp_path / "child", tmp_path / "wrong", shift=0.9, slope=1.0)
    updated = validate(wrong, people_of(place), out=tmp_path / "again", update=True)
    assert read_bundle(updated.bundle).provenance.stamp == "exploratory"


def test_few_people_are_measured_and_not_concluded_from(bundles, tmp_path):
    simulated(tmp_path / "few", 14, 5)
    result = validate(
        bundles["response"], people_of(tmp_path, "few"), out=tmp_path / "out", update=True
    )
    assert (result.status, result.bundle) == ("too_few", None)
    assert "fewer than the 10" in result.reason
    assert (tmp_path / "out" / "validation.html").is_file()
    assert (tmp_path / "out" / "validation.json").is_file()
    assert result.found.external.metrics


def test_the_training_cohort_is_neither_a_validation_nor_a_ground_for_an_update(
    place, bundles, tmp_path
):
    for update in (False, True):
        out = tmp_path / str(update)
        result = validate(bundles["response"], people_of(place, "old"), out=out, update=update)
        assert result.found.may_be_training_cohort
        assert (result.status, result.bundle) == ("measured", None)
        assert MAY_BE_TRAINING in result.reason
        assert "WARNING" in (out / "validation.html").read_text()


def test_a_model_of_real_people_is_not_stamped_by_simulated_ones(place, bundles, tmp_path):
    bundle = read_bundle(bundles["response"])
    real = replace(bundle, provenance=replace(bundle.provenance, data_origin="real"))
    write_bundle(real, tmp_path / "real")
    result = validate(tmp_path / "real", people_of(place), out=tmp_path / "out")
    assert "the new people are simulated" in result.found.why_not_stamped
    wrong = shifted(tmp_path / "real", tmp_path / "wrong", shift=0.9, slope=1.0)
    updated = validate(wrong, people_of(place), out=tmp_path / "again", update=True)
    assert read_bundle(updated.bundle).provenance.data_origin == "simulated"


def test_a_ranking_that_is_backwards_is_not_updated(place, bundles, tmp_path):
    bundle = read_bundle(bundles["response"])
    learner = bundle.model.learner
    turned = replace(learner, coefficients=-3 * learner.coefficients)
    model = replace(bundle.model, learner=turned)
    write_bundle(with_reference(replace(bundle, model=model)), tmp_path / "turned")
    result = validate(tmp_path / "turned", people_of(place), out=tmp_path / "out", update=True)
    assert (result.status, result.bundle) == ("measured", None)
    assert "backwards" in result.reason


def test_the_same_people_and_seed_give_the_same_bytes(place, bundles, tmp_path):
    for name in "ab":
        validate(bundles["relapse"], people_of(place), out=tmp_path / name, update=True, seed=7)
    a, b = ((tmp_path / name / "validation.html").read_bytes() for name in "ab")
    assert a == b


def test_nobody_is_named_anywhere(place, bundles, tmp_path):
    validate(bundles["relapse"], people_of(place), out=tmp_path / "out", update=True)
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"sim-0" not in path.read_bytes(), path.name


def test_an_expired_model_measures_nobody(place, bundles, tmp_path):
    bundle = read_bundle(bundles["response"])
    old = replace(bundle, provenance=replace(bundle.provenance, expires="2020-01-31"))
    write_bundle(old, tmp_path / "old")
    with pytest.raises(BundleError, match="expired on 2020-01-31"):
        validate(tmp_path / "old", people_of(place), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_into_the_given_bundle(place, bundles):
    with pytest.raises(InvalidInputError, match="lies inside the bundle"):
        validate(bundles["response"], people_of(place), out=bundles["response"] / "out")
