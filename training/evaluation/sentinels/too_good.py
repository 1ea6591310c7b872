"""Results that are rather a leak than a finding."""

from __future__ import annotations

from collections.abc import Mapping

from training.metrics.intervals import Estimate

SUSPICIOUS_ABOVE = 0.75
"""AUC or C; published models in new people reach about 0.65."""

SUSPICIOUS_BELOW_PEOPLE = 300


def too_good(
    metrics: Mapping[str, Mapping[str, Estimate]], *, task: str, people: int
) -> tuple[str, ...]:
    """Warn of a discrimination above 0.75 from baseline in fewer than 300 people.

    Parameters
    ----------
    metrics : mapping of str to mapping of str to Estimate
        Out-of-fold measures by candidate or comparator.
    task : str
        ``response`` (AUC) or ``relapse`` (C).
    people : int
        Analysed.

    Returns
    -------
    tuple of str
        One sentence, or none. Exactly 0.75, or exactly 300 people, is no reason to warn.
    """
    key, label = ("auc", "AUC") if task == "response" else ("c_index", "C-index")
    high = {
        name: found[key].value
        for name, found in metrics.items()
        if key in found and found[key].value > SUSPICIOUS_ABOVE
    }
    if not high or people >= SUSPICIOUS_BELOW_PEOPLE:
        return ()
    named = ", ".join(f"{name} {value:.3f}" for name, value in high.items())
    warning = (
        f"possible leak: {label} above {SUSPICIOUS_ABOVE} from baseline in {people} people "
        f"({named}); so much is not to be expected, so look for answers recorded after the "
        "first dose before believing it"
    )
    return (warning,)
