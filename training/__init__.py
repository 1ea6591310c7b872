"""Training: from the files of a cohort to an evaluated, tracked model and its bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.estimator import ResponseClassifier
    from training.pipeline import run

__all__ = ["ResponseClassifier", "run"]


def __getattr__(name: str) -> Any:
    """Load the public names when they are first asked for."""
    if name == "run":
        from training.pipeline import run

        return run
    if name == "ResponseClassifier":
        from training.estimator import ResponseClassifier

        return ResponseClassifier
    raise AttributeError(f"module 'training' has no attribute {name!r}")
