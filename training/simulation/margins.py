"""Margins of simulated variables and how they hang on the latent factors."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """Settings that cannot change and refuse unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Margin(Settings):
    """What every variable of the copula has: how it hangs on the latent factors.

    Parameters
    ----------
    loads : dict of str to float
        Loading on each latent factor (correlation with it when factors are uncorrelated).
    """

    loads: dict[str, float] = Field(default_factory=dict)


class Normal(Margin):
    """A variable with a normal margin, clipped and rounded.

    Parameters
    ----------
    kind : str
        ``normal``.
    mean, sd, low, high : float
        In the unit of the variable.
    digits : int
        Decimal digits kept; 0 gives whole numbers.
    """

    kind: Literal["normal"]
    mean: float
    sd: Annotated[float, Field(gt=0)]
    low: float
    high: float
    digits: int = 0


class Lognormal(Margin):
    """A skewed variable: offset + lognormal, with a share of zeros, clipped and rounded.

    Parameters
    ----------
    kind : str
        ``lognormal``.
    median : float
        Median above the offset, among those who are not zero.
    spread : float
        Standard deviation of the natural logarithm.
    low, high : float
        Ends of the range, in the unit of the variable.
    offset : float
        Added to the lognormal value.
    zero : float
        Share of people at exactly `low`.
    digits : int
        Decimal digits kept; 0 gives whole numbers.
    """

    kind: Literal["lognormal"]
    median: Annotated[float, Field(gt=0)]
    spread: Annotated[float, Field(gt=0)]
    low: float
    high: float
    offset: float = 0.0
    zero: Share = 0.0
    digits: int = 0


class Shares(Margin):
    """A variable of few values; a higher latent value gives a later level.

    Parameters
    ----------
    kind : str
        ``shares``.
    levels : tuple of str or of float
        Texts of a category, or numbers.
    shares : tuple of float
        Share of people at each level; they sum to 1.
    """

    kind: Literal["shares"]
    levels: tuple[str, ...] | tuple[float, ...]
    shares: tuple[Share, ...]

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        """Refuse shares that do not cover everybody once."""
        if len(self.levels) != len(self.shares) or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError("give one share for each level, summing to 1")
        return self


class YesNo(Margin):
    """A yes/no variable; a higher latent value makes "yes" likelier.

    Parameters
    ----------
    kind : str
        ``yes_no``.
    share : float
        Share of people with "yes".
    """

    kind: Literal["yes_no"]
    share: Share


AnyMargin = Annotated[Normal | Lognormal | Shares | YesNo, Field(discriminator="kind")]
