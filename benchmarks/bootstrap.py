"""Bootstrap of AUC and C by counts against loops over the resamples, on the same draws.

Run ``python benchmarks/bootstrap.py``; takes under a minute. The loops run a tenth of the
resamples and are scaled up.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import roc_auc_score

from training.metrics.binary import auroc
from training.metrics.bootstrap import bootstrap_auc, bootstrap_c
from training.metrics.survival import harrell_c

N, N_BOOT, SHARE = 500, 2000, 10
LARGE = (5_000, 10_000, 20_000, 40_000, 80_000)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Take the best of a few runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def people(rng: np.random.Generator, n: int) -> tuple[np.ndarray, ...]:
    """Draw outcomes, probabilities, follow-up and events."""
    margin = rng.normal(-0.4, 1.0, n)
    p = 1 / (1 + np.exp(-margin))
    y = (rng.random(n) < p).astype(float)
    time_to, leaves = rng.exponential(90 * np.exp(-margin)), rng.uniform(10, 250, n)
    return y, p, np.minimum(time_to, leaves), (time_to <= leaves).astype(float)


def c_by_pairs(days: np.ndarray, events: np.ndarray, risk: np.ndarray) -> float:
    """Compute C from all pairs, as its definition reads."""
    known = (events == 1)[:, None] & (
        (days > days[:, None]) | ((days == days[:, None]) & (events == 0))
    )
    won = (risk[:, None] > risk) + 0.5 * (risk[:, None] == risk)
    return float((known * won).sum() / known.sum())


def main() -> None:
    y, p, days, events = people(np.random.default_rng(1), N)

    def loop(measure: Callable[..., float], *arrays: np.ndarray) -> Callable[[], list[float]]:
        rng = np.random.default_rng(2)
        chosen = rng.integers(N, size=(N_BOOT // SHARE, N))
        return lambda: [measure(*(array[i] for array in arrays)) for i in chosen]

    auc = seconds(lambda: bootstrap_auc(y, p, N_BOOT, np.random.default_rng(2)))
    c = seconds(lambda: bootstrap_c(days, events, p, N_BOOT, np.random.default_rng(2)))
    some = bootstrap_auc(y, p, N_BOOT, np.random.default_rng(2))[: N_BOOT // SHARE]
    assert np.allclose(some, loop(roc_auc_score, y, p)(), atol=1e-12)
    some = bootstrap_c(days, events, p, N_BOOT, np.random.default_rng(2))[: N_BOOT // SHARE]
    assert np.allclose(some, loop(c_by_pairs, days, events, p)(), atol=1e-6)

    print(f"{N_BOOT} resamples of {N} people")
    print(f"AUC by counts: {auc:.3f} s;  C by counts: {c:.3f} s")
    loops = {
        "AUC, loop over scikit-learn's roc_auc_score": (loop(roc_auc_score, y, p), auc),
        "AUC, loop over our own auroc": (loop(auroc, y, p), auc),
        "C, loop over all pairs in numpy": (loop(c_by_pairs, days, events, p), c),
        "C, loop over our own harrell_c (n log2 n)": (loop(harrell_c, days, events, p), c),
    }
    for name, (work, ours) in loops.items():
        took = seconds(work, 2) * SHARE
        print(f"{name}: {took:.2f} s, ratio {took / ours:.0f}")
    for n in LARGE:
        y, p, days, events = people(np.random.default_rng(1), n)
        plain = [seconds(lambda: auroc(y, p)), seconds(lambda: harrell_c(days, events, p))]  # noqa: B023 - timed at once
        print(f"one value at n = {n}: AUC {1e3 * plain[0]:.1f} ms, C {1e3 * plain[1]:.1f} ms")


if __name__ == "__main__":
    main()
