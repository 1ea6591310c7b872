"""Functions of variables that enter the true linear predictors, with their coefficients."""

from __future__ import annotations

from training.simulation.margins import Settings


class Feature(Settings):
    """One function of one variable that enters a linear predictor.

    Parameters
    ----------
    variable : str
        Variable of the complete baseline or of the planned treatment.
    level : str or None
        The feature is 1 at this level (``yes`` for yes/no variables), else 0.
    step : float or None
        The feature is 1 above this value, else 0.
    cap : float or None
        Values above count as this value.
    log : bool
        Whether value and centre pass ``log1p`` first.
    centre, per : float
        The feature is (value - centre) / per.
    square : bool
        Whether (value - centre) / per is squared, less 1.
    """

    variable: str
    level: str | None = None
    step: float | None = None
    cap: float | None = None
    log: bool = False
    centre: float = 0.0
    per: float = 1.0
    square: bool = False


class Effect(Feature):
    """A feature with its true coefficient.

    Parameters
    ----------
    effect : float
        Log-odds (response; above 0 is better) or log-hazard (relapse; above 0 is worse) per
        unit of the feature.
    """

    effect: float


class Interaction(Settings):
    """The product of two features with its true coefficient.

    Parameters
    ----------
    first, second : Feature
        The two factors of the product.
    effect : float
        Log-odds per unit of the product.
    """

    first: Feature
    second: Feature
    effect: float
