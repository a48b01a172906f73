"""Pooling: metafor's numbers on the BCG trials, the golden values over centres, and recovery."""

import json
from inspect import unwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from statsmodels.stats.meta_analysis import combine_effects

from fusion.errors import UndefinedMetric
from fusion.statistics.center_auc import center_aucs, pool_aucs
from fusion.statistics.heterogeneity import (
    cochran_q,
    dersimonian_laird,
    i_squared,
    q_profile,
    restricted_maximum_likelihood,
)
from fusion.statistics.placements import placements
from fusion.statistics.pool import pool, pool_logit

SHARED = Path(__file__).resolve().parents[2] / "../shared"
CSV = SHARED / "data/external_predictions/mri_gnp.csv"
GOLDEN = SHARED / "golden/metrics_golden.json"


def bcg():
    """Log risk ratios of 13 trials of a vaccine (Colditz et al. 1994): metafor's dat.bcg."""
    a = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27])
    b = np.array([119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886])
    c = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29])
    d = np.array([128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825])
    estimates = np.log(a / (a + b)) - np.log(c / (c + d))
    return estimates, np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_dersimonian_laird_as_metafor_has_it():
    # metafor, tests/testthat/test_misc_confint.r: rma(yi, vi, method="DL") on dat.bcg
    found = pool(*bcg(), heterogeneity="DL", interval="wald")
    assert np.exp([found.value, found.low, found.high]) == pytest.approx(
        [0.4896, 0.3449, 0.6950], abs=5e-5
    )
    assert [found.tau2, found.tau2_low, found.tau2_high] == pytest.approx(
        [0.3088, 0.1197, 1.1115], abs=5e-5
    )
    assert found.i2 == pytest.approx(0.921173, abs=5e-7)


def test_reml_with_hartung_knapp_as_metafor_has_it():
    # printed by rma(yi, vi, test="knha") on dat.bcg: tau² .3132, Q 152.2330, -0.7145 (SE 0.1808)
    found = pool(*bcg())
    assert (round(found.tau2, 4), round(found.q, 4)) == (0.3132, 152.2330)
    assert (round(found.value, 4), round(found.se, 4)) == (-0.7145, 0.1808)


@pytest.mark.parametrize("interval", ["wald", "hartung-knapp"])
def test_dersimonian_laird_equals_statsmodels(interval):
    y, se = bcg()
    oracle = combine_effects(y, se**2, method_re="dl", use_t=interval == "hartung-knapp")
    found = pool(y, se, heterogeneity="DL", interval=interval)
    assert (found.tau2, found.q, found.i2) == pytest.approx((oracle.tau2, oracle.q, oracle.i2))
    if interval == "wald":
        low, high = oracle.conf_int(use_t=False)[1]
    else:  # its third interval has the variance of Hartung and Knapp
        low, high = oracle.conf_int(use_t=True)[3]
    assert (found.low, found.high) == pytest.approx((low, high))


def test_reml_is_where_the_restricted_likelihood_is_highest():
    # the restricted likelihood is the likelihood with the mean integrated out; do so by quadrature
    generator = np.random.default_rng(0)
    y, se = generator.normal(size=6), generator.uniform(0.2, 1.0, 6)

    def loss(tau2):
        sd = np.sqrt(se**2 + tau2)

        def likelihood(mean):
            return np.prod(np.exp(-(((y - mean) / sd) ** 2) / 2) / sd)

        return -np.log(quad(likelihood, -15, 15, points=[y.mean()], limit=200)[0])

    brute = minimize_scalar(loss, bounds=(0, 10), method="bounded", options={"xatol": 1e-8}).x
    assert restricted_maximum_likelihood(y, se) == pytest.approx(brute, abs=1e-5)


def test_estimators_agree_where_centres_are_equally_sure():
    # with one standard error both are the variance of the estimates less its square
    y, se = np.random.default_rng(1).normal(size=9) * 2, np.full(9, 0.5)
    plain = y.var(ddof=1) - 0.25
    assert dersimonian_laird(y, se) == pytest.approx(plain)
    assert restricted_maximum_likelihood(y, se) == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_reml_keeps_its_digits_on_any_scale(scale):
    y, se = bcg()
    found = restricted_maximum_likelihood(y * scale, se * scale)
    assert found / scale**2 == pytest.approx(restricted_maximum_likelihood(y, se), rel=1e-4)


def test_centres_that_agree_have_no_variance():
    y, se = np.array([0.5, 0.5, 0.5]), np.array([0.1, 0.2, 0.3])
    found = pool(y, se, interval="wald")
    assert (found.tau2, found.i2, found.q, found.tau2_low, found.tau2_high) == (0, 0, 0, 0, 0)
    assert found.se == pytest.approx(np.sum(se**-2.0) ** -0.5)
    assert (found.value, found.q_p) == (pytest.approx(0.5), 1.0)


def test_q_at_the_ends_of_its_profile_is_at_the_quantiles():
    y, se = bcg()
    low, high = q_profile(y, se, level=0.9)
    assert cochran_q(y, se, tau2=low) == pytest.approx(21.026, abs=1e-3)  # chi² table, 12 df, .95
    assert cochran_q(y, se, tau2=high) == pytest.approx(5.226, abs=1e-3)  # and .05
    assert i_squared(0.0, 4) == 0.0


def test_two_centres_have_no_prediction_interval():
    found = pool(np.array([0.0, 1.0]), np.array([0.2, 0.2]))
    assert found.predicted_low is None
    assert found.predicted_high is None
    logit = pool_logit(np.array([0.7, 0.8]), np.array([0.02, 0.02]))
    assert logit.predicted_low is None


def test_intervals_cover_the_mean_and_a_new_centre():
    generator = np.random.default_rng(0)
    runs, k, mean, new = 150, 15, 0, 0
    for _ in range(runs):
        truths = 1.0 + 0.5 * generator.normal(size=k + 1)
        se = generator.uniform(0.1, 0.4, k)
        found = pool(truths[:k] + se * generator.normal(size=k), se, heterogeneity="DL")
        mean += found.low <= 1.0 <= found.high
        new += found.predicted_low <= truths[k] <= found.predicted_high
    # 0.95 within three binomial standard errors of 0.018
    assert mean / runs >= 0.896
    assert new / runs >= 0.896


def test_on_the_logit_scale_it_mirrors():
    y, se = np.array([0.7, 0.8, 0.95]), np.array([0.03, 0.02, 0.01])
    up, down = pool_logit(y, se), pool_logit(1 - y, se)
    assert up.value == pytest.approx(1 - down.value)
    assert (up.low, up.predicted_low) == pytest.approx((1 - down.high, 1 - down.predicted_high))


def test_what_cannot_be_pooled_is_refused():
    one = np.array([0.5])
    with pytest.raises(UndefinedMetric, match="needs two centres or more, found 1"):
        pool(one, one)
    with pytest.raises(ValueError, match="2 estimates and 1 standard errors"):
        unwrap(pool)(np.array([0.5, 0.6]), one)  # without the types, which say so in tests
    with pytest.raises(ValueError, match=r"standard error 0.0 of centre 1: expected above 0"):
        pool(np.array([0.5, 0.6]), np.array([0.1, 0.0]))
    with pytest.raises(ValueError, match=r"level 1.0: expected between"):
        pool(np.array([0.5, 0.6]), np.array([0.1, 0.1]), level=1.0)
    with pytest.raises(UndefinedMetric, match=r"estimate 1.0 of centre 1 has no logit"):
        pool_logit(np.array([0.5, 1.0]), np.array([0.1, 0.1]))


def test_placements_equal_all_pairs():
    generator = np.random.default_rng(0)
    score, target = generator.integers(0, 6, 40).astype(float), generator.random(40) < 0.4
    sign = np.sign(score[:, None] - score) * np.where(target, 1, -1)[:, None]
    wins = np.where(target[:, None] != target, (sign + 1) / 2, 0).sum(axis=1)
    others = np.where(target, (~target).sum(), target.sum())
    assert placements(score, target) == pytest.approx(wins / others)
    with pytest.raises(UndefinedMetric, match="found 2 positive and 0 negative"):
        placements(np.array([0.1, 0.2]), np.array([True, True]))


def cohort(seed, sizes):
    generator = np.random.default_rng(seed)
    center = np.repeat([f"C{i}" for i in range(len(sizes))], sizes)
    target = generator.random(len(center)) < 0.5
    return generator.normal(size=len(center)) + 1.2 * target, target, center


def test_no_centre_is_dropped_in_silence():
    score, target, center = cohort(0, [60, 60, 60, 6])
    score[center == "C1"] = np.where(target[center == "C1"], 9.0, -9.0)
    target[center == "C2"] = True
    found = {c.center: c for c in center_aucs(score, target, center)}
    assert sum(c.n for c in found.values()) == len(score)
    assert found["C0"].left_out == ""
    assert found["C1"].value == 1.0
    assert found["C1"].left_out == "AUC of 1 has a standard error of 0"
    assert found["C2"].value is None
    assert found["C2"].left_out.startswith("60 positive and 0 negative patients")
    assert "fewer than 10 of each" in found["C3"].left_out
    with pytest.raises(UndefinedMetric, match=r"1 can be used \(C1: AUC of 1 has"):
        pool_aucs(list(found.values()))


def test_rows_and_names_of_centres_do_not_matter():
    score, target, center = cohort(1, [50, 70, 90])
    order = np.random.default_rng(0).permutation(len(score))
    a = pool_aucs(center_aucs(score, target, center))
    b = pool_aucs(center_aucs(score[order], target[order], center[order]))
    assert (a.value, a.low, a.predicted_low) == pytest.approx((b.value, b.low, b.predicted_low))


def test_centres_refuse_bad_input():
    score, target, center = cohort(0, [20, 20])
    with pytest.raises(ValueError, match="lengths 40, 40 and 39"):
        unwrap(center_aucs)(score, target, center[1:])
    with pytest.raises(ValueError, match="minimum 1: a standard error takes 2"):
        center_aucs(score, target, center, minimum=1)


@pytest.fixture(scope="module")
def idh():
    if not (CSV.exists() and GOLDEN.exists()):
        pytest.skip(f"no {CSV}: the external predictions are not on this machine")
    table = pd.read_csv(CSV, encoding="utf-8-sig")
    table = table[(table["data_split"] == "External") & (table["task"] == "IDH")]
    # the column is the probability of the predicted class
    p = table["prediction_probability"].where(
        table["prediction"] == "yes", 1 - table["prediction_probability"]
    )
    return p.to_numpy(), table["label"].eq("yes").to_numpy(), table["center_code"].to_numpy(str)


def test_golden_values_over_real_centres(idh):
    golden = json.loads(GOLDEN.read_text())["idh_external"]
    centers = center_aucs(*idh)
    used = {c.center: c for c in centers if not c.left_out}
    assert sorted(used) == sorted(c["centre"] for c in golden["centres"])
    for expected in golden["centres"]:
        found = used[expected["centre"]]
        assert (found.n, found.positives) == (expected["n"], expected["pos"])
        assert found.value == pytest.approx(expected["auc"], abs=1e-12)
        assert found.se**2 == pytest.approx(expected["var"], abs=1e-12)
    pooled, meta = pool_aucs(centers, heterogeneity="DL", interval="wald"), golden["meta"]
    assert pooled.centers == meta["k"]
    assert [pooled.q, pooled.tau2, pooled.i2, pooled.value] == pytest.approx(
        [meta["Q"], meta["tau2_DL"], meta["I2"], meta["pooled"]], abs=1e-12
    )
    assert [pooled.low, pooled.high] == pytest.approx(meta["ci"], abs=1e-9)
    assert [pooled.predicted_low, pooled.predicted_high] == pytest.approx(
        meta["pred_int"], abs=1e-9
    )
    assert (round(pooled.value, 5), round(pooled.predicted_low, 3)) == (0.83628, 0.717)
