"""What harmonising did, in sentences and in a figure."""

import pandas as pd
import pytest

from fusion.report.drawing import Blank
from fusion.report.figure_harmonisation import harmonisation
from fusion.report.harmonised import NOT_HARMONISED, before_and_after, harmonised
from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo

IDH = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))


def row(modality, when, auc, whom="test patients"):
    numbers = {"auc": auc, "low": auc - 0.1, "high": auc + 0.05, "n": 48, "centers": 3}
    return {"modality": modality, "when": when, **numbers, "whom": whom}


@pytest.fixture
def table():
    told = [("rna", 0.9, 0.55), ("$mri$ tokens", 0.8, 0.7)]
    rows = [row(m, "before", b) for m, b, _ in told] + [row(m, "after", a) for m, _, a in told]
    return pd.DataFrame(rows)


def summary(table=None):
    who = pd.DataFrame({"rna": [True]}, index=pd.Index(["p1"], name="patient_id"))
    return RunSummary(
        title="t",
        question="q?",
        command="c",
        versions={},
        fingerprint="f",
        split_scheme="s",
        tasks=[IDH],
        presence=who,
        centers={"p1": "A"},
        parts={"p1": "external"},
        harmonisation=table,
    )


def metrics(part="external", value=0.0123, versus=NOT_HARMONISED):
    found = {"cohort": "all", "center": "all", "n": 97, "events": 30, "low": -0.02, "high": 0.04}
    about = {"model": "fusion", "task": "idh", "metric": "AUC", "part": part}
    return Metrics((MetricRow(**about, **found, value=value, versus=versus),), draws=10, seed=0)


def test_a_sentence_for_each_modality_and_each_task(table):
    assert harmonised(metrics(), summary(table)) == [
        "A classifier tells the centre from rna with an AUC of 0.900 (0.800 to 0.950) before and "
        "0.550 (0.450 to 0.600) after harmonising, in 48 patients of 3 training centres (test "
        "patients); 0.5 is not at all.",
        "A classifier tells the centre from $mri$ tokens with an AUC of 0.800 (0.700 to 0.850) "
        "before and 0.700 (0.600 to 0.750) after harmonising, in 48 patients of 3 training "
        "centres (test patients); 0.5 is not at all.",
        "Harmonising changed the external AUC of idh by +0.012 (95 % interval −0.020 to +0.040; "
        "97 patients).",
        "With and without harmonising, one model each was trained: these differences hold what "
        "another seed would change, and their intervals do not show it. A sweep over seeds does "
        "(seed=0,1,2).",
    ]


def test_without_external_patients_it_is_about_the_test_part():
    found = harmonised(metrics(part="internal test"), summary())
    assert found[0].startswith("Harmonising changed the test AUC of idh by +0.012")


@pytest.mark.parametrize("given", [{"versus": "clinical"}, {"versus": None}, {"value": None}])
def test_nothing_is_said_where_nothing_was_compared(given):
    assert harmonised(metrics(**given), summary()) == []


def test_the_figure_holds_what_was_drawn(table, tmp_path):
    drawing = harmonisation(table)
    drawing.save(tmp_path)
    assert drawing.png.startswith(b"\x89PNG")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "harmonisation.csv"), table)
    assert "(test patients)" in drawing.caption
    assert "Tokens are what the trained encoder makes" in drawing.caption
    assert harmonisation(table).png == drawing.png


def test_a_modality_without_both_is_left_out(table):
    lonely = table[~((table["modality"] == "rna") & (table["when"] == "before"))]
    assert [after["modality"] for _, after in before_and_after(lonely)] == ["$mri$ tokens"]
    assert isinstance(harmonisation(lonely[lonely["modality"] == "rna"]), Blank)
    assert isinstance(harmonisation(table.iloc[:0]), Blank)
