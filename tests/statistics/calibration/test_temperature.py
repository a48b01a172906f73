"""The temperature is the best of all, and the planted one."""

import numpy as np
import pytest
from scipy.special import softmax

from fusion.errors import UndefinedMetric
from fusion.statistics.calibration.temperature import temperature, with_temperature


def planted(seed, n, true):
    generator = np.random.default_rng(seed)
    logits = 2 * generator.normal(size=(n, 3))
    cumulative = softmax(logits / true, axis=1).cumsum(axis=1)
    return logits, (generator.random((n, 1)) > cumulative).sum(axis=1)


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_planted_temperature_is_recovered(true):
    assert temperature(*planted(0, 20_000, true)) == pytest.approx(true, rel=0.04)


def test_no_other_temperature_is_better():
    logits, target = planted(1, 200, 1.7)

    def loss(t):
        return -np.log(with_temperature(logits, t)[np.arange(200), target]).mean()

    best = temperature(logits, target)
    grid = np.geomspace(0.05, 50, 500)
    assert loss(best) <= min(loss(t) for t in grid)
    assert loss(best) < loss(best * 1.01)
    assert loss(best) < loss(best / 1.01)


def test_the_likeliest_class_stays_and_a_shift_of_logits_does_not_matter():
    logits, target = planted(2, 100, 2.0)
    best = temperature(logits, target)
    assert (with_temperature(logits, best).argmax(1) == logits.argmax(1)).all()
    assert temperature(logits + 1e3, target) == pytest.approx(best, rel=1e-5)


def test_no_minimum_is_refused():
    logits, _ = planted(0, 30, 1.0)
    with pytest.raises(UndefinedMetric, match="are all classified rightly, or no better"):
        temperature(logits, logits.argmax(axis=1))
    with pytest.raises(UndefinedMetric, match="are all classified rightly, or no better"):
        temperature(logits, logits.argmin(axis=1))
    with pytest.raises(ValueError, match="expected 0 to 2"):
        temperature(logits, np.full(30, 3))
    with pytest.raises(UndefinedMetric, match="no patient"):
        temperature(logits[:0], np.zeros(0, dtype=int))
