"""Net benefit is that of dcurves, binary and survival, with bands around it."""

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from fusion.errors import UndefinedMetric
from fusion.statistics.decision_curve import decision_curve, decision_curve_survival
from fusion.statistics.draws import drawn_counts
from fusion.statistics.kaplan_meier import resampled_survival
from fusion.statistics.net_benefit import interventions_avoided, net_benefit, treat_all
from fusion.statistics.net_benefit_survival import net_benefit_survival, treat_all_survival

THRESHOLDS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


def cohort(n=400):
    """The data that was given to dcurves; do not change what is drawn, nor in which order."""
    generator = np.random.default_rng(0)
    days = generator.exponential(900, n).round() + 1
    event = generator.random(n) < 0.6
    p = np.clip(1 - np.exp(-500 / (days * generator.gamma(2, 0.5, n) + 50)), 0, 1)
    return p, days, event, generator.random(n) < p


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external; equal to dcurves 1.1.7. Both took
    # 1 - 0.9 for p, which is below 0.1 by one rounding, so three patients at 0.1 are not treated
    p, target = idh_external
    p = np.where(p < 0.5, 1 - (1 - p).round(3), p)
    thresholds = np.array([0.1, 0.2, 0.3, 0.5])
    model = [0.29502513433870686, 0.265470618824753, 0.22828913156526262, 0.16588663546541862]
    everybody = [0.2973941179869417, 0.20956838273530942, 0.09664958026892506, -0.2646905876235049]
    assert net_benefit(p, target, thresholds) == pytest.approx(model, abs=1e-14)
    assert treat_all(target, thresholds) == pytest.approx(everybody, abs=1e-14)


def test_binary_equals_dcurves():
    # origin: dcurves 1.1.7 on `cohort`, net_benefit and net_intervention_avoided (per patient)
    p, _, _, target = cohort()
    found = net_benefit(p, target, THRESHOLDS)
    model = [0.5875, 0.54125, 0.48785714, 0.44083333, 0.375, 0.33625]
    assert found == pytest.approx(model, abs=1e-8)
    avoided = interventions_avoided(found, treat_all(target, THRESHOLDS), THRESHOLDS)
    assert avoided == pytest.approx([1.25, 2.75, 4.66666667, 9.25, 12.0, 17.83333333], abs=1e-6)


def test_survival_equals_dcurves():
    # origin: dcurves 1.1.7 on `cohort`, time=500
    p, days, event, _ = cohort()
    model = [0.16125079, 0.09025652, 0.02359604, -0.02154926, -0.05221501, -0.14591054]
    everybody = [0.1561321, 0.05064862, -0.08497301, -0.26580185, -0.51896221, -0.89870277]
    found = net_benefit_survival(p, days, event, THRESHOLDS, horizon_days=500.0)
    assert found == pytest.approx(model, abs=1e-8)
    found = treat_all_survival(days, event, THRESHOLDS, horizon_days=500.0)
    assert found == pytest.approx(everybody, abs=1e-8)


def test_survival_without_censoring_is_binary():
    p, days, event, _ = cohort()
    found = net_benefit_survival(p, days, event | True, THRESHOLDS, horizon_days=500.0)
    assert found == pytest.approx(net_benefit(p, days <= 500, THRESHOLDS), abs=1e-12)


def test_whoever_is_at_the_threshold_is_treated():
    p, target = np.array([0.2, 0.5]), np.array([False, True])
    assert net_benefit(p, target, np.array([0.5])).tolist() == [0.5]


def test_where_nobody_is_treated_there_is_no_benefit():
    p, days, event, target = cohort()
    low = np.minimum(p, 0.3)
    assert net_benefit(low, target, np.array([0.5])).tolist() == [0.0]
    found = net_benefit_survival(low, days, event, np.array([0.5]), horizon_days=500.0)
    assert found.tolist() == [0.0]


def test_true_probabilities_are_never_worse_than_a_default_policy():
    generator = np.random.default_rng(1)
    p = generator.beta(2, 4, 40_000)
    target = generator.random(40_000) < p
    best_default = np.maximum(treat_all(target, THRESHOLDS), 0)
    assert (net_benefit(p, target, THRESHOLDS) > best_default - 0.003).all()  # 1 standard error


@pytest.mark.parametrize("seed", range(3))
def test_kaplan_meier_equals_lifelines_in_every_resample(seed):
    generator = np.random.default_rng(seed)
    days, event = generator.integers(1, 12, 40).astype(float), generator.random(40) < 0.5
    survival = resampled_survival(days, event, 7.0)
    (counts,) = drawn_counts(40, 20, seed, None)
    for value, row in zip(survival(counts), counts, strict=True):
        rows = np.repeat(np.arange(40), row)
        oracle = KaplanMeierFitter().fit(days[rows], event[rows])
        assert value == pytest.approx(float(oracle.predict(7.0)), abs=1e-12)


def test_kaplan_meier_before_the_first_and_after_the_last_day():
    days, event = np.array([3.0, 5.0]), np.array([True, False])
    once = np.ones((1, 2), dtype=int)
    assert resampled_survival(days, event, 1.0)(once).tolist() == [1.0]
    assert resampled_survival(days, event, 5.0)(once).tolist() == [0.5]
    assert np.isnan(resampled_survival(days, event, 5.1)(once)).all()
    assert resampled_survival(days, event | True, 9.0)(once).tolist() == [0.0]


def test_bands_are_those_of_a_loop_over_resamples():
    p, days, event, target = cohort(n=60)
    (counts,) = drawn_counts(60, 40, 3, None)
    again = [np.repeat(np.arange(60), row) for row in counts]
    few = THRESHOLDS[:3]
    curve = decision_curve(p, target, few, draws=40, seed=3)
    model = np.array([net_benefit(p[r], target[r], few) for r in again])
    everybody = np.array([treat_all(target[r], few) for r in again])
    for band, values in (
        (curve.model, model),
        (curve.treat_all, everybody),
        (curve.advantage, model - np.maximum(everybody, 0)),
    ):
        assert band.low == pytest.approx(np.quantile(values, 0.025, axis=0), abs=1e-12)
        assert band.high == pytest.approx(np.quantile(values, 0.975, axis=0), abs=1e-12)
    curve = decision_curve_survival(p, days, event, few, horizon_days=300.0, draws=40, seed=3)
    model = np.array(
        [net_benefit_survival(p[r], days[r], event[r], few, horizon_days=300.0) for r in again]
    )
    assert curve.model.low == pytest.approx(np.quantile(model, 0.025, axis=0), abs=1e-12)
    assert curve.undefined.tolist() == [0, 0, 0]


def test_bands_narrow_with_patients_and_hold_the_value():
    p, _, _, target = cohort()
    curve = decision_curve(p, target, THRESHOLDS, draws=200, seed=0)
    assert ((curve.model.low < curve.model.value) & (curve.model.value < curve.model.high)).all()
    rows = np.repeat(np.arange(400), 4)
    loose = decision_curve(p[rows], target[rows], THRESHOLDS, draws=200, seed=0)
    whole = decision_curve(p[rows], target[rows], THRESHOLDS, draws=200, seed=0, groups=rows)
    assert whole.model.high == pytest.approx(curve.model.high, abs=1e-12)
    assert (loose.model.high - loose.model.low < 0.7 * (whole.model.high - whole.model.low)).all()


def test_lost_resamples_are_counted():
    # one patient of ten is followed up to the horizon: (9/10)^10 of resamples lack him
    p, days = np.full(10, 0.5), np.append(np.arange(1.0, 10.0), 20.0)
    curve = decision_curve_survival(
        p, days, days < 6, np.array([0.2]), horizon_days=15.0, draws=400, seed=0
    )
    assert curve.undefined[0] / 400 == pytest.approx(0.9**10, abs=0.07)


def test_what_has_no_value_is_refused():
    p, days, event, target = cohort()
    for bad in ([0.0, 0.5], [0.5, 1.0]):
        with pytest.raises(ValueError, match=r"thresholds from .* expected above 0 and below 1"):
            net_benefit(p, target, np.array(bad))
    with pytest.raises(UndefinedMetric, match="net benefit: no threshold"):
        net_benefit(p, target, np.array([]))
    with pytest.raises(UndefinedMetric, match="no patient"):
        treat_all(target[:0], THRESHOLDS)
    late = {"horizon_days": 9e4}
    message = (
        r"threshold 0.1: the \d+ patients treated are followed up to day \d+ only, the horizon"
    )
    with pytest.raises(UndefinedMetric, match=message):
        net_benefit_survival(p, days, event & (days < 900), THRESHOLDS, **late)
    with pytest.raises(UndefinedMetric, match=r"threshold 0.1: whoever is treated is not followed"):
        decision_curve_survival(p, days, event & (days < 900), THRESHOLDS, draws=2, seed=0, **late)
