"""Nothing to tell gives 0.5, a planted difference is found, and the AUC is what sklearn says."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fusion.errors import UndefinedMetric
from fusion.statistics.c2st import c2st


def test_groups_that_are_alike_are_at_one_half():
    """The interval covers 0.5: of 40 samples, 2 to miss are expected, 7 have a chance of 0.003."""
    missed, values = 0, []
    for seed in range(40):
        random = np.random.default_rng(seed)
        x = random.normal(size=(60, 4)) @ random.normal(size=(4, 6))
        found = c2st(x, random.choice(["a", "b", "c"], 60, p=[0.5, 0.3, 0.2]), seed=seed)
        values.append(found.auc)
        missed += not found.low <= 0.5 <= found.high
    assert missed < 7
    # a standard error of a mean of 40 whose standard deviation is near 0.08
    assert abs(np.mean(values) - 0.5) < 3 * 0.08 / np.sqrt(40)


def test_more_features_than_patients_that_are_alike_are_at_one_half():
    random = np.random.default_rng(1)
    found = c2st(random.normal(size=(60, 300)), np.repeat(["a", "b"], 30), seed=0)
    assert found.low < 0.5 < found.high


def test_a_planted_shift_is_found_and_grows():
    random = np.random.default_rng(0)
    x, group = random.normal(size=(200, 80)), np.repeat(["a", "b"], 100)
    weak, strong = (c2st(x + shift * (group == "a")[:, None], group, seed=0) for shift in (0.3, 1))
    assert weak.auc < strong.auc
    assert weak.low > 0.5
    assert strong.low > 0.95


def test_a_shift_in_one_group_only_is_seen_in_that_group():
    random = np.random.default_rng(0)
    x, group = random.normal(size=(150, 3)), np.repeat(["a", "b", "c"], 50)
    x[group == "b", 0] += 3
    found = c2st(x, group, seed=0)
    assert found.by_group["b"] > 0.95
    # the other two are told from b, and not from each other: half of each one's rest is b
    assert found.by_group["a"] < 0.9


def test_one_feature_of_two_groups_has_the_auc_of_that_feature():
    """A monotone score ranks as its feature, so that only the folds differ from sklearn."""
    random = np.random.default_rng(0)
    group = np.repeat(["a", "b"], 300)
    x = random.normal(size=600) + (group == "b")
    oracle = roc_auc_score(group == "b", x)
    assert c2st(x[:, None], group, seed=0).auc == pytest.approx(oracle, abs=0.01)


def test_scale_and_order_of_columns_do_not_matter():
    random = np.random.default_rng(0)
    x, group = random.normal(size=(80, 3)), np.repeat(["a", "b"], 40)
    plain = c2st(x, group, seed=0).auc
    assert c2st(x[:, ::-1] * [1e6, 1e-6, 5] + 9, group, seed=0).auc == pytest.approx(plain)


def test_small_groups_are_left_out_and_named():
    random = np.random.default_rng(0)
    group = np.array(["a"] * 20 + ["b"] * 20 + ["tiny"] * 4)
    found = c2st(random.normal(size=(44, 2)), group, seed=0)
    assert found.groups == ("a", "b")
    assert found.left_out == ("tiny",)
    assert found.n == 40
    with pytest.raises(UndefinedMetric, match="takes two of 5 patients or more, found 1"):
        c2st(random.normal(size=(24, 2)), group[20:], seed=0)


def test_groups_far_apart_have_an_interval_all_the_same():
    x = np.repeat([0.0, 100.0], 10)[:, None]
    found = c2st(x, np.repeat(["a", "b"], 10), seed=0)
    assert (found.auc, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 10))


def test_what_cannot_be_told_is_refused():
    group = np.repeat(["a", "b"], 10)
    with pytest.raises(UndefinedMetric, match="no feature varies over 20 patients"):
        c2st(np.ones((20, 2)), group, seed=0)
    with pytest.raises(ValueError, match="NaN or infinite"):
        c2st(np.full((20, 2), np.nan), group, seed=0)
    with pytest.raises(ValueError, match="2 folds or more"):
        c2st(np.ones((20, 2)), group, folds=1, seed=0)
