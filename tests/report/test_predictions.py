import numpy as np
import pandas as pd
import pytest

from fusion.errors import ConfigError, PredictionsError, ReadError, ReportError
from fusion.report.predictions import check, load, save
from fusion.report.publish import publish
from fusion.report.scores import same_patients, scores
from fusion.report.tasks import TaskInfo

IDH = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))


def rows(**changes):
    """Two patients, one task, one model."""
    table = {
        "model": "fusion",
        "patient_id": ["a", "a", "b", "b"],
        "center": "Aachen",
        "cohort": "internal",
        "part": "test",
        "task": "idh",
        "class": ["wildtype", "mutant"] * 2,
        "value": [0.3, 0.7, 0.6, 0.4],
        "target": [0.0, 1.0, 1.0, 0.0],
        "event": np.nan,
    }
    return pd.DataFrame({**table, **changes})


def test_what_is_saved_is_loaded(run, tmp_path):
    path = save(run.predictions, tmp_path / "deep" / "predictions.parquet")
    pd.testing.assert_frame_equal(
        load(path), run.predictions[load(path).columns], check_exact=True, check_dtype=True
    )
    assert [p.name for p in path.parent.iterdir()] == ["predictions.parquet"]
    first = path.read_bytes()
    assert save(run.predictions, path).read_bytes() == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": 1.0}, "columns missing.*unknown: .'score'"),
        ({"value": 1}, "value is int64, expected float64"),
        (
            {"value": [0.3, np.nan, 0.6, 0.4]},
            "value is not finite.*1 of 4 rows, first patient_id 'a'",
        ),
        ({"target": [np.inf, 1.0, 1.0, 0.0]}, "target is infinite"),
        ({"event": [3.0, 0.0, 0.0, 0.0]}, "event is not 0, 1 or 2"),
        ({"part": "holdout"}, "part is none of train, val, test, external"),
        ({"center": ["", "", "B", "B"]}, "center is blank or not text: 2 of 4"),
        ({"center": "all"}, "center may not be 'all'"),
        ({"class": "mutant"}, "predicted twice"),
        ({"part": ["test", "train", "test", "test"]}, "one part and one centre, here are two"),
    ],
)
def test_a_table_that_breaks_the_schema_is_refused(changes, message):
    with pytest.raises(PredictionsError, match=message):
        check(rows(**changes))


def test_an_empty_table_is_refused():
    with pytest.raises(PredictionsError, match="no rows"):
        check(rows().iloc[:0])


def test_models_must_be_given_the_same_labels():
    other = rows(model="clinical", target=[1.0, 0.0, 1.0, 0.0])
    with pytest.raises(PredictionsError, match=r"label differs.*2 of 8 rows, first patient_id 'a'"):
        check(pd.concat([rows(), other]))
    unknown = rows(model="clinical", target=[np.nan, np.nan, 1.0, 0.0])
    with pytest.raises(PredictionsError, match="label differs"):
        check(pd.concat([rows(), unknown]))


def test_files_that_are_no_predictions_are_named(tmp_path):
    with pytest.raises(ReadError, match=r"none\.parquet: is not there"):
        load(tmp_path / "none.parquet")
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(b"PAR1 torn")
    with pytest.raises(ReadError, match=r"torn\.parquet: is not a Parquet file"):
        load(torn)
    foreign = tmp_path / "foreign.parquet"
    pd.DataFrame({"x": [1]}).to_parquet(foreign)
    with pytest.raises(PredictionsError, match=r"foreign\.parquet: columns missing"):
        load(foreign)


def test_nothing_is_left_where_writing_fails(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ReportError, match="cannot be written"):
        publish(tmp_path / "taken", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_scores_are_sorted_by_patient_whatever_the_order_of_rows():
    shuffled = rows().iloc[[3, 0, 2, 1]]
    found = scores(shuffled, IDH, "fusion")
    assert found.who["patient_id"].tolist() == ["a", "b"]
    np.testing.assert_array_equal(found.values, [[0.3, 0.7], [0.6, 0.4]])
    np.testing.assert_array_equal(found.target, [1.0, 0.0])


def test_unknown_labels_are_left_out():
    found = scores(rows(target=[np.nan, np.nan, 1.0, 0.0]), IDH, "fusion")
    assert found.who["patient_id"].tolist() == ["b"]


@pytest.mark.parametrize(
    "target", [[0.0, 0.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, np.nan, 1.0, 0.0]]
)
def test_a_label_is_one_class(target):
    with pytest.raises(PredictionsError, match=r"patient a: target.*expected 1 for one class"):
        scores(rows(target=target), IDH, "fusion")


@pytest.mark.parametrize(
    ("time", "event"),
    [([10.0, 10.0, 20.0, 20.0], [np.nan, np.nan, 1.0, 1.0]), ([10.0, 11.0, 20.0, 20.0], 1.0)],
)
def test_survival_is_one_time_with_one_event(time, event):
    task = TaskInfo("os", "survival", horizons_days=(365.0,))
    table = rows(task="os", target=time, event=event)
    table["class"] = ["risk", "survival_365"] * 2
    with pytest.raises(
        PredictionsError, match=r"patient a: times.*expected one time and its event"
    ):
        scores(table, task, "fusion")


def test_foreign_and_absent_classes_are_refused():
    with pytest.raises(PredictionsError, match=r"class .'mutant'. is none of"):
        scores(rows(), TaskInfo("idh", "classification", classes=("wildtype", "other")), "fusion")
    with pytest.raises(PredictionsError, match="patient b: no row for class mutant"):
        scores(rows().iloc[:3], IDH, "fusion")


def test_a_model_may_lack_a_horizon_for_all_but_not_for_one():
    task = TaskInfo("os", "survival", horizons_days=(365.0,))
    full = rows(task="os", target=[10.0, 10.0, 20.0, 20.0], event=1.0)
    full["class"] = ["risk", "survival_365"] * 2
    assert np.isnan(scores(full[full["class"] == "risk"], task, "fusion").values[:, 1]).all()
    with pytest.raises(PredictionsError, match="patient b: no row for class survival_365"):
        scores(full.iloc[:3], task, "fusion")
    with pytest.raises(PredictionsError, match="patient a: no row for class risk"):
        scores(full[full["class"] != "risk"], task, "fusion")


def test_same_patients_are_those_of_both_models():
    a = scores(rows(), IDH, "fusion")
    b = scores(rows(patient_id=["b", "b", "c", "c"], target=[1.0, 0.0, 0.0, 1.0]), IDH, "fusion")
    left, right = same_patients(a, b)
    assert left.who["patient_id"].tolist() == right.who["patient_id"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "classification", "classes": ("a",)}, "needs two or more distinct classes"),
        ({"kind": "ordinal", "classes": ("a", "a")}, "needs two or more distinct classes"),
        ({"kind": "survival", "horizons_days": (0.0,)}, "must be above 0 days"),
        ({"kind": "survival", "classes": ("a", "b")}, "survival has no classes"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        TaskInfo("t", **arguments)
