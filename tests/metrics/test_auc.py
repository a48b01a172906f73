"""AUC equals the share of pairs, scikit-learn's value, and a golden one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc, macro_auc


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_equals_the_share_of_pairs(rows):
    score, target = (np.array(column) for column in zip(*rows, strict=True))
    if target.all() or not target.any():
        with pytest.raises(UndefinedMetric, match="AUC needs both classes, found"):
            auc(score.astype(float), target)
        return
    above = score[target][:, None] - score[~target]
    expected = ((above > 0) + 0.5 * (above == 0)).mean()
    assert auc(score.astype(float), target) == pytest.approx(expected, abs=1e-14)


def test_equals_scikit_learn():
    generator = np.random.default_rng(0)
    score, target = generator.random(1000).round(2), generator.random(1000) < 0.3
    assert auc(score, target) == pytest.approx(roc_auc_score(target, score), abs=1e-13)


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external
    p, target = idh_external
    assert auc(p, target) == pytest.approx(0.8363248390158566, abs=1e-13)
    both = np.stack([1 - p, p], axis=1).round(3)
    assert macro_auc(both, target.astype(int)) == pytest.approx(0.8363248390158566, abs=1e-13)


def test_macro_equals_scikit_learn_over_all_classes():
    generator = np.random.default_rng(1)
    p = generator.dirichlet(np.ones(4), 300)
    target = generator.integers(0, 4, 300)
    expected = roc_auc_score(target, p, multi_class="ovr", average="macro")
    assert macro_auc(p, target) == pytest.approx(expected, abs=1e-13)


def test_macro_leaves_out_a_class_that_does_not_occur():
    generator = np.random.default_rng(2)
    p = generator.dirichlet(np.ones(3), 100)
    target = generator.integers(0, 2, 100)
    expected = (auc(p[:, 0], target == 0) + auc(p[:, 1], target == 1)) / 2
    assert macro_auc(p, target) == expected


def test_one_class_is_undefined():
    with pytest.raises(UndefinedMetric, match=r"AUC needs two classes, found 1 among 3 patients"):
        macro_auc(np.full((3, 2), 0.5), np.array([1, 1, 1]))


def test_class_out_of_range_is_refused():
    with pytest.raises(ValueError, match="classes run from 0 to 2, expected 0 to 1"):
        macro_auc(np.full((3, 2), 0.5), np.array([0, 1, 2]))


def test_noise_has_no_skill():
    generator = np.random.default_rng(3)
    # standard error 1 / sqrt(12 * 1000) = 0.009
    assert auc(generator.random(4000), np.arange(4000) % 2 == 0) == pytest.approx(0.5, abs=0.03)
