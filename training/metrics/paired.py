"""Which of two models ranks better: differences in the same people.

Losses, which every person has one of, are compared by
`training.metrics.intervals.paired_difference`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from training.metrics import MeasureUndefinedError
from training.metrics.intervals import PairedDifference, placements


def delong_difference(y: npt.ArrayLike, p_a: npt.ArrayLike, p_b: npt.ArrayLike) -> PairedDifference:
    """Difference of two models' AUROC in the same people, with DeLong's paired 95 % interval.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    p_a : array-like of shape (n,) or (n, n_repeats)
        Probabilities of model A, in [0, 1]; repeats are averaged within a person.
    p_b : array-like of shape (n,) or (n, n_repeats)
        Probabilities of model B for the same people.

    Returns
    -------
    PairedDifference
        AUROC of A minus that of B; above 0 when A ranks better.

    Raises
    ------
    MeasureUndefinedError
        If an outcome occurs in fewer than two people, or both models separate the outcomes
        perfectly.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988;44:837-845.
    """
    of_a, of_b = placements(y, p_a), placements(y, p_b)
    if of_a[0].min() == of_b[0].min() == 1:
        raise MeasureUndefinedError("AUROC difference", "both models separate the outcomes")
    cases, others = of_a[0] - of_b[0], of_a[1] - of_b[1]
    se = float(np.sqrt(cases.var(ddof=1) / cases.size + others.var(ddof=1) / others.size))
    mean, reach = float(cases.mean()), float(norm.ppf(0.975)) * se
    return PairedDifference(mean, mean - reach, mean + reach, se)
