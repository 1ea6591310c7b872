"""``ketamine-train simulate``: a cohort of known truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from predictor.console import JsonOption, Line, QuietOption, Screen
from training.cli.options import require_free

_FILES = ("patients", "visits", "events", "truth")


def simulate(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or an empty folder.")],
    patients: Annotated[
        int, typer.Option("--patients", min=1, metavar="N", help="How many people.")
    ] = 600,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Draws the people only.")
    ] = 0,
    world: Annotated[
        Path | None,
        typer.Option("--world", metavar="FILE", help="A population of your own (.yaml)."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw simulated patients, visits and events, and write the truth beside them."""
    screen = Screen(as_json=as_json, quiet=quiet)
    folder = require_free(out)
    with screen.working(f"Drawing {patients} people"):
        import numpy as np

        from training.config import read_dictionary, read_world
        from training.simulation import simulate as draw
        from training.simulation import write_cohort

        population = read_world() if world is None else read_world(world)
        rng = np.random.default_rng(seed)
        cohort = draw(population, n_patients=patients, rng=rng, dictionary=read_dictionary())
        written = write_cohort(cohort, folder, seed=seed)
    document = {
        **{name: str(written[name]) for name in _FILES},
        "oracle": _plain(cohort.oracle),
        "rates": _plain(cohort.rates),
    }
    screen.answer(document, [] if quiet else _lines(patients, folder, cohort.oracle, cohort.rates))


def _plain(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Give figures as JSON knows them; None where too few people leave them undefined."""
    return {name: float(x) if math.isfinite(x) else None for name, x in figures.items()}


def _lines(
    patients: int, folder: Path, oracle: Mapping[str, float], rates: Mapping[str, float]
) -> list[Line]:
    """Say what was drawn."""
    return [
        Line(f"{patients} simulated people; no row is a real person."),
        Line(f"{_percent(rates['response'])} responded", 2),
        Line(f"{_percent(rates['relapse_90'])} of these relapsed within 90 days", 2),
        Line(
            f"knowing the truth: AUC {_figure(oracle['auc'])} for response, C "
            f"{_figure(oracle['c_index'])} for relapse",
            2,
        ),
        Line(f"{', '.join(f'{name}.csv' for name in _FILES)} in {folder}"),
    ]


def _percent(share: float) -> str:
    """Write a share in percent."""
    return f"{100 * share:.0f} %" if math.isfinite(share) else "an unknown share"


def _figure(value: float) -> str:
    """Write a measure, which too few people leave undefined."""
    return f"{value:.2f}" if math.isfinite(value) else "not defined"
