"""The censoring curve is Kaplan-Meier's with the roles exchanged."""

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from fusion.errors import UndefinedMetric
from fusion.metrics.censoring import Censoring


def test_equals_lifelines_where_no_day_has_both():
    generator = np.random.default_rng(0)
    event = generator.random(200) < 0.5
    time = generator.integers(1, 30, 200) * 2.0 + event  # events on odd days only
    fitted = KaplanMeierFitter().fit(time, ~event)
    days = np.arange(0.0, time.max())
    expected = fitted.survival_function_at_times(days).to_numpy()
    assert np.allclose(Censoring.fit(time, event)(days), expected, atol=1e-14)


def test_on_one_day_events_come_first():
    curve = Censoring.fit(np.array([3.0, 3.0, 5.0]), np.array([True, False, True]))
    assert curve(np.array([2.9, 3.0])).tolist() == [1.0, 0.5]  # 1 of the 2 who were left


def test_beyond_the_follow_up_is_undefined():
    curve = Censoring.fit(np.array([3.0]), np.array([True]))
    with pytest.raises(UndefinedMetric, match="day 4 is beyond the 3 days"):
        curve(np.array([1.0, 4.0]))
