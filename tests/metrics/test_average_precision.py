"""Average precision is scikit-learn's, and refuses what has no value."""

import numpy as np
import pytest

from fusion.errors import UndefinedMetric
from fusion.metrics.average_precision import average_precision


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external
    assert average_precision(*idh_external) == pytest.approx(0.7471876426527398, abs=1e-14)


def test_steps_are_those_of_the_definition():
    generator = np.random.default_rng(0)
    score, target = generator.random(60).round(1), generator.random(60) < 0.3
    total, before = 0.0, 0.0
    for threshold in np.unique(score)[::-1]:
        called = score >= threshold
        recall = (called & target).sum() / target.sum()
        total += (recall - before) * (called & target).sum() / called.sum()
        before = recall
    assert average_precision(score, target) == pytest.approx(total, abs=1e-14)


@pytest.mark.parametrize(
    ("value", "counts"), [(True, "3 positive and 0"), (False, "0 positive and 3")]
)
def test_one_class_is_refused(value, counts):
    with pytest.raises(UndefinedMetric, match=f"needs both classes, found {counts} negative"):
        average_precision(np.arange(3.0), np.full(3, value))
