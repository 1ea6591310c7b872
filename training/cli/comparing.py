"""``ketamine-train compare``: two runs on the same people, by paired differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from predictor.console import JsonOption, Line, QuietOption, Screen, aligned

if TYPE_CHECKING:
    from training.comparison import Comparison, Difference

_RUN = "The --out folder of a finished run."
_SEED = 1
_NAMES = {
    "auc": "AUC",
    "log_loss": "Log-loss",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
    "oe": "Observed / expected",
    "c_index": "C-index",
    "brier_30": "Brier score at 30 days",
    "brier_90": "Brier score at 90 days",
    "brier_180": "Brier score at 180 days",
}


def compare(
    *,
    run_a: Annotated[
        Path, typer.Argument(metavar="RUN_A", exists=True, file_okay=False, help=_RUN)
    ],
    run_b: Annotated[
        Path, typer.Argument(metavar="RUN_B", exists=True, file_okay=False, help=_RUN)
    ],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tell two runs on the same people apart: paired differences, A minus B, with intervals."""
    screen = Screen(as_json=as_json, quiet=quiet)
    with screen.working("Comparing"):
        import numpy as np

        from training.comparison import compare_runs
        from training.run_folder import read_predictions, read_run_folder

        runs = [read_run_folder(path) for path in (run_a, run_b)]
        a, b = ((run, read_predictions(run)) for run in runs)
        found = compare_runs(a, b, rng=np.random.default_rng(_SEED))
    screen.answer(found.to_dict(), _lines(found))


def _lines(found: Comparison) -> list[Line]:
    """Put a comparison into words."""
    loss = "log-loss" if found.task == "response" else "Brier score"
    lines = [Line(f"By {loss}: {found.verdict}", style="bold")]
    lines += [Line("simulated data: no row is a real person", 2)] * (
        found.data_origin == "simulated"
    )
    happened = "with the outcome" if found.task == "response" else "relapsed"
    people = [
        ("in both runs", str(found.people)),
        (happened, str(found.events)),
        ("in A alone, left out", str(found.only_a)),
        ("in B alone, left out", str(found.only_b)),
    ]
    lines += [Line(""), Line("People", style="bold"), *aligned(people, indent=2)]
    table = [("", f"A ({found.chosen[0]})", f"B ({found.chosen[1]})", "A minus B (95 %)", "")]
    table += [_row(name, each) for name, each in found.differences.items()]
    lines += [Line(""), Line("Measures", style="bold"), *aligned(table, indent=2)]
    lines += [
        Line(f"{_NAMES.get(name, name)}: {reason}", 2) for name, reason in found.undefined.items()
    ]
    folds = "the same folds" if found.same_folds else "other folds, which adds chance of its own"
    return [
        *lines,
        Line(""),
        Line(f"Both predicted people whom they never saw, on {folds}.", 2),
        Line("The intervals hold chance in who is tested, not in what was trained.", 2),
    ]


def _row(name: str, each: Difference) -> tuple[str, str, str, str, str]:
    """Write one measure of both runs."""
    gap = each.difference
    return (
        f"{_NAMES.get(name, name)} ({each.direction})",
        f"{each.a:.3f}",
        f"{each.b:.3f}",
        f"{gap.value:+.4f} ({gap.lo:+.4f} to {gap.hi:+.4f})".replace("-", "−"),
        each.verdict,
    )
