"""Whether a response bundle and a relapse bundle belong together."""

from __future__ import annotations

from predictor.bundle import Bundle
from predictor.errors import InvalidInputError

_RULE = ("instrument", "percent_fall", "at_most", "window", "baseline")


def check_pair(response: Bundle, relapse: Bundle) -> tuple[str, ...]:
    """Refuse two bundles that cannot be read together, and say what is unlike in two that can.

    The relapse model speaks of people who responded by a rule; the response model must foretell
    response by that very rule.

    Parameters
    ----------
    response, relapse : Bundle
        In this order.

    Returns
    -------
    tuple of str
        Cautions, one sentence each.

    Raises
    ------
    InvalidInputError
        If the first is of no response model, the second of no relapse model, or their rules of
        response differ.
    """
    for bundle, place, task in ((response, "first", "response"), (relapse, "second", "relapse")):
        if bundle.model.task != task:
            raise InvalidInputError(
                f"the {place} bundle foretells {bundle.model.task}, not {task}; name the response "
                "bundle first and the relapse bundle second"
            )
    return tuple(
        sentence
        for sentence, unlike in (
            (_UNKNOWN, not _same_rule(response, relapse)),
            (_COURSE, response.provenance.planned_course != relapse.provenance.planned_course),
            (_ORIGIN, response.provenance.data_origin != relapse.provenance.data_origin),
        )
        if unlike
    )


_UNKNOWN = (
    "whether both models mean the same by response could not be checked: a bundle written before "
    "rules were kept does not hold its rule"
)
_COURSE = "the two models are made from people with unlike planned courses of treatment"
_ORIGIN = (
    "one model is made from real people and one from simulated people: all of it is to be read as "
    "simulated"
)


def _same_rule(response: Bundle, relapse: Bundle) -> bool:
    """Tell that both rules of response are known; refuse them if they differ."""
    foretold = response.lineage.get("outcome")
    meant = (relapse.lineage.get("outcome") or {}).get("responders")
    if not foretold or not meant:
        return False
    unlike = [key for key in _RULE if foretold.get(key) != meant.get(key)]
    if unlike:
        raise InvalidInputError(
            f"the relapse bundle speaks of people with {meant['label']}, the response bundle "
            f"foretells {foretold['label']}, and the two rules differ in {', '.join(unlike)}; give "
            "bundles of the same rule"
        )
    return True
