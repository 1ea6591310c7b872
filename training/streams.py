"""The random streams of a run: one for each use, so that a new use changes no number of another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Stream = np.random.Generator


class Streams(NamedTuple):
    """One stream for each use; new ones stand last.

    Parameters
    ----------
    folds, measures, fit, sites, again, guards : numpy.random.Generator
        Splits; intervals of measures; the final fit; sites left out; the procedure repeated in
        resamples; guards.
    rule, pairs, mix, groups, lost, points, control, landmarks, alerts : numpy.random.Generator
        Intervals of the published rule; paired differences; case mix of sites; subgroups;
        outcomes not observed; points; untreated people; landmarks; alerts at follow-up visits.
    definitions : numpy.random.Generator
        Other definitions of the outcome.
    """

    folds: Stream
    measures: Stream
    fit: Stream
    sites: Stream
    again: Stream
    guards: Stream
    rule: Stream
    pairs: Stream
    mix: Stream
    groups: Stream
    lost: Stream
    points: Stream
    control: Stream
    landmarks: Stream
    alerts: Stream
    definitions: Stream


def streams_of(seed: int) -> Streams:
    """Open the streams of a seed.

    Parameters
    ----------
    seed : int
        Of the run, at least 0.

    Returns
    -------
    Streams
        Independent of one another; the same for the same seed.
    """
    return Streams(*np.random.default_rng(seed).spawn(len(Streams._fields)))
