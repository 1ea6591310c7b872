"""Rating scales in which outcomes are measured: their ranges and bands of severity.

A total outside its scale's range is an input error. Bands describe people in tables; no outcome
depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from predictor.dictionary import Dictionary


@dataclass(frozen=True, slots=True)
class Scale:
    """One rating scale; on all of them a higher total is worse.

    Parameters
    ----------
    id : str
        Name in the column ``instrument`` of the visits table.
    label : str
        What a clinician reads.
    low, high : float
        Lowest and highest possible total.
    bands : tuple of tuple
        Pairs (name of the band, lowest total in it), rising.
    """

    id: str
    label: str
    low: float
    high: float
    bands: tuple[tuple[str, float], ...] = ()

    @property
    def variable(self) -> str:
        """Id of the variable that holds the total at baseline."""
        return f"{self.id}_total"

    def band_of(self, total: float) -> str:
        """Name the band of severity of a total.

        Parameters
        ----------
        total : float
            A total of this scale; NaN where it is not known.

        Returns
        -------
        str
            Such as ``"moderate (20-34)"``; ``"not known"`` for NaN, ``"any"`` without bands.
        """
        if total != total:  # noqa: PLR0124 - NaN is the one value unequal to itself
            return "not known"
        return next((b for b in reversed(self.band_names) if total >= self._start(b)), "any")

    @property
    def band_names(self) -> tuple[str, ...]:
        """Names of the bands with their totals, rising."""
        starts = [start for _, start in self.bands]
        ends = [start - 1 for start in starts[1:]] + [self.high]
        return tuple(
            f"{name} ({start:g}-{end:g})"
            for (name, start), end in zip(self.bands, ends, strict=False)
        )

    def _start(self, band: str) -> float:
        """Lowest total of a band."""
        return self.bands[self.band_names.index(band)][1]


# Bands: Snaith cut-points (MADRS), PMC3436964 (HAM-D17), IDS/QIDS interpretation table, Kroenke
# 2001 (PHQ-9), Beck 1996 (BDI-II), Spitzer 2006 (GAD-7).
SCALES: Mapping[str, Scale] = {
    scale.id: scale
    for scale in (
        Scale(
            "madrs", "MADRS", 0, 60, (("none", 0), ("mild", 7), ("moderate", 20), ("severe", 35))
        ),
        Scale(
            "hamd17",
            "HAM-D17",
            0,
            52,
            (("none", 0), ("mild", 8), ("moderate", 14), ("severe", 19), ("very severe", 23)),
        ),
        Scale(
            "qids_sr16",
            "QIDS-SR16",
            0,
            27,
            (("none", 0), ("mild", 6), ("moderate", 11), ("severe", 16), ("very severe", 21)),
        ),
        Scale(
            "phq9",
            "PHQ-9",
            0,
            27,
            (
                ("none or minimal", 0),
                ("mild", 5),
                ("moderate", 10),
                ("moderately severe", 15),
                ("severe", 20),
            ),
        ),
        Scale(
            "bdi2",
            "BDI-II",
            0,
            63,
            (("minimal", 0), ("mild", 14), ("moderate", 20), ("severe", 29)),
        ),
        Scale(
            "gad7", "GAD-7", 0, 21, (("minimal", 0), ("mild", 5), ("moderate", 10), ("severe", 15))
        ),
        Scale("smfq", "sMFQ", 0, 26),
    )
}


AFTER_A_DOSE: Mapping[str, tuple[float, float]] = {"cadss": (0, 92)}
"""Scales rated after doses, of which no outcome is made: lowest and highest total. CADSS of 23
subjective items, each 0 to 4; the form with items of an observer goes higher."""


def scale_ranges(dictionary: Dictionary) -> dict[str, tuple[float, float]]:
    """List the instruments that a visits table may hold, with the range of their totals.

    Parameters
    ----------
    dictionary : Dictionary
        Each variable ``X_total`` with a hard range makes ``X`` an instrument, beside `SCALES`
        and `AFTER_A_DOSE`.

    Returns
    -------
    dict of str to tuple of float
        Lowest and highest total of each instrument.
    """
    ranges = {scale.id: (scale.low, scale.high) for scale in SCALES.values()} | dict(AFTER_A_DOSE)
    for variable in dictionary.variables:
        if variable.id.endswith("_total") and variable.hard_range is not None:
            ranges[variable.id.removesuffix("_total")] = variable.hard_range
    return ranges
