"""The integrated Brier score equals scikit-survival's; competing events keep it honest."""

import numpy as np
import pytest
from sksurv.metrics import integrated_brier_score
from sksurv.util import Surv

from fusion.metrics.brier import against_competing, brier_survival
from fusion.metrics.censoring import Censoring
from fusion.metrics.integrated_brier import integrated_brier


def table(seed, n=250):
    generator = np.random.default_rng(seed)
    time = generator.integers(1, 60, n).astype(float)
    return time, generator.random(n) < 0.5


@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_survival(seed):
    train_time, train_event = table(seed + 50)
    train_time[0], train_event[0] = 61.0, True
    time, event = table(seed)
    days = np.array([3.0, 10.0, 31.5, 50.0])
    survival = np.sort(np.random.default_rng(seed).random((len(time), 4)), axis=1)[:, ::-1]
    train, test = (Surv.from_arrays(e, t) for e, t in ((train_event, train_time), (event, time)))
    curve = Censoring.fit(train_time, train_event)
    found = integrated_brier(survival, time, event, days=days, censoring=curve)
    assert found == pytest.approx(integrated_brier_score(train, test, survival, days), rel=1e-12)


def test_days_must_ascend():
    time, event = table(0)
    curve, survival = Censoring.fit(time, event), np.ones((len(time), 2))
    for days in ([5.0, 5.0], [7.0]):
        at = np.array(days)
        with pytest.raises(ValueError, match="expected two or more, ascending"):
            integrated_brier(survival[:, : len(at)], time, event, days=at, censoring=curve)


def test_competing_events_are_event_free_for_ever():
    """Graf's score of the cumulative incidence, written as a loop."""
    generator = np.random.default_rng(4)
    time, cause = generator.integers(1, 60, 120).astype(float), generator.integers(0, 3, 120)
    survival, day = generator.random(120), 25.0
    curve = Censoring.fit(time, cause > 0)
    total = 0.0
    for s, t, c in zip(survival, time, cause, strict=True):
        if t > day:
            total += (1 - s) ** 2 / curve(np.array([day]))[0]
        elif c:
            total += ((0 if c == 1 else 1) - s) ** 2 / curve(np.array([t]))[0]
    given = against_competing(survival, time, cause == 2, day)
    found = brier_survival(given, time, cause > 0, horizon_days=day, censoring=curve)
    assert found == pytest.approx(total / 120, rel=1e-12)


def test_the_true_incidence_has_the_best_score_on_average():
    """Two constant hazards, and censoring: predicting 1 - CIF beats predicting net survival."""
    generator = np.random.default_rng(5)
    n, day = 20_000, 1.0
    died = generator.exponential(1 / 1.5, n)
    cause = np.where(generator.random(n) < 0.5 / 1.5, 1, 2)
    last = generator.uniform(0.2, 3, n)
    time, cause = np.minimum(died, last), np.where(died <= last, cause, 0)
    curve = Censoring.fit(time, cause > 0)
    incidence = (1 - np.exp(-1.5)) / 3

    def score(survival):
        given = against_competing(np.full(n, survival), time, cause == 2, day)
        return brier_survival(given, time, cause > 0, horizon_days=day, censoring=curve)

    # of a constant prediction p the score is variance plus (p - truth)^2
    assert score(np.exp(-0.5)) - score(1 - incidence) == pytest.approx(
        (np.exp(-0.5) - (1 - incidence)) ** 2, abs=0.003
    )
