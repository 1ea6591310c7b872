"""What the checklists may know of a run, and the form of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.evaluation import Choice, Sentinel, sites_of
from training.findings import Findings
from training.learners import SEARCHED, learner_named
from training.metrics.intervals import Estimate

REPORTED, IN_PART, NOT_DONE = "reported", "in part", "not done"
YES, PROBABLY_YES, PROBABLY_NO, NO = "yes", "probably yes", "probably no", "no"
NO_INFORMATION, NOT_APPLICABLE = "no information", "not applicable"
PERSON = "only a person knows"

VERDICTS = (
    REPORTED,
    IN_PART,
    NOT_DONE,
    YES,
    PROBABLY_YES,
    PROBABLY_NO,
    NO,
    NO_INFORMATION,
    NOT_APPLICABLE,
    PERSON,
)
"""All of them: three of TRIPOD+AI, those of PROBAST+AI, and what no run can say."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a run says on one item.

    Parameters
    ----------
    verdict : str
        One of the constants of this file.
    words : str
        Why, or what; a sentence without a capital and a full stop.
    """

    verdict: str
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """A run as the fillers of checklists look at it.

    Parameters
    ----------
    findings : Findings
        Numbers of the run.
    sections : mapping of str to str
        Anchor to title of the sections that are on the report.
    """

    findings: Findings
    sections: Mapping[str, str]

    def has(self, anchor: str) -> bool:
        """Tell whether a section is on the report.

        Parameters
        ----------
        anchor : str
            As in its links.

        Returns
        -------
        bool
            True where it is.
        """
        return anchor in self.sections

    @property
    def people(self) -> int:
        """People analysed."""
        return len(self.findings.analysis.groups)

    @property
    def events(self) -> int:
        """Those of them with the event."""
        return int(self.findings.analysis.outcome.events.sum())

    @property
    def is_relapse(self) -> bool:
        """Whether a time is predicted."""
        return self.findings.config.task == "relapse"

    @property
    def is_simulated(self) -> bool:
        """Whether the people do not exist."""
        return self.findings.cohort.origin == "simulated"

    @property
    def choice(self) -> Choice | None:
        """What was chosen."""
        return self.findings.choice

    @property
    def metrics(self) -> Mapping[str, Estimate]:
        """Measures of the chosen learner; empty where nothing was chosen."""
        choice = self.findings.choice
        return {} if choice is None else self.findings.metrics[choice.learner.name]

    @property
    def unevaluated(self) -> str:
        """Why nothing could be chosen; empty where something was."""
        if self.choice is not None:
            return ""
        return f"nothing could be evaluated: {self.findings.reason or 'no learner was chosen'}"

    @property
    def unobserved(self) -> int:
        """Eligible people whose outcome is not known; non-responders to relapse are known."""
        reasons = self.findings.cohort.outcome.missing_reason
        return sum(reason not in (None, "not_a_responder") for reason in reasons)

    @property
    def missing_share(self) -> float:
        """Share of the answers of candidate predictors that are missing, in [0, 1]."""
        analysis = self.findings.analysis
        cells = [analysis.values[variable.id] for variable in analysis.variables]
        return float(np.mean(np.isnan(np.array(cells)))) if cells and self.people else 0.0

    @property
    def failed(self) -> Mapping[str, Sentinel]:
        """Guards that failed, by name."""
        return {name: s for name, s in self.findings.sentinels.items() if not s.passed}

    @property
    def trees(self) -> bool:
        """Whether a learner was tried that has trees."""
        names, task = self.findings.config.candidates, self.findings.analysis.task
        return any(learner_named(name, task).kind in SEARCHED for name in names)

    @property
    def curves(self) -> bool:
        """Whether a learner was tried whose effects of numbers may bend."""
        names, task = self.findings.config.candidates, self.findings.analysis.task
        return any(learner_named(name, task).bends for name in names)

    @property
    def no_sites(self) -> str:
        """Why no site was predicted from the others; empty where sites were."""
        if self.findings.internal_external is not None:
            return ""
        if self.choice is None:
            return self.unevaluated
        cohort = self.findings.cohort
        sites = cohort.rows.select(cohort.analysed).sites
        return sites_of(self.findings.analysis.outcome, sites).reason or "no site was left out"
