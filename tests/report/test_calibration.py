"""Planted miscalibration is named, and none where there is none."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from fusion.errors import UndefinedMetric
from fusion.report.calibration_points import calibration_points
from fusion.report.calibration_rows import FEW, calibration_rows
from fusion.report.calibration_survival import observed_by, survival_calibration_rows
from fusion.report.calibration_table import calibration_sheets
from fusion.report.outcome import outcomes
from fusion.report.task_scores import TaskScores
from fusion.report.tasks import TaskInfo
from fusion.report.update_gain import cross_fitted, update_rows
from fusion.statistics.calibration.update import NONE, update_intercept

IDH = TaskInfo("idh", "classification", classes=("no", "yes"))
OS = TaskInfo("os", "survival", horizons_days=(365.0,))
GRADE = TaskInfo("grade", "ordinal", classes=("2", "3", "4"))


def truth(n, seed=0):
    """True probabilities, and what happened."""
    generator = np.random.default_rng(seed)
    p = expit(generator.normal(size=n))
    return p, generator.random(n) < p


def case_of(*frames, task=IDH, baseline=None):
    return TaskScores.read(pd.concat(frames), task, model="fusion", baseline=baseline)


def found(rows, measure, group="all", part="external"):
    return next(r for r in rows if (r.measure, r.group, r.part) == (measure, group, part))


def test_planted_miscalibration_is_named_and_the_truth_is_not(yes_or_no):
    p, happened = truth(1500, seed=2)  # 95 % of the seeds would do
    too_extreme = expit(2 * logit(p) + 1)  # slope 1/2, and too high
    right = case_of(yes_or_no(p, happened, part="external"))
    wrong = case_of(yes_or_no(too_extreme, happened, part="external"))
    rows = list(calibration_rows(right, draws=20, seed=0))
    assert found(rows, "slope").low < 1 < found(rows, "slope").high
    assert found(rows, "in the large").low < 0 < found(rows, "in the large").high
    assert found(rows, "O:E").low < 1 < found(rows, "O:E").high
    assert found(rows, "Spiegelhalter p").value > 0.05
    bad = list(calibration_rows(wrong, draws=20, seed=0))
    assert found(bad, "slope").low < 0.5 < found(bad, "slope").high < 1
    assert found(bad, "in the large").high < 0
    assert found(bad, "O:E").high < 1
    assert found(bad, "Spiegelhalter p").value < 1e-6
    for measure in ("ECE", "MCE", "ICI", "E50", "E90", "Brier"):
        assert found(bad, measure).value > found(rows, measure).value
    assert found(bad, "scaled Brier").value < found(rows, "scaled Brier").value


def test_a_centre_of_few_is_named_without_numbers(yes_or_no):
    p, happened = truth(120)
    center = np.where(np.arange(120) < 15, "small", "large")
    case = case_of(yes_or_no(p, happened, part="external", center=center))
    rows = list(calibration_rows(case, draws=5, seed=0))
    assert found(rows, "slope", "small").value is None
    assert {r.reason for r in rows if r.group == "small"} == {FEW}
    assert found(rows, "slope", "large").value is not None
    (table, update) = calibration_sheets(case, draws=5, seed=0)
    blocks = {b.name: b for b in table.table.blocks}
    assert [c.text for c in blocks["small"].lines[0].cells[2:]] == ["–"] * 8
    assert len(table.data) == len(rows)
    assert [line.name for line in update.table.blocks[0].lines] == ["large", "small"]


def test_grades_add_up_and_survival_is_turned_around(time_to_event):
    values = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    who = {"model": "fusion", "patient_id": ["a", "b"], "center": "A", "cohort": "c"}
    who |= {"part": "test", "task": "grade", "event": np.nan}
    truths = {"2": [0.0, 1.0], "3": [1.0, 0.0], "4": [0.0, 0.0]}
    frame = pd.concat(
        pd.DataFrame({**who, "class": name, "value": values[:, i], "target": t})
        for i, (name, t) in enumerate(truths.items())
    )
    scores = case_of(frame, task=GRADE).of("fusion", "test")
    above, four = outcomes(GRADE)
    np.testing.assert_allclose(above.probability(scores), [0.8, 0.0])
    assert above.happened(scores).tolist() == [True, False]
    assert four.happened(scores).tolist() == [False, False]
    alive = np.array([0.9, 0.4])
    frame = time_to_event(np.zeros(2), [400, 100], [0, 1], alive=alive, part="test")
    (by_day,) = outcomes(OS)
    scores = case_of(frame, task=OS).of("fusion", "test")
    np.testing.assert_allclose(by_day.probability(scores), 1 - alive)


def test_survival_that_is_predicted_too_long_is_named(time_to_event):
    generator = np.random.default_rng(1)
    n = 600
    rate = np.exp(0.5 * generator.normal(size=n)) / 900
    death, last = generator.exponential(1 / rate), generator.uniform(200, 2000, n)
    time, event = np.minimum(death, last), death <= last
    for factor, right in ((1.0, True), (0.6, False)):
        alive = np.exp(-365 * factor * rate)
        frame = time_to_event(np.log(rate), time, event, alive=alive, part="external")
        rows = list(survival_calibration_rows(case_of(frame, task=OS)))
        ratio = found(rows, "O:E")
        assert (ratio.low < 1 < ratio.high) == right
        assert ratio.low > 1 or right
        assert found(rows, "observed").value == pytest.approx(
            1 - np.exp(-365 * rate).mean(), abs=0.05
        )


def test_observed_survival_is_greenwoods_by_hand():
    """Freireich's 6-MP arm: S(10) = 0.753, standard error 0.0963 (Kalbfleisch and Prentice)."""
    days = np.array(
        [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35.0]
    )
    event = np.arange(21) < 9
    seen = observed_by(days, event, 10.0)
    assert 1 - seen.value == pytest.approx(0.7529, abs=5e-4)
    assert seen.se == pytest.approx(0.0963, abs=5e-4)
    with pytest.raises(UndefinedMetric, match="nobody is followed up to day 99"):
        observed_by(days, event, 99.0)


def test_what_updating_gains_where_it_is_called_for_and_not_elsewhere(yes_or_no):
    p, happened = truth(800, seed=3)
    center = np.repeat(["high", "right"], 400)
    told = np.where(center == "high", expit(logit(p) + 1.5), p)
    case = case_of(yes_or_no(told, happened, part="external", center=center))
    rows = {(r.group, r.measure): r for r in update_rows(case, draws=100, seed=0)}
    assert rows["high", "intercept"].high < 0
    assert rows["high", "intercept and slope"].high < 0
    assert abs(rows["right", "intercept"].value) < 0.002
    assert rows["high", "as it came"].value == pytest.approx(
        np.mean((told - happened)[center == "high"] ** 2)
    )
    assert ("all", "intercept") in rows


def test_nobody_is_judged_by_an_update_that_he_took_part_in():
    p, happened = truth(50, seed=4)
    fitted = []

    def rung(some, truth_of_some):
        fitted.append(set(some.tolist()))
        return NONE

    loss = cross_fitted(rung, p, happened, seed=0, repeats=3)
    np.testing.assert_allclose(loss, (p - happened) ** 2)
    for a, b in zip(fitted[::2], fitted[1::2], strict=True):
        assert not a & b
        assert a | b == set(p.tolist())
    assert (
        cross_fitted(update_intercept, p, happened, seed=0).tolist()
        == cross_fitted(update_intercept, p, happened, seed=0).tolist()
    )


def test_the_figure_is_drawn_from_groups_a_curve_and_every_patient(yes_or_no):
    p, happened = truth(200, seed=5)
    frames = [yes_or_no(p, happened, part="external", model=m) for m in ("fusion", "clinical")]
    data = calibration_points(case_of(*frames, baseline="clinical"), draws=10, seed=0)
    mine = data[data["curve"] == "fusion"]
    groups = mine[mine["kind"] == "group"]
    assert groups["n"].sum() == 200
    assert groups["predicted"].is_monotonic_increasing
    assert np.average(groups["observed"], weights=groups["n"]) == pytest.approx(happened.mean())
    bars = mine[mine["kind"] == "histogram"]
    assert (bars["positive"].sum(), bars["negative"].sum()) == (happened.sum(), (~happened).sum())
    curve = mine[mine["kind"] == "curve"]
    assert (curve["low"] <= curve["high"]).all()
    other = data[(data["curve"] == "clinical") & (data["kind"] == "curve")]
    assert other["low"].isna().all()
