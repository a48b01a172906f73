"""Groups: the plain metrics group by group, planted gaps, no group dropped."""

from inspect import unwrap

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.statistics.bands import age_bands
from fusion.statistics.fairness import fairness
from fusion.statistics.group_gap import gap, interval
from fusion.statistics.group_measures import MEASURES, calibration_in_the_large


def cohort(seed, n=900, *, harm=0.0, shift=0.0):
    """A calibrated model; group B gets noise and predictions that are too low, where asked."""
    generator = np.random.default_rng(seed)
    group = generator.choice(["A", "B", "C"], n, p=[0.4, 0.4, 0.2])
    lp = 1.5 * generator.normal(size=n) - 0.5
    target = generator.random(n) < expit(lp)
    b = group == "B"
    return expit(lp + b * (harm * generator.normal(size=n) - shift)), target, group


def test_values_are_those_of_each_group_by_itself():
    p, target, group = cohort(0)
    found = fairness(p, target, group, threshold=0.3, draws=20, seed=0)
    assert [g.name for g in found.groups] == ["A", "B", "C"]
    for g in found.groups:
        q, y = p[group == g.name], target[group == g.name]
        fit = sm.GLM(y.astype(float), np.ones(len(y)), sm.families.Binomial(), offset=logit(q))
        chosen = q >= 0.3
        expected = {
            "AUC": auc(q, y),
            "TPR": (chosen & y).sum() / y.sum(),
            "FPR": (chosen & ~y).sum() / (~y).sum(),
            "calibration in the large": fit.fit().params[0],
            "net benefit": ((chosen & y).sum() - (chosen & ~y).sum() * 0.3 / 0.7) / len(y),
        }
        assert (g.n, g.positives) == (len(y), y.sum())
        assert {k: v.value for k, v in g.measures.items()} == pytest.approx(expected, abs=1e-8)


def test_calibration_by_newton_equals_a_glm_in_every_resample():
    generator = np.random.default_rng(0)
    p, y = generator.random(60) ** 4, generator.random(60) < 0.6  # far off: the steps are large
    counts = generator.multinomial(60, np.full(60, 1 / 60), size=20)
    found = calibration_in_the_large(p, y, 0.5)(counts)
    for row, value in zip(counts, found, strict=True):
        i = np.repeat(np.arange(60), row)
        offset = logit(np.clip(p[i], 1e-6, 1 - 1e-6))
        fit = sm.GLM(y[i].astype(float), np.ones(60), sm.families.Binomial(), offset=offset).fit()
        assert value == pytest.approx(fit.params[0], abs=1e-6)


def test_calibration_without_both_classes_has_no_value():
    solve = calibration_in_the_large(np.array([0.0, 0.5, 1.0]), np.array([True, False, True]), 0.5)
    assert np.isnan(solve(np.array([[2, 0, 1], [0, 3, 0]]))).all()


def test_a_planted_harm_is_found_and_named():
    found = fairness(*cohort(1, harm=3.0, shift=1.0), threshold=0.4, draws=200, seed=0)
    gaps = {g.measure: g for g in found.gaps}
    assert list(gaps) == list(MEASURES)
    for name in ("AUC", "TPR", "calibration in the large"):
        assert gaps[name].worst == "B"
        assert gaps[name].p < 0.02
        assert gaps[name].low > 0
    assert gaps["calibration in the large"].highest == "B"  # predicted too low


def test_where_groups_do_not_matter_p_is_uniform_enough():
    small = np.zeros(5)
    for seed in range(30):
        p, target, group = cohort(seed, n=200)
        gaps = fairness(p, target, group, threshold=0.4, minimum=5, draws=60, seed=seed).gaps
        small += [g.p < 0.1 for g in gaps]
    # 0.1 of 30 and three binomial standard errors of 0.055
    assert (small / 30 <= 0.265).all()


def test_intervals_cover_the_truth():
    inside = 0
    for seed in range(40):
        p, target, group = cohort(seed, n=300)
        found = fairness(p, target, group, threshold=0.4, minimum=5, draws=120, seed=seed)
        about = found.groups[0].measures["calibration in the large"]
        inside += about.low <= 0 <= about.high
    assert inside / 40 >= 0.84  # 0.95 less three standard errors of 0.035


def test_small_groups_are_reported_and_take_no_part():
    p, target, group = cohort(2)
    group = np.where(np.arange(len(p)) < 6, "rare", group)
    found = fairness(p, target, group, threshold=0.4, draws=50, seed=0)
    rare = next(g for g in found.groups if g.name == "rare")
    assert rare.n == 6
    assert rare.measures == {}
    assert "of one class, fewer than 10" in rare.too_small
    assert sum(g.n for g in found.groups) == len(p)
    assert "rare" not in {name for g in found.gaps for name in (g.worst, g.lowest, g.highest)}
    alone = fairness(p, target, np.full(len(p), "all"), threshold=0.4, draws=50, seed=0)
    assert alone.gaps == ()


def test_same_seed_same_numbers_and_rows_in_any_order_same_values():
    p, target, group = cohort(3, n=300)
    a = fairness(p, target, group, threshold=0.4, draws=50, seed=0)
    assert fairness(p, target, group, threshold=0.4, draws=50, seed=0) == a
    order = np.random.default_rng(0).permutation(300)
    b = fairness(p[order], target[order], group[order], threshold=0.4, draws=50, seed=0)
    assert [g.value for g in b.gaps] == pytest.approx([g.value for g in a.gaps])


def test_ages_become_bands():
    bands = age_bands(np.array([0.0, 18.0, 64.9, 65.0, np.nan]), [18, 65])
    assert bands.tolist() == ["under 18", "18 to 64", "18 to 64", "65 and over", "not known"]
    with pytest.raises(ValueError, match=r"edges \[60, 40\]: expected one or more, increasing"):
        age_bands(np.array([1.0]), [60, 40])
    with pytest.raises(ValueError, match=r"edges \[\]"):
        age_bands(np.array([1.0]), [])
    with pytest.raises(ValueError, match=r"age -1.0 in row 1"):
        age_bands(np.array([1.0, -1.0]), [40])


def test_refusals():
    p, target, group = cohort(0, n=50)
    options = {"threshold": 0.5, "draws": 10, "seed": 0}
    with pytest.raises(ValueError, match="lengths 50, 50 and 49"):
        unwrap(fairness)(p, target, group[1:], **options)
    with pytest.raises(ValueError, match=r"probabilities run from .* expected 0 to 1"):
        fairness(p + 1, target, group, **options)
    with pytest.raises(ValueError, match="probability: 1 of 50 values are NaN"):
        fairness(np.where(np.arange(50) == 3, np.nan, p), target, group, **options)
    with pytest.raises(ValueError, match=r"threshold 1.0 and minimum 10"):
        fairness(p, target, group, threshold=1.0, draws=10, seed=0)
    with pytest.raises(ValueError, match=r"threshold 0.5 and minimum 0"):
        fairness(p, target, group, minimum=0, **options)
    with pytest.raises(UndefinedMetric, match="probability: no patient"):
        fairness(p[:0], target[:0], group[:0], **options)
    with pytest.raises(UndefinedMetric, match="a value in none of 3 resamples"):
        interval(0.0, np.full(3, np.nan), 0.95)
    one = {"A": 0.0, "B": 1.0}
    with pytest.raises(ValueError, match="worst 'best': not a known rule"):
        unwrap(gap)("x", one, one, np.zeros(1), worst="best", level=0.95)
