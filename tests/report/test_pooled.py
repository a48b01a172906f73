"""Centres are pooled as the statistics say, each with its error or the reason why it has none."""

import json

import numpy as np
import pandas as pd
import pytest

from fusion.metrics.auc import auc
from fusion.metrics.concordance import harrell_c
from fusion.report.discrimination import forests, pooled_sheet
from fusion.report.drawing import Blank
from fusion.report.metrics_file import Metrics, load_metrics, save_metrics
from fusion.report.pooled import METHODS, center_values, pooled_rows
from fusion.report.task_scores import TaskScores
from fusion.report.tasks import TaskInfo
from fusion.statistics.bootstrap import bootstrap
from fusion.statistics.center_index import center_indices
from fusion.statistics.delong import delong
from fusion.statistics.jackknife import jackknife_se

IDH = TaskInfo("idh", "classification", classes=("no", "yes"))
OS = TaskInfo("os", "survival")
KIND = TaskInfo("kind", "classification", classes=("a", "b", "c"))


def test_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(0).normal(size=40)
    found = jackknife_se(lambda v: float(v.mean()), [x])
    assert found == pytest.approx(x.std(ddof=1) / np.sqrt(40))


def test_jackknife_of_an_auc_is_near_delongs_and_of_a_c_index_near_the_bootstraps():
    generator = np.random.default_rng(1)
    target = generator.random(150) < 0.4
    score = generator.normal(size=150) + target
    exact = np.sqrt(delong(score[None], target).covariance[0, 0])
    assert jackknife_se(auc, [score, target]) == pytest.approx(exact, rel=0.02)
    days, event = generator.exponential(np.exp(score)), generator.random(150) < 0.6
    arrays = [-score, days, event]
    drawn = bootstrap(harrell_c, arrays, draws=400, level=0.683, seed=0)
    half = (drawn.high - drawn.low) / 2  # of one standard error
    assert jackknife_se(harrell_c, arrays) == pytest.approx(half, rel=0.15)


def test_no_centre_is_dropped_in_silence(time_to_event):
    generator = np.random.default_rng(2)
    risk = generator.normal(size=100)
    days = generator.exponential(np.exp(-risk))
    center = np.repeat(["A", "B", "C"], [50, 45, 5])
    frame = time_to_event(risk, days, np.ones(100), part="external", center=center)
    case = TaskScores.read(frame, OS, model="fusion", baseline=None)
    centers = center_values(case, "fusion")
    assert [c.center for c in centers] == ["A", "B", "C"]
    assert centers[2].left_out == "5 events, fewer than 10"
    for c in centers[:2]:
        rows = center == c.center
        assert c.value == harrell_c(risk[rows], days[rows], np.ones(rows.sum(), dtype=bool))
        assert c.low < c.value < c.high
    first, second = pooled_rows(case)
    assert first.left_out == ("C: 5 events, fewer than 10",)
    assert first.centers == 2
    assert first.predicted_low is None
    assert min(c.value for c in centers[:2]) <= first.value <= max(c.value for c in centers[:2])
    assert (first.method, second.method) == tuple(METHODS)


def test_a_mean_over_other_classes_is_not_pooled():
    generator = np.random.default_rng(3)
    p = generator.dirichlet(np.ones(3), 60)
    target = np.append(np.tile([0, 1, 2], 13), np.tile([0, 1], 11))[:60]
    found = center_indices(
        lambda q, y: auc(q[:, 0], y == 0),
        [p, target],
        np.repeat(["all", "two"], [39, 21]),
        kind=target,
        wanted=[0, 1, 2],
        noun="patients of the rarest class",
    )
    assert [c.left_out for c in found] == ["", "0 patients of the rarest class, fewer than 10"]
    with pytest.raises(ValueError, match="expected one row each"):
        center_indices(auc, [p[:9, 0]], np.repeat("A", 60), kind=target, wanted=[0], noun="x")


def test_real_centres_give_the_published_mean_and_prediction_interval(idh_external, yes_or_no):
    """Golden: 12 centres, .83628 and .71677 to .91158 (DerSimonian-Laird)."""
    from tests.conftest import EXTERNAL  # the fixture has skipped where it is not there

    table = pd.read_csv(EXTERNAL, encoding="utf-8-sig")
    table = table[(table["data_split"] == "External") & (table["task"] == "IDH")]
    p, happened = idh_external
    frame = yes_or_no(p, happened, part="external", center=table["center_code"].to_numpy())
    case = TaskScores.read(frame, IDH, model="fusion", baseline=None)
    row = next(pooled_rows(case))
    assert row.centers == 12
    assert row.value == pytest.approx(0.83628, abs=5e-6)
    assert (row.predicted_low, row.predicted_high) == pytest.approx((0.71677, 0.91158), abs=5e-6)
    (drawing,) = forests(case)
    assert "0.72 to 0.91" in drawing.caption
    assert len(drawing.data) == table["center_code"].nunique() + 2


def test_pooled_rows_come_back_from_the_file(tmp_path, yes_or_no):
    generator = np.random.default_rng(4)
    happened = generator.random(200) < 0.5
    p = np.clip(0.3 + 0.3 * happened + 0.2 * generator.normal(size=200), 0.01, 0.99)
    center = np.repeat(["A", "B", "C", "D"], [60, 60, 60, 20])
    frame = yes_or_no(p, happened, part="external", center=center)
    case = TaskScores.read(frame, IDH, model="fusion", baseline=None)
    rows = tuple(pooled_rows(case))
    save_metrics(Metrics((), 10, 0, pooled=rows), tmp_path)
    assert load_metrics(tmp_path / "metrics.json").pooled == rows
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written["format"] == "fusion-metrics/2"
    assert written["pooled"][0]["predicted_low"] == rows[0].predicted_low
    sheet = pooled_sheet(rows, "fusion")
    assert len(sheet.table.blocks[0].lines) == 2
    assert sheet.data["predicted_high"].tolist() == [row.predicted_high for row in rows]


def test_without_outsiders_there_is_a_reason(yes_or_no):
    p, happened = np.linspace(0.1, 0.9, 20), np.arange(20) > 9
    frame = yes_or_no(p, happened, part="test")
    case = TaskScores.read(frame, IDH, model="fusion", baseline=None)
    (blank,) = forests(case)
    assert isinstance(blank, Blank)
    assert blank.reason == "no external patients"
    assert list(pooled_rows(case)) == []
    assert pooled_sheet([], "fusion") is None
