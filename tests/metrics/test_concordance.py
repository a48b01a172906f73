"""Harrell's C counts the pairs that the definition names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.utils import concordance_index
from sksurv.datasets import load_veterans_lung_cancer
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import concordance_index_censored
from sksurv.preprocessing import OneHotEncoder

from fusion.errors import UndefinedMetric
from fusion.metrics.concordance import Pairs, concordance_pairs, harrell_c


def brute_force(risk, time, event):
    concordant = discordant = tied = 0
    for i in range(len(risk)):
        for j in range(len(risk)):
            if event[i] and (time[j] > time[i] or (time[j] == time[i] and not event[j])):
                concordant += risk[i] > risk[j]
                discordant += risk[i] < risk[j]
                tied += risk[i] == risk[j]
    return Pairs(concordant, discordant, tied)


rows = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(-4, 4)), min_size=1, max_size=40
)


@settings(max_examples=200, deadline=None)
@given(rows)
def test_pairs_equal_brute_force(rows):
    time, event, risk = (np.array(column) for column in zip(*rows, strict=True))
    pairs = concordance_pairs(risk.astype(float), time.astype(float), event)
    assert pairs == brute_force(risk, time, event)


@pytest.mark.parametrize("n", [2, 63, 64, 65, 500])
def test_equals_scikit_survival_and_lifelines(n):
    generator = np.random.default_rng(n)
    risk = generator.normal(size=n).round(1)
    time = generator.integers(1, max(3, n // 5), n).astype(float)
    event = generator.random(n) < 0.6
    event[time.argmin()] = True
    time[time.argmax()] += 1.0
    value, concordant, discordant, tied, _ = concordance_index_censored(event, time, risk)
    assert concordance_pairs(risk, time, event) == (concordant, discordant, tied)
    assert harrell_c(risk, time, event) == value
    assert harrell_c(risk, time, event) == pytest.approx(concordance_index(time, -risk, event))


@pytest.mark.parametrize("day", [1.0, 0.25, 1e4])
def test_units_of_time_do_not_matter(day):
    # whole days are counted, others sorted; both with ties of risks and of days
    generator = np.random.default_rng(0)
    risk, event = generator.normal(size=1500).round(2), generator.random(1500) < 0.5
    time = generator.integers(1, 700, 1500).astype(float)
    oracle = concordance_index_censored(event, time, risk, tied_tol=0)[1:4]
    assert concordance_pairs(risk, day * time - 3, event) == oracle


def test_golden_veterans():
    # origin: scikit-survival 0.28's veterans data and Cox model with Efron ties,
    # shared/golden/golden2.json veterans_coxph_efron
    x, y = load_veterans_lung_cancer()
    x = OneHotEncoder().fit_transform(x)
    risk = CoxPHSurvivalAnalysis(ties="efron").fit(x, y).predict(x)
    time, event = y["Survival_in_days"].astype(float), y["Status"]
    assert concordance_pairs(risk, time, event) == (6480, 2324, 0)
    assert harrell_c(risk, time, event) == pytest.approx(0.7360290776919582, abs=1e-12)


def test_noise_has_no_skill():
    generator = np.random.default_rng(0)
    time, event = generator.exponential(size=4000), generator.random(4000) < 0.7
    # the standard error at this size is about 0.006
    assert harrell_c(generator.normal(size=4000), time, event) == pytest.approx(0.5, abs=0.02)


def test_reversing_the_risk_reverses_the_index():
    generator = np.random.default_rng(1)
    risk, time = generator.integers(0, 9, 100).astype(float), generator.random(100).round(1)
    event = generator.random(100) < 0.5
    assert harrell_c(risk, time, event) + harrell_c(-risk, time, event) == pytest.approx(1.0)


@pytest.mark.parametrize("event", [[False, False, False], [True, True, True], [False, False, True]])
def test_no_comparable_pair_is_undefined(event):
    time = np.array([5.0, 5.0, 5.0]) if all(event) else np.array([1.0, 2.0, 3.0])
    with pytest.raises(UndefinedMetric, match="no comparable pair among 3 patients with"):
        harrell_c(np.arange(3.0), time, np.array(event))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(bad):
    good, event = np.arange(3.0), np.ones(3, dtype=bool)
    spoilt = np.array([0.0, bad, 1.0])
    with pytest.raises(ValueError, match=r"risk: 1 of 3 values are NaN or infinite.*row 1"):
        harrell_c(spoilt, good, event)
    with pytest.raises(ValueError, match=r"time_days: 1 of 3 values"):
        harrell_c(good, spoilt, event)


def test_no_patient_is_undefined():
    with pytest.raises(UndefinedMetric, match="risk: no patient"):
        harrell_c(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
