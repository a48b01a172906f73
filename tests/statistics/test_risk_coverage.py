"""Abstention: the curve from its definition, ties by expectation, bounds."""

from inspect import unwrap

import numpy as np
import pytest

from fusion.errors import UndefinedMetric
from fusion.statistics.risk_coverage import aurc, excess_aurc, risk_coverage


def make(seed, n=30):
    generator = np.random.default_rng(seed)
    return generator.random(n), (generator.random(n) < 0.3).astype(float)


def test_curve_from_its_definition():
    confidence, loss = make(0)
    curve = risk_coverage(confidence, loss)
    for share, risk, at in zip(curve.coverage, curve.risk, curve.confidence, strict=True):
        answered = confidence >= at
        assert share == answered.mean()
        assert risk == pytest.approx(loss[answered].mean())
    assert curve.risk[-1] == pytest.approx(loss.mean())


def test_ties_are_the_mean_over_orders():
    confidence, loss = make(1, n=12)
    confidence = confidence.round(1)
    generator, found = np.random.default_rng(0), []
    for _ in range(4000):
        order = np.lexsort((generator.random(12), -confidence))
        found.append(np.mean(np.cumsum(loss[order]) / np.arange(1, 13)))
    error = np.std(found) / np.sqrt(4000)
    assert aurc(confidence, loss) == pytest.approx(np.mean(found), abs=4 * error)


def test_order_of_rows_and_scale_of_confidence_do_not_matter():
    confidence, loss = make(2)
    confidence = confidence.round(1)
    order = np.random.default_rng(0).permutation(30)
    assert aurc(confidence[order], loss[order]) == pytest.approx(aurc(confidence, loss))
    assert aurc(np.exp(confidence), loss) == pytest.approx(aurc(confidence, loss))


def test_bounds():
    confidence, loss = make(3)
    assert excess_aurc(-loss, loss) == 0
    assert excess_aurc(confidence, loss) > 0
    assert aurc(np.zeros(30), loss) == pytest.approx(loss.mean())  # knows nothing
    assert aurc(loss, loss) > loss.mean()  # knows the wrong way round


def test_refusals():
    with pytest.raises(ValueError, match="lengths 2 and 1"):
        unwrap(risk_coverage)(np.array([0.1, 0.2]), np.array([0.1]))
    with pytest.raises(ValueError, match="confidence: 1 of 1 values are NaN"):
        aurc(np.array([np.nan]), np.array([0.0]))
    with pytest.raises(UndefinedMetric, match="no patient"):
        aurc(np.array([]), np.array([]))
