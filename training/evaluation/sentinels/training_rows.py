"""Every fit saw exactly the training rows, counted."""

from __future__ import annotations

from collections.abc import Mapping

from training.evaluation.cross_validation import OutOfFold
from training.evaluation.sentinels.sentinel import Sentinel, untested


def training_rows(out_of_fold: Mapping[str, OutOfFold], people: int) -> Sentinel:
    """Say of how many people the fits of the run read answers.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Predictions with the counts of their fits. A count that differs from its split has raised
        `LeakError` before.
    people : int
        Analysed.

    Returns
    -------
    Sentinel
        With the counts.
    """
    seen = next((found.seen for found in out_of_fold.values() if found.seen), ())
    if not seen:
        return untested("nothing was fitted")
    outer = [rows.read for rows in seen]
    inner = [n for rows in seen for n in rows.inner]
    return Sentinel(
        passed=all(rows.read == rows.training for rows in seen),
        detail=f"{len(outer)} outer training sets read the answers of {_range(outer)} of {people} "
        f"people and {len(inner)} inner ones those of {_range(inner)}: exactly their own, and of "
        "nobody whom they predict",
    )


def _range(counts: list[int]) -> str:
    """Give the smallest and the largest count."""
    least, most = min(counts), max(counts)
    return str(least) if least == most else f"{least} to {most}"
