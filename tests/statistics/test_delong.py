"""DeLong's covariance is that of all pairs; its test and intervals keep their level."""

from inspect import unwrap

import numpy as np
import pytest
from scipy.special import logit

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.statistics.delong import auc_logit, auc_wald, delong, paired_delong


def by_all_pairs(scores, target):
    """The definition: O(positives x negatives)."""
    x, y = scores[:, target], scores[:, ~target]
    psi = (x[:, :, None] > y[:, None, :]) + 0.5 * (x[:, :, None] == y[:, None, :])
    s10, s01 = np.atleast_2d(np.cov(psi.mean(axis=2))), np.atleast_2d(np.cov(psi.mean(axis=1)))
    return psi.mean(axis=(1, 2)), s10 / x.shape[1] + s01 / y.shape[1]


@pytest.mark.parametrize("seed", range(5))
def test_covariance_is_that_of_all_pairs(seed):
    generator = np.random.default_rng(seed)
    target = generator.random(70) < 0.3
    scores = generator.normal(size=(3, 70)).round(seed % 2) + target * np.arange(3)[:, None]
    found = delong(scores, target)
    value, covariance = by_all_pairs(scores, target)
    assert found.auc == pytest.approx(value, abs=1e-14)
    assert found.covariance == pytest.approx(covariance, abs=1e-15)
    assert found.auc == pytest.approx([auc(row, target) for row in scores], abs=1e-14)


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external; equal to an independent DeLong
    p, target = idh_external
    found = delong(p[None], target)
    assert found.auc[0] == pytest.approx(0.8363248390158566, abs=1e-14)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.009990972114984101, abs=1e-14)
    wald, by_logit = auc_wald(p, target), auc_logit(p, target)
    assert (wald.low, wald.high) == pytest.approx((0.8167428934999438, 0.8559067845317695))
    assert (by_logit.low, by_logit.high) == pytest.approx((0.8157899165259958, 0.8549775587732628))


def test_paired_test_equals_mlstatkit():
    # origin: MLstatkit 0.1.91, Delong_test on these scores; its z is of B minus A
    generator = np.random.default_rng(7)
    target = generator.random(120) < 0.4
    a = (generator.normal(size=120) + 1.2 * target).round(1)
    b = (generator.normal(size=120) + 0.7 * target + 0.5 * a).round(1)
    found = paired_delong(a, b, target)
    assert (-found.z, found.p) == pytest.approx((1.0615113633447106, 0.28845757153212914))
    for score, limits in (
        (a, (0.7354811238413329, 0.8876608172837036)),
        (b, (0.793355526802879, 0.9294658080849089)),
    ):
        wald = auc_wald(score, target)
        assert (wald.low, wald.high) == pytest.approx(limits, abs=1e-9)


def binormal(generator, n, shift):
    """AUC Φ(shift / √2) of each of two models that share half of their noise."""
    target = np.arange(n) < n // 3
    shared = generator.normal(size=n)
    noise = np.sqrt(0.5) * (shared + generator.normal(size=(2, n)))
    return noise + shift * target, target


def test_equal_models_differ_as_often_as_the_level_says():
    generator = np.random.default_rng(0)
    p = []
    for _ in range(600):
        scores, target = binormal(generator, 90, 1.0)
        p.append(paired_delong(*scores, target).p)
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)  # 3 standard errors: 0.027
    assert np.mean(np.array(p) < 0.5) == pytest.approx(0.5, abs=0.07)


def test_intervals_cover_as_often_as_they_say():
    generator = np.random.default_rng(1)
    truth, inside = 0.7602499389065233, 0  # norm.cdf(1 / sqrt(2))
    for _ in range(400):
        scores, target = binormal(generator, 90, 1.0)
        found = auc_logit(scores[0], target, level=0.9)
        inside += found.low <= truth <= found.high
    assert inside / 400 == pytest.approx(0.9, abs=0.045)  # 3 binomial standard errors


def test_a_planted_difference_is_found_and_turns_around():
    scores, target = binormal(np.random.default_rng(2), 600, 1.0)
    scores[0] += 0.8 * target
    found, turned = paired_delong(*scores, target), paired_delong(*scores[::-1], target)
    assert found.low > 0
    assert found.p < 1e-6
    assert (turned.value, turned.low, turned.z) == (-found.value, -found.high, -found.z)
    assert turned.p == found.p


def test_pairing_narrows_the_interval():
    scores, target = binormal(np.random.default_rng(3), 300, 1.0)
    alone = delong(scores, target).covariance
    paired = paired_delong(*scores, target)
    assert paired.high - paired.low < 0.8 * 2 * 1.96 * np.sqrt(np.trace(alone))


def test_logit_interval_is_symmetric_on_its_scale_and_stays_inside():
    score, target = np.append(np.arange(30.0), 17.5), np.arange(31) > 18
    found = auc_logit(score, target)
    assert found.high < 1 < auc_wald(score, target).high
    middle = (logit(found.low) + logit(found.high)) / 2
    assert middle == pytest.approx(logit(found.value))


def test_what_has_no_value_is_refused():
    x = np.arange(6.0)
    with pytest.raises(UndefinedMetric, match="AUC needs both classes, found 6 positive and 0"):
        delong(x[None], np.ones(6, dtype=bool))
    with pytest.raises(UndefinedMetric, match="two patients of each class, found 1 positive and 5"):
        delong(x[None], x > 4)
    with pytest.raises(UndefinedMetric, match="AUC of 1 has a standard error of 0"):
        auc_logit(x, x > 2)
    with pytest.raises(UndefinedMetric, match="do both models rank every pair alike"):
        paired_delong(x % 4, 2 * (x % 4), x > 2)
    with pytest.raises(ValueError, match="scores of 6 patients and 5 targets"):
        unwrap(delong)(x[None], x[:5] > 2)  # in tests the types refuse it before
    with pytest.raises(ValueError, match=r"level 95.0: expected between 0 and 1"):
        auc_wald(x % 4, x > 2, level=95.0)
