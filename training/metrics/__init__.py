"""Measures of a prediction: arrays in, plain floats out, source cited.

Outcomes come first, then what was predicted. A measure that cannot be computed raises
`MeasureUndefinedError` with its reason; it is never given as 0 or NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from predictor.errors import PredictorError

FloatArray = npt.NDArray[np.float64]


class MeasureUndefinedError(PredictorError):
    """A measure has no value on these people.

    Parameters
    ----------
    measure : str
        Name of the measure.
    reason : str
        Why it has no value, in words for a reader of the report.
    """

    def __init__(self, measure: str, reason: str) -> None:
        super().__init__(f"{measure} cannot be computed: {reason}")
        self.measure = measure
        self.reason = reason
