"""A published rule of when to stop, beside a model at the same sensitivity.

The rule says "stop" to whoever has gained too little by a landmark, and "go on" to the others. As
where it was published, to go on is the positive: it is right where a response follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import norm

from predictor.outcome_rules import has_fallen
from training.metrics import MeasureUndefinedError
from training.metrics.intervals import Estimate, paired_difference
from training.metrics.paired import as_estimate

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class StopRule(BaseModel):
    """When a course is said to be in vain.

    Parameters
    ----------
    landmark : str
        Where it is asked.
    percent_fall : float
        A fall of the score by less than this, in percent of baseline, means stop.
    source : str
        Who found it, and how well it did there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    landmark: str
    percent_fall: float = Field(gt=0, le=100)
    source: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Stopping:
    """How a rule of stopping, or a model cut where it is as sensitive, does in the same people.

    Parameters
    ----------
    people, stopped : float
        Who could be asked, and whom it stops; of a model the mean over repeats.
    measures : dict of str to Estimate
        ``sensitivity`` (going on among those who respond), ``specificity`` (stopped among those
        who do not), ``ppv`` (response among those going on), ``npv`` (no response among those
        stopped); 95 % Wilson intervals. One without anybody to count is left out.
    """

    people: int
    stopped: float
    measures: dict[str, Estimate]

    def to_dict(self) -> dict[str, object]:
        """Give plain values for JSON.

        Returns
        -------
        dict
            Counts and measures.
        """
        measures = {name: one.to_dict() for name, one in self.measures.items()}
        return {"people": self.people, "stopped": self.stopped, "measures": measures}


@dataclass(frozen=True, slots=True)
class StopRuleFound:
    """The published rule beside the model.

    Parameters
    ----------
    rule, model : Stopping
        In the same people.
    specificity_difference : Estimate or None
        Model less rule, where both let as many responders go on; above 0 the model stops more of
        those who do not respond. None with fewer than two of them.
    """

    rule: Stopping
    model: Stopping
    specificity_difference: Estimate | None

    def to_dict(self) -> dict[str, object]:
        """Give plain values for JSON.

        Returns
        -------
        dict
            Keys ``rule``, ``model`` and ``specificity_difference``.
        """
        gap = self.specificity_difference
        return {
            "rule": self.rule.to_dict(),
            "model": self.model.to_dict(),
            "specificity_difference": None if gap is None else gap.to_dict(),
        }


def beside_stop_rule(
    rule: StopRule, start: Floats, score: Floats, responded: Floats, probability: Floats
) -> StopRuleFound:
    """Ask a published rule and the model of the same people.

    The model is cut in each repeat where it lets as many responders go on as the rule does; what
    differs is how many of the others it stops.

    Parameters
    ----------
    rule : StopRule
        The rule.
    start, score : ndarray, shape (n,)
        Score at baseline and at the landmark; whoever lacks one is left out.
    responded : ndarray, shape (n,)
        1 responded, 0 did not.
    probability : ndarray, shape (n, n_repeats)
        Of response, by fits that never saw the person.

    Returns
    -------
    StopRuleFound
        Rule and model.

    Raises
    ------
    MeasureUndefinedError
        If no responder has both scores.
    """
    asked = ~np.isnan(start) & ~np.isnan(score)
    start, score, y, p = (x[asked] for x in (start, score, responded, probability))
    well = y == 1
    if not well.any():
        raise MeasureUndefinedError("stop rule", "nobody who responded has both scores")
    on = has_fallen(start, score, rule.percent_fall)
    least = int((on & well).sum())
    # from the highest down, as many responders as the rule lets go on
    cut = -np.sort(-p[well], axis=0)[least - 1] if least else np.full(p.shape[1], np.inf)
    by_model = p >= cut
    gap = None
    if (~well).sum() >= 2:
        stopped = (~by_model[~well]).mean(axis=1), (~on[~well]).astype(np.float64)
        gap = as_estimate(paired_difference(*stopped), "paired t")
    return StopRuleFound(_stopping(on[:, None], well), _stopping(by_model, well), gap)


def _stopping(on: Bools, well: Bools) -> Stopping:
    """Count who goes on and who is stopped, mean over repeats."""
    n, people, responders = on.shape[1], len(well), int(well.sum())
    going, right = float(on.sum() / n), float((on & well[:, None]).sum() / n)
    others, stopped = people - responders, people - going
    spared = others - (going - right)
    pairs = {
        "sensitivity": (right, responders),
        "specificity": (spared, others),
        "ppv": (right, going),
        "npv": (spared, stopped),
    }
    return Stopping(people, stopped, {k: _share(x, of) for k, (x, of) in pairs.items() if of > 0})


def _share(part: float, of: float) -> Estimate:
    """Give a share with Wilson's 95 % interval [1]_.

    References
    ----------
    .. [1] Wilson EB. J Am Stat Assoc 1927;22:209-212.
    """
    share, z = part / of, float(norm.ppf(0.975))
    middle = (part + z**2 / 2) / (of + z**2)
    reach = z * np.sqrt(of * share * (1 - share) + z**2 / 4) / (of + z**2)
    return Estimate(share, float(middle - reach), float(middle + reach), "Wilson")
