"""How good a learner is in people it never saw, and which one is chosen."""

from training.evaluation.carried import carrier, carry_to_everybody, cross_validate_carried
from training.evaluation.choice import Choice, choose
from training.evaluation.competing import CompetingRisks, competing_risks
from training.evaluation.cross_validation import (
    OutOfFold,
    Outside,
    Resampling,
    cross_validate,
)
from training.evaluation.curves import DECISION_DAY, Banded, Curves, curves_of, groups_of
from training.evaluation.definitions import ByDefinition, Definitions, Strong
from training.evaluation.differences import Differences, differences
from training.evaluation.grouping import SITE, Grouping, groupings
from training.evaluation.headline import Headline, headline_of
from training.evaluation.instability import Instability, instability
from training.evaluation.internal_external import (
    InternalExternal,
    SiteResult,
    Sites,
    leave_site_out,
    sites_of,
)
from training.evaluation.optimism import Corrected, Optimism, optimism
from training.evaluation.performance import discrimination, measure
from training.evaluation.placebo import PlaceboControl, Untreated, placebo_control
from training.evaluation.prior_use import PriorUse, UsedPrior, prior_use_of
from training.evaluation.procedure import (
    RISK_DAYS,
    Analysis,
    fit_all,
    fit_to_everybody,
    inner_splits,
)
from training.evaluation.published_rule import PublishedRule, terms_of
from training.evaluation.repetitions import Repetition, Repetitions, repeat_in_resamples
from training.evaluation.sentinels import (
    Sentinel,
    permuted_outcome,
    too_good,
    training_rows,
    watch,
    watch_at_landmark,
)
from training.evaluation.site_mix import Difference, SiteMix, compare_sites, places_of
from training.evaluation.still_at_risk import still_at_risk
from training.evaluation.stop_rule import StopRule, StopRuleFound, beside_stop_rule
from training.evaluation.subgroups import Division, Subgroup, Subgroups, measure_subgroups
from training.evaluation.unobserved import Unobserved, chance_observed, under_assumptions
from training.evaluation.warning_signs import (
    Comparator,
    ScoredVisits,
    WarningSigns,
    risk_ahead,
    simple_rules,
    told_of_alerts,
    weigh_alerts,
)

__all__ = [
    "DECISION_DAY",
    "RISK_DAYS",
    "SITE",
    "Analysis",
    "Banded",
    "ByDefinition",
    "Choice",
    "Comparator",
    "CompetingRisks",
    "Corrected",
    "Curves",
    "Definitions",
    "Difference",
    "Differences",
    "Division",
    "Grouping",
    "Headline",
    "Instability",
    "InternalExternal",
    "Optimism",
    "OutOfFold",
    "Outside",
    "PlaceboControl",
    "PriorUse",
    "PublishedRule",
    "Repetition",
    "Repetitions",
    "Resampling",
    "ScoredVisits",
    "Sentinel",
    "SiteMix",
    "SiteResult",
    "Sites",
    "StopRule",
    "StopRuleFound",
    "Strong",
    "Subgroup",
    "Subgroups",
    "Unobserved",
    "Untreated",
    "UsedPrior",
    "WarningSigns",
    "beside_stop_rule",
    "carrier",
    "carry_to_everybody",
    "chance_observed",
    "choose",
    "compare_sites",
    "competing_risks",
    "cross_validate",
    "cross_validate_carried",
    "curves_of",
    "differences",
    "discrimination",
    "fit_all",
    "fit_to_everybody",
    "groupings",
    "groups_of",
    "headline_of",
    "inner_splits",
    "instability",
    "leave_site_out",
    "measure",
    "measure_subgroups",
    "optimism",
    "permuted_outcome",
    "placebo_control",
    "places_of",
    "prior_use_of",
    "repeat_in_resamples",
    "risk_ahead",
    "simple_rules",
    "sites_of",
    "still_at_risk",
    "terms_of",
    "told_of_alerts",
    "too_good",
    "training_rows",
    "under_assumptions",
    "watch",
    "watch_at_landmark",
    "weigh_alerts",
]
