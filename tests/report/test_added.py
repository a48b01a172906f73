"""Sizes of what is added by hand; the sentence is the paired test's, whatever the size."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fusion.report.added_row import AddedRow, added_rows, most_changed
from fusion.report.added_table import added_sheets, sentence
from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics, load_metrics, save_metrics
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo

OS = TaskInfo("os", "survival")


@pytest.fixture
def table():
    """200 external and 100 training patients; g varies half as much as the offset."""
    random = np.random.default_rng(0)
    who = pd.DataFrame(
        {
            "patient_id": [f"p{i:03d}" for i in range(300)],
            "center": "x",
            "cohort": "c",
            "part": ["external"] * 200 + ["train"] * 100,
            "task": "os",
            "output": "log-hazard",
        }
    )
    return who.assign(offset=random.normal(size=300), g=0.5 * random.normal(size=300))


def gap(low, value, high):
    """Fusion against the clinical model, and both alone."""
    about = {"task": "os", "metric": "C-index", "part": "external", "cohort": "all"}
    common = {**about, "center": "all", "n": 200, "events": 150}
    one = MetricRow(model="fusion", value=0.7, low=0.6, high=0.8, **common)
    two = replace(one, model="clinical", value=0.7 - value)
    paired = replace(one, versus="clinical", value=value, low=low, high=high, p=0.04)
    return Metrics((one, two, paired), 100, 0)


def test_sizes_are_those_of_the_definition(table):
    external, train = added_rows(table)
    assert (external.part, external.n, train.part, train.n) == ("external", 200, "train", 100)
    mine = table[:200]
    whole = (mine["offset"] + mine["g"]).to_numpy()
    assert external.offset_sd == pytest.approx(mine["offset"].std(ddof=0))
    assert external.added_sd == pytest.approx(mine["g"].std(ddof=0))
    assert external.share == pytest.approx(1 - mine["offset"].var(ddof=0) / whole.var())
    assert external.correlation == pytest.approx(np.corrcoef(mine["offset"], mine["g"])[0, 1])
    assert external.largest == mine["g"].abs().max()


def test_a_g_that_draws_answers_together_adds_less_than_nothing(table):
    row = added_rows(table.assign(g=-0.5 * table["offset"]))[0]
    assert row.share == pytest.approx(-3.0)
    assert row.correlation == pytest.approx(-1.0)


def test_nothing_added_has_no_correlation(table):
    row = added_rows(table.assign(g=0.0))[0]
    assert (row.added_sd, row.share, row.correlation, row.largest) == (0.0, 0.0, None, 0.0)
    assert added_rows(table.assign(g=0.0, offset=1.0))[0].share is None


def test_who_was_moved_most_is_no_training_patient(table):
    found = most_changed(table.assign(g=np.arange(300) - 150.0), "os")
    assert found["patient_id"].tolist() == ["p000", "p001", "p002", "p003", "p004"]
    assert most_changed(table.assign(g=0.0), "os").empty


@pytest.mark.parametrize(
    ("paired", "said"),
    [
        ((-0.02, 0.01, 0.04), "g adds nothing that a paired test can see"),
        ((0.01, 0.03, 0.05), "makes it better"),
        ((-0.05, -0.03, -0.01), "makes it worse"),
    ],
)
def test_the_sentence_is_the_tests_not_the_sizes(table, paired, said):
    rows = added_rows(table)
    text = sentence(gap(*paired), OS, rows)
    assert said in text
    assert "200 external patients" in text
    larger = [replace(row, added_sd=9.0, largest=99.0) for row in rows]
    assert sentence(gap(*paired), OS, larger) == text


def test_a_model_left_at_its_start_says_so(table):
    text = sentence(gap(0.01, 0.03, 0.05), OS, added_rows(table.assign(g=0.0)))
    assert "the answers are those of the clinical model" in text


def test_tables_and_file(table, tmp_path):
    about = dict.fromkeys(("title", "question", "command", "fingerprint", "split_scheme"), "x")
    nobody = {"presence": pd.DataFrame(), "centers": {}, "parts": {}}
    summary = RunSummary(**about, **nobody, versions={}, tasks=(OS,), added=table)
    metrics = replace(gap(-0.02, 0.01, 0.04), added=tuple(added_rows(table)))
    sizes, moved = added_sheets(summary, metrics)
    assert [len(block.lines) for block in sizes.table.blocks] == [2]
    assert "paired test" in sizes.table.footnotes[0]
    assert len(moved.table.blocks[0].lines) == 5
    save_metrics(metrics, tmp_path)
    assert load_metrics(tmp_path / "metrics.json").added == metrics.added
    assert isinstance(metrics.added[0], AddedRow)
    assert list(added_sheets(replace(summary, added=None), metrics)) == []
