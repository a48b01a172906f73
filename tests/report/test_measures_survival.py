"""Metrics of survival in a report: which, on whom, with which censoring."""

import numpy as np
import pandas as pd
import pytest
from sksurv.metrics import (
    concordance_index_ipcw,
    cumulative_dynamic_auc,
    integrated_brier_score,
)
from sksurv.util import Surv

from fusion.errors import PredictionsError
from fusion.metrics.brier import against_competing, brier_survival
from fusion.metrics.censoring import Censoring
from fusion.report.censoring import censoring
from fusion.report.evaluate import evaluate
from fusion.report.measures_survival import D_CALIBRATION
from fusion.report.metrics_file import Metrics
from fusion.report.results_tables import at_horizons, results
from fusion.report.scores import scores
from fusion.report.tasks import Cause, TaskInfo

HORIZONS, CURVE = (200.0, 400.0), (50.0, 100.0, 300.0)
TASK = TaskInfo("os", "survival", horizons_days=HORIZONS, curve_days=CURVE)


def rows(task=TASK, seed=0, n=260, model="fusion", wrong=1.0):
    """True curves of constant hazards, their hazard times `wrong`."""
    generator = np.random.default_rng(seed)
    risk = generator.normal(size=n)
    died = generator.exponential(300 / np.exp(risk))
    last = generator.uniform(100, 900, n)
    time = np.ceil(np.minimum(died, last))
    event = (died <= last).astype(float)
    event[1], time[1] = 1.0, 901.0  # an oracle wants test times within the training's
    if task.cause is not None:
        event = np.where((event == 1) & (generator.random(n) < 0.4), 2.0, event)
    part = np.where(np.arange(n) % 3 > 0, "train", "external")
    who = pd.DataFrame({"patient_id": [f"p{i:03d}" for i in range(n)], "part": part})
    who = who.assign(model=model, center="A", cohort="c", task=task.name, target=time, event=event)
    hazard = wrong * np.exp(risk) / 300
    values = {"risk": risk} | {c: np.exp(-float(c[9:]) * hazard) for c in task.columns[1:]}
    return pd.concat([who.assign(**{"class": c, "value": v}) for c, v in values.items()])


def measured(table, task=TASK, **more):
    return Metrics(tuple(evaluate(table, [task], draws=20, seed=0, **more)), 20, 0)


@pytest.fixture(scope="module")
def table():
    return rows()


@pytest.fixture(scope="module")
def metrics(table):
    return measured(table)


def value(metrics, name, part="external"):
    return metrics.one(model="fusion", metric=name, part=part).value


def test_numbers_are_scikit_survivals_with_censoring_of_training_patients(table, metrics):
    found = scores(table, TASK, "fusion")
    inside = [found.take((found.who["part"] == part).to_numpy()) for part in ("train", "external")]
    train, test = (Surv.from_arrays(s.event == 1, s.target) for s in inside)
    risk = inside[1].values[:, 0]
    uno = concordance_index_ipcw(train, test, risk, tau=400.0)[0]
    assert value(metrics, "Uno's C to 400 days") == pytest.approx(uno, rel=1e-9)
    aucs = cumulative_dynamic_auc(train, test, risk, HORIZONS)[0]
    for day, expected in zip(HORIZONS, aucs, strict=True):
        assert value(metrics, f"AUC at {day:g} days") == pytest.approx(expected, rel=1e-9)
    columns = [TASK.columns.index(f"survival_{d:g}") for d in TASK.curve]
    ibs = integrated_brier_score(train, test, inside[1].values[:, columns], TASK.curve)
    assert value(metrics, "integrated Brier to 400 days") == pytest.approx(ibs, rel=1e-9)
    for row in metrics.rows:
        if row.metric != D_CALIBRATION and row.value is not None:
            assert row.low <= row.value <= row.high


def test_d_calibration_tells_true_curves_from_wrong_ones(metrics):
    assert value(metrics, D_CALIBRATION) > 0.01
    assert value(measured(rows(wrong=2.5)), D_CALIBRATION) < 1e-3


def test_d_calibration_is_a_p_value_and_has_neither_interval_nor_difference(table):
    both = pd.concat([table, rows(model="clinical")])
    found = [r for r in measured(both).rows if r.metric == D_CALIBRATION]
    assert found
    assert all(r.versus is None and r.low is None for r in found)


def test_of_single_centres_there_is_no_metric_of_the_curve(metrics):
    at_center = {r.metric for r in metrics.rows if r.center != "all"}
    assert at_center == {"C-index", "Brier at 200 days", "Brier at 400 days"}


def test_censoring_that_travelled_gives_the_same_numbers(table, metrics):
    outside = table[table["part"] == "external"]
    alone = measured(outside)
    assert value(alone, "Uno's C to 400 days") is None
    row = alone.one(model="fusion", metric="Brier at 200 days", part="external")
    assert row.reason == "no training patients to estimate censoring from"
    brought = {t: Censoring.of(c.state()) for t, c in censoring(table, [TASK]).items()}
    again = measured(outside, brought=brought)
    for name in dict.fromkeys(r.metric for r in metrics.rows):
        assert value(again, name) == value(metrics, name), name


def test_without_a_curve_the_metrics_of_it_are_left_out(table):
    plain = TaskInfo("os", "survival", horizons_days=HORIZONS)
    few = table[table["class"].isin(plain.columns)]
    names = {r.metric for r in measured(few, plain).rows}
    assert not [n for n in names if n.startswith(("integrated", "D-cal"))]


def test_tables_keep_single_days_apart(metrics):
    first, second = results(metrics, TASK), at_horizons(metrics, TASK)
    assert [c for c in first.columns if c not in ("Model", "Patients", "Events")] == [
        "C-index",
        "Uno's C to 400 days",
        "Integrated Brier to 400 days",
    ]
    assert second.columns[1:3] == ("AUC at 200 days", "AUC at 400 days")
    assert second.columns[-1] == D_CALIBRATION


def test_competing_events_are_neither_censored_nor_the_event():
    task = TaskInfo(
        "death_tumour",
        "survival",
        horizons_days=HORIZONS,
        curve_days=CURVE,
        cause=Cause("death", "tumour", 1),
    )
    table = rows(task)
    metrics = measured(table, task)
    names = {r.metric for r in metrics.rows}
    assert D_CALIBRATION not in names
    assert not [n for n in names if n.startswith("Uno")]
    found = scores(table, task, "fusion")
    train, test = (
        found.take((found.who["part"] == part).to_numpy()) for part in ("train", "external")
    )
    curve = Censoring.fit(train.target, train.event > 0)
    given = against_competing(test.values[:, 1], test.target, test.event == 2, 200.0)
    expected = brier_survival(
        given, test.target, test.event > 0, horizon_days=200.0, censoring=curve
    )
    assert value(metrics, "Brier at 200 days") == pytest.approx(expected, rel=1e-12)


def test_a_competing_event_in_plain_survival_is_refused(table):
    odd = table.assign(event=table["event"].replace(1.0, 2.0))
    with pytest.raises(PredictionsError, match="have event 2, a competing event"):
        measured(odd)
