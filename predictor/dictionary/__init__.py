"""The data dictionary: what every variable means and which values are valid.

The one source of truth for rows, forms, documents and simulation. It is written in
``configs/dictionary.yaml``, read by ``training.config`` and carried as JSON in each bundle.
"""

from __future__ import annotations

from predictor.dictionary.dictionary import Dictionary, variable_from_dict
from predictor.dictionary.variables import (
    Formula,
    Instrument,
    Landmark,
    Timing,
    Transform,
    Use,
    Variable,
    VariableType,
)

__all__ = [
    "Dictionary",
    "Formula",
    "Instrument",
    "Landmark",
    "Timing",
    "Transform",
    "Use",
    "Variable",
    "VariableType",
    "variable_from_dict",
]
