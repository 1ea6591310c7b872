"""The fixed world of simulated cohorts: true effects, margins, hazard, missingness, drop-out.

Read from ``configs/simulation.yaml`` by ``training.config``; a seed draws people from it and
never changes it, so that two seeds are two samples of one population.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from training.simulation.effects import Effect, Interaction
from training.simulation.margins import AnyMargin, Margin, Normal, Settings, Share

DERIVED = (
    "weight_kg",
    "planned_dose",
    "planned_dose_unit",
    "infusion_minutes",
    "dose_mg_per_kg",
)
MISSINGNESS_DRIVERS = ("age_years", "madrs_total")
NEEDED = (
    *MISSINGNESS_DRIVERS,
    "sex",
    "bmi",
    "height_cm",
    "systolic_mmhg",
    "diastolic_mmhg",
    "age_at_onset_years",
    "episode_months",
    "rrs_total",
    "rrs_brooding",
    "pregnant",
    "breast_feeding",
    "route",
    "programme",
    "doses_per_week",
    "integration_sessions",
    "integration_minutes",
    "maintenance_planned",
    "maintenance_interval_days",
)


class Site(Settings):
    """One clinic: how many people, which people, and how it differs.

    Parameters
    ----------
    name : str
        Text of the column ``site``; says that it is simulated.
    share : float
        Share of all people.
    response : float
        Shift of the log-odds of response.
    missing : float
        Shift of the log-odds that a cell of a site-dependent group is missing.
    case_mix : dict of str to float
        Shift of the mean of latent factors, in standard deviations.
    """

    name: str
    share: Share
    response: float = 0.0
    missing: float = 0.0
    case_mix: dict[str, float] = Field(default_factory=dict)


class Dose(Settings):
    """Doses given by one route.

    Parameters
    ----------
    unit : str
        ``mg/kg`` or ``mg``.
    amounts : tuple of float
        Doses in `unit`.
    shares : tuple of float
        Share of each among people treated by this route.
    minutes : float
        Length of the infusion; 0 where nothing is infused.
    """

    unit: Literal["mg/kg", "mg"]
    amounts: tuple[float, ...]
    shares: tuple[Share, ...]
    minutes: float


class Response(Settings):
    """True model of response at the end of the acute course.

    Parameters
    ----------
    intercept : float
        Log-odds where every feature is 0 and the site has no shift.
    effects : tuple of Effect
        Main effects, on the log-odds.
    interactions : tuple of Interaction
        Products, on the log-odds.
    """

    intercept: float
    effects: tuple[Effect, ...]
    interactions: tuple[Interaction, ...] = ()


class Relapse(Settings):
    """True model of relapse after the landmark, given response.

    The cumulative hazard t days after the landmark is ``(t / scale_days) ** shape`` times the
    exponential of the linear predictor; a shape below 1 makes the hazard fall.

    Parameters
    ----------
    shape, scale_days : float
        Weibull shape and scale.
    effects : tuple of Effect
        Baseline and planned treatment, on the log-hazard.
    residual_per_5_points : float
        Log-hazard for 5 points more at the end of the course.
    residual_centre : float
        End-of-course score at which that term is 0.
    hospitalised : float
        Share of relapses that lead to admission.
    retreated : float
        Share of relapses that are treated again.
    retreated_responding : float
        Share of those who fall below the threshold again.
    retreat_after_days : float
        Earliest retreatment after the relapse; 28 days keep two visits above the threshold.
    retreat_wait_days : float
        Mean further wait, exponential.
    """

    shape: Annotated[float, Field(gt=0, lt=1)]
    scale_days: Annotated[float, Field(gt=0)]
    effects: tuple[Effect, ...]
    residual_per_5_points: float
    residual_centre: float
    hospitalised: Share
    retreated: Share
    retreated_responding: Share
    retreat_after_days: Annotated[float, Field(ge=28)]
    retreat_wait_days: Annotated[float, Field(gt=0)]


class Course(Settings):
    """Scores between and after the treatments.

    Parameters
    ----------
    acute_days : tuple of int
        Visits of the acute course; the first is baseline, the last the landmark.
    acute_progress : tuple of float
        How much of the way to the end-of-course score is gone at each acute visit (0 to 1).
    followup_days : tuple of int
        Visits after the landmark.
    relapse_threshold : int
        Score at and above which a person counts as relapsed.
    residual_shape : tuple of float
        The two shapes of the Kumaraswamy law of a responder's end-of-course score, as a share
        of the highest score that is still a response.
    noise : float
        Standard deviation of single scores, in points.
    """

    acute_days: tuple[int, ...]
    acute_progress: tuple[Share, ...]
    followup_days: tuple[int, ...]
    relapse_threshold: int
    residual_shape: tuple[float, float]
    noise: float

    @property
    def landmark_day(self) -> int:
        """Day of the end of the acute course."""
        return self.acute_days[-1]

    @property
    def days(self) -> tuple[int, ...]:
        """All visit days in order."""
        return self.acute_days + self.followup_days


class DropOut(Settings):
    """Visits that do not take place; depends on the last score seen only.

    Parameters
    ----------
    visit_missed : float
        Chance that a single visit is missed.
    leaves : float
        Chance to leave for good before a visit, at a last seen score of 20.
    per_10_points : float
        Log-odds of leaving for 10 points more at the last visit seen.
    withdrew : float
        Share of those who leave that say so (event ``withdrew``).
    """

    visit_missed: Share
    leaves: Share
    per_10_points: float
    withdrew: Share


class MissingGroup(Settings):
    """Variables that go missing for the same reason.

    Parameters
    ----------
    variables : tuple of str
        Their ids.
    rate : float
        Share missing for a person of mean age and severity at a site without shift.
    age, severity : float
        Log-odds for one standard deviation more of ``age_years`` and of ``madrs_total``.
    site : bool
        Whether the shift of the site applies.
    together : bool
        Whether all variables of the group are missing in the same people (one form).
    """

    variables: tuple[str, ...]
    rate: Annotated[float, Field(gt=0, lt=1)]
    age: float = 0.0
    severity: float = 0.0
    site: bool = False
    together: bool = False


class World(Settings):
    """Everything that is true in the simulated population.

    Parameters
    ----------
    name : str
        Name under which cohorts say where they come from.
    sites : tuple of Site
        The clinics.
    factors : tuple of str
        Latent factors behind the correlations.
    factor_correlations : tuple of (str, str, float)
        Correlations between factors that are not 0.
    variables : dict of str to margin
        Margin and loadings of each variable.
    doses : dict of str to Dose
        Doses by route.
    missing : tuple of MissingGroup
        What is not answered.
    response : Response
        True model of response.
    course : Course
        Scores over time.
    relapse : Relapse
        True model of relapse.
    drop_out : DropOut
        Visits that do not take place.
    """

    name: str
    sites: tuple[Site, ...]
    factors: tuple[str, ...]
    factor_correlations: tuple[tuple[str, str, float], ...] = ()
    variables: dict[str, AnyMargin]
    doses: dict[str, Dose]
    missing: tuple[MissingGroup, ...]
    response: Response
    course: Course
    relapse: Relapse
    drop_out: DropOut

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        """Refuse names that nothing answers to and loadings beyond 1."""
        absent = [variable for variable in NEEDED if variable not in self.variables]
        if absent:
            raise ValueError(f"the world lacks {', '.join(absent)}; give each a margin")
        for variable in MISSINGNESS_DRIVERS:
            never = all(variable not in group.variables for group in self.missing)
            if not (never and isinstance(self.variables[variable], Normal)):
                raise ValueError(f"{variable}: give it a normal margin and leave it answered")
        known = set(self.variables) | set(DERIVED)
        named = [effect.variable for effect in self.response.effects + self.relapse.effects]
        named += [f.variable for i in self.response.interactions for f in (i.first, i.second)]
        named += [variable for group in self.missing for variable in group.variables]
        unknown = sorted(set(named) - known)
        loads = {f for margin in self.variables.values() for f in margin.loads}
        shifts = {f for site in self.sites for f in site.case_mix}
        pairs = {f for first, second, _ in self.factor_correlations for f in (first, second)}
        unknown += sorted((loads | shifts | pairs) - set(self.factors))
        if unknown:
            raise ValueError(f"the world names unknown {', '.join(unknown)}; add or correct them")
        correlation = self.correlation()
        for variable, margin in self.variables.items():
            loading = self.loading(margin)
            if loading @ correlation @ loading > 1:
                raise ValueError(f"{variable}: its loads explain more than all of its variance")
        return self

    def correlation(self) -> np.ndarray:
        """Give the correlation of the latent factors.

        Returns
        -------
        ndarray of shape (n_factors, n_factors)
            In the order of `factors`.
        """
        matrix = np.eye(len(self.factors))
        for first, second, value in self.factor_correlations:
            i, j = self.factors.index(first), self.factors.index(second)
            matrix[i, j] = matrix[j, i] = value
        return matrix

    def loading(self, margin: Margin) -> np.ndarray:
        """Give the loadings of one variable on all factors.

        Parameters
        ----------
        margin : Margin
            One entry of `variables`.

        Returns
        -------
        ndarray of shape (n_factors,)
            In the order of `factors`.
        """
        return np.array([margin.loads.get(factor, 0.0) for factor in self.factors])

    def sha256(self) -> str:
        """Give the fingerprint of the world.

        Returns
        -------
        str
            SHA-256 of its canonical JSON, 64 hexadecimal digits.
        """
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()
