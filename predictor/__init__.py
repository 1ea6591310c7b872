"""Scoring: all that must exist where a patient is scored. Needs numpy and the core libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from predictor.scoring import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    """Load the public names when they are first asked for."""
    if name == "load":
        from predictor.scoring import load

        return load
    raise AttributeError(f"module 'predictor' has no attribute {name!r}")
