"""The dynamic AUC equals scikit-survival's and its definition, competing events included."""

import numpy as np
import pytest
from sksurv.metrics import cumulative_dynamic_auc
from sksurv.util import Surv

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.metrics.censoring import Censoring
from fusion.metrics.dynamic_auc import dynamic_auc, integrated_dynamic_auc


def table(seed, n=250):
    generator = np.random.default_rng(seed)
    time = generator.integers(1, 60, n).astype(float)
    risk = (generator.normal(size=n) - time / 30).round(1)
    return risk, time, generator.random(n) < 0.5, np.zeros(n, dtype=bool)


@pytest.mark.parametrize("seed", range(4))
def test_equals_scikit_survival(seed):
    _, train_time, train_event, _ = table(seed + 50)
    train_time[0], train_event[0] = 61.0, True
    risk, time, event, nobody = table(seed)
    curve, days = Censoring.fit(train_time, train_event), np.array([5.0, 17.5, 40.0, 50.0])
    train, test = (Surv.from_arrays(e, t) for e, t in ((train_event, train_time), (event, time)))
    expected, mean = cumulative_dynamic_auc(train, test, risk, days)
    found = [
        dynamic_auc(risk, time, event, nobody, horizon_days=day, censoring=curve) for day in days
    ]
    assert found == pytest.approx(expected, rel=1e-12)
    scores = np.repeat(risk[:, None], len(days), axis=1)
    found = integrated_dynamic_auc(scores, time, event, days=days, censoring=curve)
    assert found == pytest.approx(mean, rel=1e-12)


def test_competing_events_are_controls_of_their_own_weight():
    risk, time, event, _ = table(7, n=80)
    other = ~event & (np.random.default_rng(8).random(80) < 0.5)
    curve, day = Censoring.fit(time, event | other), 30.0
    above = pairs = 0.0
    for i in np.flatnonzero(event & (time <= day)):
        for j in range(80):
            if time[j] <= day and not other[j]:
                continue
            weight = 1 / curve(time[[i]])[0] / curve(np.minimum(time[[j]], day))[0]
            above += weight * ((risk[i] > risk[j]) + (risk[i] == risk[j]) / 2)
            pairs += weight
    found = dynamic_auc(risk, time, event, other, horizon_days=day, censoring=curve)
    assert found == pytest.approx(above / pairs, rel=1e-12)


def test_without_censoring_it_is_the_plain_auc():
    risk, time, _, nobody = table(1)
    event = ~nobody
    curve = Censoring.fit(time, event)
    found = dynamic_auc(risk, time, event, nobody, horizon_days=20.0, censoring=curve)
    assert found == pytest.approx(auc(risk, time <= 20.0), abs=1e-14)


def test_undefined():
    risk, time, event, nobody = table(2)
    curve = Censoring.fit(time, event)
    with pytest.raises(UndefinedMetric, match=r"AUC at day 0.5 needs patients .* found 0 and 250"):
        dynamic_auc(risk, time, event, nobody, horizon_days=0.5, censoring=curve)
    with pytest.raises(UndefinedMetric, match="day 99 is beyond the 59 days"):
        dynamic_auc(risk, time, event, nobody, horizon_days=99.0, censoring=curve)
    scores = risk[:, None]
    with pytest.raises(UndefinedMetric, match="mean AUC: no event by day"):
        integrated_dynamic_auc(scores, time, event, days=np.array([0.5]), censoring=curve)
