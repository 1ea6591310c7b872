"""What ``ketamine-train init`` writes: configurations to change, and what the tables hold."""

from __future__ import annotations

from pathlib import Path

from predictor.dictionary import Dictionary
from predictor.form import blank_candidate, sheet
from training.config import read_dictionary, shipped_configs
from training.scales import scale_ranges
from training.visits import EVENT_COLUMNS, OPTIONAL_VISIT_COLUMNS, VISIT_COLUMNS

CONFIGS = ("response.yaml", "relapse.yaml", "outcomes.yaml", "column_map_template.yaml")
MAP = "column_map.yaml"

_README = """\
A study: who is treated, how they did, and what a model makes of it
====================================================================

Put three tables into this folder (.csv, .tsv, .json or .parquet), then, here:

  ketamine-train check --patients patients.csv --visits visits.csv --events events.csv
  ketamine-train run configs/response.yaml --patients patients.csv --visits visits.csv \\
    --events events.csv --out runs/response
  ketamine-train run configs/relapse.yaml --patients patients.csv --visits visits.csv \\
    --events events.csv --out runs/relapse

Add --map configs/{map} to each where your export has other names, codes or a wide shape.
To try it all without data: ketamine-train simulate --patients 600 --seed 7 --out simulated

Nothing that names a person belongs in any table: give each a number of the study.
An empty cell means not known. Outcomes are never typed in; they are derived from the visits.


patients.csv: one row for each person, known before the first dose
-------------------------------------------------------------------
patients_header.csv has all columns; delete those you do not have. patients_columns.csv says what
each one takes. patient_id is needed, site says where someone is treated, all others may be absent.

visits.csv: one row for each person, day and scale
---------------------------------------------------
{visits}
{visit_example}

day         days from the first dose; 0 is the assessment before it, {first_day} two weeks earlier
instrument  {instruments}
score       the total; with a number in the optional column item, the answer to that item
optional    {optional}

The shipped outcomes read a score on day 0 and one near day 28, and for relapse later ones; other
days: change configs/outcomes.yaml.

events.csv: one row for each event (the file may be left out)
--------------------------------------------------------------
{events}
{event_example}

event       hospitalised, retreated, ECT, died, withdrew, relapsed, last_seen


configs: every line says what it does
-------------------------------------
response.yaml, relapse.yaml   settings of a run
outcomes.yaml                 what counts as response and relapse; read by commands started here
{map:<30}how an export differs from the tables above; changes nothing as it is

A run that ends "refused" is an answer: the cohort supports no model yet. Research use only.
"""


def write_study_folder(folder: Path) -> tuple[Path, ...]:
    """Write a study folder.

    Parameters
    ----------
    folder : Path
        Absent or empty.

    Returns
    -------
    tuple of Path
        The files, the one to read first in front.
    """
    configs = folder / "configs"
    configs.mkdir(parents=True)
    dictionary = read_dictionary()
    texts = {
        folder / "README.txt": _readme(dictionary),
        folder / "patients_header.csv": blank_candidate(dictionary).splitlines()[0] + "\n",
        # a byte order mark lets spreadsheet programs read the accents of labels
        folder / "patients_columns.csv": "\ufeff" + sheet(dictionary),
    }
    for name in CONFIGS:
        target = MAP if name == "column_map_template.yaml" else name
        texts[configs / target] = (shipped_configs() / name).read_text(encoding="utf-8")
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="")
    return tuple(texts)


def _readme(dictionary: Dictionary) -> str:
    """Say what the tables hold."""
    instruments = scale_ranges(dictionary)
    shown = [f"{name} ({low:g} to {high:g})" for name, (low, high) in instruments.items()]
    lines = [", ".join(shown[start : start + 4]) for start in range(0, len(shown), 4)]
    return _README.format(
        map=MAP,
        visits=",".join(VISIT_COLUMNS),
        visit_example="p-001,0,madrs,32\np-001,28,madrs,14",
        first_day=-14,
        instruments=(",\n" + " " * 12).join(lines),
        optional=", ".join(OPTIONAL_VISIT_COLUMNS),
        events=",".join(EVENT_COLUMNS),
        event_example="p-001,75,hospitalised",
    )
