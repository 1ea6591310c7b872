"""People drawn from a known law, as every test of the evaluation reads them."""

import numpy as np
import pytest

from predictor.dictionary import Variable
from training.evaluation import Analysis
from training.fitting import Outcome

VARIABLES = (
    *(Variable(f"v{i}", f"V{i}", "number", "g", "s", hard_range=(-99, 99)) for i in range(4)),
    Variable("route", "Route", "category", "g", "s", levels=("iv", "im", "sc")),
)


@pytest.fixture
def draw():
    """Gives a cohort whose outcome follows `v0` as strongly as asked."""

    def drawn(*, n=120, effect=1.2, seed=3, task="response", ordered=False):
        rng = np.random.default_rng(seed)
        values = {f"v{i}": rng.normal(size=n) for i in range(4)}
        values["route"] = rng.choice(3, n, p=[0.5, 0.3, 0.2]).astype(float)
        signal = effect * values["v0"]
        if task == "response":
            outcome = Outcome((rng.random(n) < 1 / (1 + np.exp(-signal))).astype(float))
        else:
            days = np.ceil(rng.exponential(90 * np.exp(-signal)))
            left = np.ceil(rng.uniform(30, 300, n))
            outcome = Outcome((days <= left).astype(float), np.minimum(days, left))
        values["v1"][rng.random(n) < 0.2] = np.nan
        order = np.argsort(outcome.events, kind="stable") if ordered else np.arange(n)
        return Analysis(
            values={variable: answers[order] for variable, answers in values.items()},
            variables=VARIABLES,
            declared=VARIABLES[:2],
            severity=VARIABLES[3:4],
            outcome=outcome.take(order),
            groups=tuple(f"p{i}" for i in order),
        )

    return drawn
