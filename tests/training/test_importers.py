"""Real data sets: small hand-made folders of their shape, and the known answers where they lie."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from predictor.dictionary import Dictionary
from predictor.errors import InvalidInputError
from training.cohort import missing_outcomes
from training.importers import SourceSettings, read_source
from training.outcome import outcome_definitions
from training.settings import checked_settings
from training.table_one import table_one

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data"


def from_yaml(name: str):
    return yaml.safe_load((ROOT / "configs" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dictionary():
    return Dictionary.from_dict(from_yaml("dictionary.yaml"))


@pytest.fixture(scope="module")
def reader(dictionary):
    definitions = outcome_definitions(from_yaml("outcomes.yaml"))

    def read(name, folder, task=None, **changes):
        content = from_yaml(f"sources/{name}.yaml") | changes
        settings = checked_settings(SourceSettings, content, where=name)
        outcome = settings.outcome_of(task or next(iter(settings.outcomes)))
        return read_source(
            name, folder, dictionary=dictionary, definition=definitions[outcome], settings=settings
        )

    return read


def real(folder: str) -> Path:
    if not (DATA / folder).is_dir():
        pytest.skip(f"the real data set {folder} is not at ../shared/data")
    return DATA / folder


# ---- ds005917

PARTICIPANTS = """participant_id age sex BMI group infusion_1 infusion_2
s1 29 M 27.84 MDD d p
s2 35 F 33.17 MDD p d
s3 29 M 30.15 MDD p n/a
s4 n/a n/a n/a MDD n/a n/a
s5 45 F 24 BP d n/a
s6 30 F 24 HC d p
s7 31 M 25 MDD d p
"""
PHENOTYPE = """participant_id session_id MADRS_Total HAMD_Bech HAM17_Total
s1 ses-b0 30 14 20
s1 ses-d2 15 8 13
s1 ses-d10 20 n/a n/a
s1 ses-p2 2 1 2
s2 ses-b0 40 14 21
s2 ses-p2 40 14 20
s2 ses-d2 36 14 20
s2 ses-d10 10 3 5
s3 ses-b0 32 15 24
s3 ses-p2 27 12 17
s4 ses-b0 n/a n/a n/a
s5 ses-b0 n/a 10 18
s5 ses-d2 9 2 4
s6 ses-b0 1 0 1
s6 ses-d2 0 0 0
s7 ses-b0 33 12 20
s7 ses-d2 n/a n/a n/a
s7 n/a n/a n/a n/a
"""


@pytest.fixture
def small_ds(tmp_path):
    def write(participants=PARTICIPANTS, phenotype=PHENOTYPE, place="phenotype.tsv"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        tables = {"participants.tsv": participants, place: phenotype}
        for name, text in tables.items():
            (tmp_path / name).write_text(text.replace(" ", "\t"), encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize("place", ["phenotype.tsv", "phenotype/phenotype.tsv"])
def test_ds005917_counts_everybody_by_rule_and_reads_ketamine_alone(reader, small_ds, place):
    found = reader("ds005917", small_ds(place=place))
    flow = found.cohort.flow
    assert (flow.patients, flow.eligible, flow.with_outcome, flow.events) == (7, 4, 2, 1)
    assert flow.excluded == {
        "healthy": 1,
        "no_ketamine_infusion": 2,
        "row_fault": 0,
        "no_baseline_score": 1,
        "no_score_in_window": 1,
    }
    # s1 would have responded to saline as well: its score of 2 must not be read
    assert set(found.cohort.visits["day"]) == {0, 2, 10}
    assert 2 not in set(found.cohort.visits["score"][found.cohort.visits["patient_id"] == "s1"])
    assert found.cohort.outcome.observed[:2].tolist() == [1.0, 0.0]
    assert any("3 rows of the saline period" in note for note in found.cohort.notes)
    assert any("1 rows without a known session" in note for note in found.cohort.notes)


def test_ds005917_predictors_are_recoded_and_the_baseline_is_the_one_session(reader, small_ds):
    rows = reader("ds005917", small_ds()).cohort.rows
    assert rows.patient_ids == ("s1", "s2", "s5", "s7")
    assert rows.values["bipolar"].tolist() == [0, 0, 1, 0]
    assert rows.values["sex"].tolist() == [1, 0, 0, 1]
    np.testing.assert_array_equal(rows.values["madrs_total"], [30, 40, np.nan, 33])
    assert rows.values["hamd17_total"].tolist() == [20, 21, 18, 20]


def test_ds005917_lines_and_facts_of_a_small_folder(reader, small_ds):
    found = reader("ds005917", small_ds())
    lines = {(line.who, line.session): line for line in found.lines}
    assert lines["MDD", "ketamine day 2"].to_dict() == {
        "who": "MDD",
        "session": "ketamine day 2",
        "people": 2,
        "responders": 1,
        "mean_change": -9.5,
        "remitted": 0,
    }
    assert lines["MDD", "placebo day 2"].responders == 1
    assert np.isnan(lines["MDD", "placebo day 10"].mean_change)
    assert found.facts == {
        "day-2 responders": 1,
        "day-2 responders with a day-10 score": 1,
        "of these no longer responding at day 10": 1,
        "of these with MADRS of 20 or more at day 10": 1,
        "ketamine first: people": 1,
        "ketamine first: responders": 1,
        "ketamine second: people": 1,
        "ketamine second: responders": 0,
    }


def test_ds005917_of_another_shape_is_refused(reader, small_ds, tmp_path):
    with pytest.raises(InvalidInputError, match="not in this folder"):
        reader("ds005917", tmp_path)
    with pytest.raises(InvalidInputError, match=r"participants\.tsv: column group is missing"):
        reader("ds005917", small_ds(participants=PARTICIPANTS.replace("group", "grp")))
    without = {"visit_days": {"ses-b0": 0, "ses-d2": 2}, "control_days": {}}
    found = reader("ds005917", small_ds(), **without)
    assert [line.session for line in found.lines] == ["ketamine day 2", "ketamine day 2"]


def test_ds005917_known_answers(reader):
    found = reader("ds005917", real("nimh_ketamine_moa"))
    flow = found.cohort.flow
    assert (flow.patients, flow.with_outcome, flow.events) == (58, 29, 6)
    assert flow.excluded["healthy"] == 22
    assert flow.patients - sum(flow.excluded.values()) == flow.with_outcome
    assert found.cohort.origin == "real"
    lines = {
        (x.who, x.session): (x.people, x.responders, round(x.mean_change, 2), x.remitted)
        for x in found.lines
    }
    expected = {
        ("MDD", "ketamine day 2"): (27, 6, -9.22, 4),
        ("MDD", "placebo day 2"): (26, 1, -1.96, 0),
        ("MDD", "ketamine day 10"): (26, 3, -4.38, 2),
        ("MDD", "placebo day 10"): (26, 0, 0.77, 0),
        ("MDD + BP", "ketamine day 2"): (29, 6, -8.86, 4),
    }
    assert {key: lines[key] for key in expected} == expected
    assert list(found.facts.values()) == [6, 6, 4, 3, 16, 5, 13, 1]
    assert found.cohort.file_sha256["phenotype.tsv"].startswith("5a4c4f92a72cb500")
    assert not table_one(found.cohort).empty


def test_ds005917_follows_its_day_2_responders_to_day_10(reader, small_ds):
    cohort = reader("ds005917", small_ds(), task="relapse").cohort
    assert cohort.flow.excluded == {
        "healthy": 1,
        "no_ketamine_infusion": 2,
        "row_fault": 0,
        "response_not_observed": 2,
        "not_a_responder": 1,
    }
    # s1 fell from 30 to 15 at day 2; 20 at day 10 is a fall of a third
    assert (cohort.flow.with_outcome, cohort.flow.events) == (1, 1)
    assert cohort.outcome.days[0] == 8


def test_ds005917_relapse_known_answers(reader):
    found = reader("ds005917", real("nimh_ketamine_moa"), task="relapse")
    flow = found.cohort.flow
    assert (flow.patients, flow.with_outcome, flow.events) == (58, 6, 4)
    assert set(found.cohort.outcome.days[found.cohort.analysed]) == {8}


# ---- smoking_relapse

SMOKERS = (
    "id,ttr,relapse,grp,age,gender,race,employment,yearsSmoking,levelSmoking,ageGroup2,ageGroup4,"
    "priorAttempts,longestNoSmoke\n"
    "21,182,0,patchOnly,36,Male,white,ft,26,heavy,21-49,35-49,0,0\n"
    "113,0,1,patchOnly,41,Female,other,other,27,light,21-49,35-49,3,90\n"
    "39,5,1,combination,25,Female,white,pt,12,heavy,21-49,21-34,1000,6205\n"
)


@pytest.fixture
def small_smoking(tmp_path):
    def write(text=SMOKERS):
        (tmp_path / "pharmacoSmoking.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_smokers_are_all_at_risk_from_day_0_and_their_relapses_are_dated(reader, small_smoking):
    found = reader("smoking_relapse", small_smoking())
    cohort = found.cohort
    assert cohort.analysed.all()
    assert cohort.outcome.days.tolist() == [182.0, 0.5, 5.0]
    assert cohort.events.tolist() == [False, True, True]
    assert cohort.flow.excluded == {"row_fault": 0}
    assert np.isnan(cohort.baseline_score).all()
    values = cohort.rows.values
    assert values["arm"].tolist() == [1, 1, 0]
    assert values["employment"].tolist() == [0, 2, 1]
    assert values["smoking_level"].tolist() == [1, 0, 1]
    assert values["prior_quit_attempts"].tolist() == [0, 3, 1000]
    assert cohort.notes[0].startswith("Not ketamine and not depression")
    assert found.facts["relapsed on day 0, kept at half a day"] == 1
    assert found.facts["patchOnly: people"] == 2
    assert not found.lines
    assert not table_one(cohort).empty
    missing = missing_outcomes(cohort)
    assert set(missing["by"]) == {"site"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",ttr,", ",time,", "column ttr is missing"),
        ("21,182,0", "21,182,2", "row 1, relapse: accepted are 1"),
        ("21,182,0", "21,,0", "events, row 1, day: the day is empty"),
    ],
)
def test_smoking_relapse_of_another_shape_is_refused(reader, small_smoking, old, new, words):
    with pytest.raises(InvalidInputError, match=words):
        reader("smoking_relapse", small_smoking(SMOKERS.replace(old, new)))


def test_smoking_relapse_known_answers(reader):
    found = reader("smoking_relapse", real("smoking_relapse"))
    flow = found.cohort.flow
    assert (flow.patients, flow.with_outcome, flow.events) == (125, 125, 89)
    assert int((found.cohort.outcome.days == 0.5).sum()) == 12
    assert list(found.facts.values()) == [125, 89, 12, 61, 37, 64, 52]


# ---- rbmi

TRIAL = """PATIENT,HAMATOTL,PGIIMP,RELDAYS,VISIT,THERAPY,GENDER,POOLINV,BASVAL,HAMDTL17,CHANGE
1,21,2,7,4,DRUG,F,006,32,21,-11
1,19,2,14,5,DRUG,F,006,32,20,-12
1,21,3,28,6,DRUG,F,006,32,19,-13
1,17,4,44,7,DRUG,F,006,32,16,-16
2,18,3,7,4,PLACEBO,M,009,14,7,-7
3,18,3,6,4,PLACEBO,M,009,20,18,-2
3,18,3,41,7,PLACEBO,M,009,20,11,-9
"""


@pytest.fixture
def small_rbmi(tmp_path):
    def write(text=TRIAL):
        (tmp_path / "antidepressant_data.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_rbmi_never_carries_a_score_forward_into_the_outcome(reader, small_rbmi):
    found = reader("rbmi", small_rbmi())
    flow = found.cohort.flow
    assert (flow.patients, flow.eligible, flow.with_outcome, flow.events) == (3, 3, 2, 1)
    assert flow.excluded == {"row_fault": 0, "no_score_in_window": 1}
    np.testing.assert_array_equal(found.cohort.outcome.observed, [1, np.nan, 0])
    carried = "carried forward (not an outcome here): "
    assert found.facts == {
        f"{carried}people": 3,
        f"{carried}responders": 2,
        f"{carried}remitted": 1,
        f"{carried}share of responders, DRUG": 1.0,
        f"{carried}share of responders, PLACEBO": 0.5,
    }


def test_rbmi_keeps_nominal_and_real_days_arm_site_and_baseline(reader, small_rbmi):
    cohort = reader("rbmi", small_rbmi()).cohort
    assert cohort.rows.sites == ("006", "009", "009")
    assert cohort.rows.values["hamd17_total"].tolist() == [32, 14, 20]
    assert cohort.rows.values["arm"].tolist() == [0, 1, 1]
    assert cohort.rows.values["sex"].tolist() == [0, 1, 1]
    assert cohort.dictionary["arm"].levels == ("drug", "placebo")
    assert cohort.dictionary["arm"].timing == "planned"
    first = cohort.visits[cohort.visits["patient_id"] == "1"].sort_values("day")
    assert first["day"].tolist() == [0, 7, 14, 28, 42]
    assert first["actual_day"].tolist() == [0, 7, 14, 28, 44]
    assert any("never be reported as the effect of a drug" in note for note in cohort.notes)
    assert any("variable of this source: arm" in note for note in cohort.notes)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("BASVAL", "BASE", "column BASVAL is missing"),
        ("1,17,4,44,7,DRUG,F,006,32", "1,17,4,44,7,DRUG,F,006,31", "row 4: arm, sex"),
        ("1,17,4,44,7", "1,17,4,44,8", "row 4, VISIT: accepted are 4, 5, 6, 7"),
    ],
)
def test_rbmi_of_another_shape_is_refused(reader, small_rbmi, old, new, words):
    with pytest.raises(InvalidInputError, match=words):
        reader("rbmi", small_rbmi(TRIAL.replace(old, new)))


def test_rbmi_known_answers(reader):
    found = reader("rbmi", real("rbmi_antidepressant"))
    flow = found.cohort.flow
    assert (flow.patients, flow.eligible, flow.with_outcome, flow.events) == (172, 172, 129, 49)
    assert [line.people for line in found.lines] == [172, 158, 149, 129]
    assert len(set(found.cohort.rows.sites)) == 17
    facts = [round(value, 2) for value in found.facts.values()]
    assert facts == [172, 57, 45, 0.39, 0.27]
    assert not table_one(found.cohort).empty


# ---- any source


def test_an_unknown_source_and_foreign_settings_are_refused(reader, dictionary, tmp_path):
    settings = checked_settings(SourceSettings, from_yaml("sources/rbmi.yaml"), where="rbmi")
    for name, words in (("rbm", "did you mean rbmi"), ("ds005917", "those of rbmi")):
        with pytest.raises(InvalidInputError, match=words):
            read_source(name, tmp_path, dictionary=dictionary, definition=None, settings=settings)


def test_every_source_says_where_it_is_from_and_on_which_terms():
    for path in sorted((ROOT / "configs" / "sources").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        settings = checked_settings(SourceSettings, content, where=path.name)
        assert settings.name == path.stem
        assert settings.download
        assert settings.licence
        assert settings.citation
        known = outcome_definitions(from_yaml("outcomes.yaml"))
        assert all(known[name].task == task for task, name in settings.outcomes.items())
        assert settings.ketamine or "not ketamine" in settings.title
