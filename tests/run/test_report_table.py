"""A report from somebody else's table: what it says, and what it does not take."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.errors import ConfigError, PredictionsError, ReadError
from fusion.report.metrics_file import load_metrics
from fusion.report.predictions import SCHEMA, load, save
from fusion.report.predictions_csv import load_csv
from fusion.report.tasks import TaskInfo
from fusion.run.declared_tasks import declared_tasks, draft
from fusion.run.report_table import report_table

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "report.py"
TASKS = """
idh: {kind: classification, classes: [no, yes]}
grade: {kind: ordinal, classes: [2, 3, 4]}
os: {kind: survival, horizons_days: [365]}
"""


def table(patients=90, models=("network",), part="external", seed=0):
    """Three hospitals; `no` and `2` are classes, as they are in many tables."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=patients)
    death, last = (
        generator.exponential(500 * np.exp(-truth)),
        generator.uniform(200, 1500, patients),
    )
    rows = []
    for model in models:
        seen = truth + generator.normal(size=patients)
        for i in range(patients):
            who = (model, f"{i:03d}", "ABC"[i % 3], "theirs", part)
            p, nan = 1 / (1 + np.exp(-seen[i])), float("nan")
            yes = float(truth[i] > 0)
            rows += [(*who, "idh", c, v, t, nan) for c, v, t in
                     (("no", 1 - p, 1 - yes), ("yes", p, yes))]  # fmt: skip
            grade = int(np.digitize(truth[i], [-0.5, 0.5]))
            three = np.exp(-((seen[i] - np.array([-1, 0, 1])) ** 2))
            three /= three.sum()
            rows += [
                (*who, "grade", str(c + 2), three[c], float(grade == c), nan) for c in range(3)
            ]
            days, event = min(death[i], last[i]), float(death[i] <= last[i])
            alive = float(np.exp(-365 / 500 * np.exp(seen[i])))
            for name, value in (("risk", seen[i]), ("survival_365", alive)):
                rows.append((*who, "os", name, value, days, event))
    return pd.DataFrame(rows, columns=SCHEMA.names)


@pytest.fixture
def theirs(tmp_path):
    """`theirs(rows)`: the table as CSV, with tasks.yaml beside it."""

    def written(rows, tasks=TASKS):
        rows.to_csv(tmp_path / "theirs.csv", index=False)
        (tmp_path / "tasks.yaml").write_text(tasks)
        return tmp_path / "theirs.csv"

    return written


def report(predictions, **changes):
    options = {
        "tasks": predictions.parent / "tasks.yaml",
        "only": None,
        "out": predictions.parent / "report",
        "model": None,
        "baseline": None,
        "title": None,
        "question": None,
        "notes": [],
        "command": "python scripts/report.py",
        "thresholds": None,
        "draws": 5,
        "seed": 0,
    }
    page = report_table(predictions=predictions, **{**options, **changes})
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text()))


def test_one_model_without_a_baseline_or_modalities(theirs):
    predictions = theirs(table(patients=45))
    text = report(predictions, notes=["Made in 1999."])
    assert "network reached an AUC of" in text
    assert text.count("There is no clinical model beside it") >= 3
    assert "clinical minus" not in text
    assert "Made in 1999." in text
    assert "What the model was given, whom it was trained on" in text
    assert not re.search(r"\b(None|nan)\b", text)
    metrics = load_metrics(predictions.parent / "report" / "metrics.json")
    assert (metrics.model, metrics.baseline) == ("network", None)
    assert {row.task for row in metrics.rows} == {"idh", "grade", "os"}
    kept = load(predictions.parent / "report" / "predictions.parquet")
    assert len(kept) == len(load_csv(predictions))


def test_a_baseline_is_compared_with(theirs):
    predictions = theirs(table(patients=45, models=("network", "age and grade")))
    text = report(predictions, model="network", baseline="age and grade", only=["idh"])
    assert "the age and grade model for idh" in text
    assert "network minus age and grade" in text
    assert "Tasks of the table that are not in this report: grade, os." in text
    rows = load_metrics(predictions.parent / "report" / "metrics.json").rows
    assert {row.task for row in rows} == {"idh"}
    assert any(row.versus == "age and grade" for row in rows)


def test_the_script_from_end_to_end(theirs, tmp_path, monkeypatch, capsys):
    predictions = theirs(table(models=("network", "other"), patients=45))
    (tmp_path / "notes.txt").write_text("First.\n\nSecond.\n")
    spec = importlib.util.spec_from_file_location("report_script", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    arguments = [
        f"predictions={predictions}",
        "model=other",
        "only=idh",
        "draws=5",
        "title=Ours",
        "thresholds=0.15,0.35",
    ]
    arguments += [f"out={tmp_path / 'out'}", f"notes={tmp_path / 'notes.txt'}", "question=Is it?"]
    monkeypatch.setattr("sys.argv", ["report.py", *arguments])
    script.main()
    assert capsys.readouterr().out == f"report  {tmp_path / 'out' / 'report.html'}\n"
    page = (tmp_path / "out" / "report.html").read_text()
    for text in (
        "0.35",
        "<h1>Ours</h1>",
        "Is it?",
        "First.",
        "Second.",
        "scripts/report.py predictions=",
    ):
        assert text in page


def test_parquet_and_csv_are_the_same_table(theirs, tmp_path):
    found = load_csv(theirs(table(patients=6)))
    pd.testing.assert_frame_equal(load(save(found, tmp_path / "theirs.parquet")), found)


def test_without_tasks_a_draft_is_shown(theirs):
    predictions = theirs(table(patients=6))
    (predictions.parent / "tasks.yaml").unlink()
    with pytest.raises(ConfigError) as error:
        report(predictions)
    assert "idh: {kind: classification, classes: [no, yes]}" in str(error.value)
    assert "os: {kind: survival, horizons_days: [365]}" in str(error.value)


def test_a_draft_that_is_written_down_can_be_read(tmp_path):
    path = tmp_path / "tasks.yaml"
    path.write_text(draft(table(patients=6)))
    found = declared_tasks(path)
    assert found[0] == TaskInfo("idh", "classification", classes=("no", "yes"))
    assert found[2] == TaskInfo("os", "survival", horizons_days=(365.0,))
    path.write_text(TASKS)
    assert declared_tasks(path)[1] == TaskInfo("grade", "ordinal", classes=("2", "3", "4"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("idh: {kind: classification, classes: [yes]}", r"idh.classification.classes: List should"),
        ("idh: {kind: regression}", "idh: Input tag 'regression' found using 'kind'"),
        ("idh: {kind: survival, horizons_days: [soon]}", "should be a valid number"),
        ("idh: {kind: survival, classes: [a, b]}", "horizons_days: Field required"),
        ("- idh", "should be a valid dictionary"),
        ("{}", "declares no task"),
        ("idh: {kind: ordinal, classes: [a, a]}", "two or more distinct classes"),
    ],
)
def test_what_declares_no_tasks_is_refused(tmp_path, text, message):
    path = tmp_path / "tasks.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        declared_tasks(path)
    path.write_text("idh: [")
    with pytest.raises(ReadError, match="is no YAML"):
        declared_tasks(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "netwrk"}, r"model=netwrk: no such model predicted; there are \['network'\]"),
        ({"baseline": "age"}, "baseline=age: no such model predicted"),
        ({"baseline": "network"}, "model and baseline are both network"),
        ({"thresholds": [0.5, 0.2]}, r"thresholds \[0.5, 0.2\]: expected ascending, above 0"),
        ({"thresholds": [0.2, 1.0]}, r"thresholds \[0.2, 1.0\]: expected ascending, above 0"),
        ({"only": ["idhh"]}, r"only=idhh: not declared; there are \['idh', 'grade', 'os'\]"),
    ],
)
def test_names_that_are_not_there_are_refused(theirs, change, message):
    with pytest.raises(ConfigError, match=message):
        report(theirs(table(patients=6)), **change)


def test_which_model_is_never_guessed(theirs):
    with pytest.raises(ConfigError, match=r"predictions of 2 models, \['a', 'b'\]; choose model="):
        report(theirs(table(patients=6, models=("a", "b"))))


def test_declared_and_predicted_classes_must_agree(theirs):
    tasks = TASKS.replace("[no, yes]", "[wildtype, mutant]")
    with pytest.raises(ConfigError, match=r"task idh: \['mutant', 'no', 'wildtype', 'yes'\] is de"):
        report(theirs(table(patients=6), tasks))
    with pytest.raises(ConfigError, match="task mgmt has no predictions"):
        report(theirs(table(patients=6), "mgmt: {kind: classification, classes: [no, yes]}"))


def test_one_id_in_two_cohorts_is_two_patients(theirs):
    rows = table(patients=6)
    both = pd.concat([rows, rows.assign(cohort="another")])
    with pytest.raises(PredictionsError, match=r"'000' is in the cohorts \['another', 'theirs'\]"):
        report(theirs(both))


def test_csv_keeps_words_and_names_the_line_of_a_wrong_number(theirs, tmp_path):
    rows = table(patients=3).assign(center="NA")
    found = load_csv(theirs(rows))
    assert found["patient_id"].iloc[0] == "000"
    assert set(found["center"]) == {"NA"}
    assert found["event"].isna().sum() == 15
    plain = rows[rows["task"] == "idh"].drop(columns="event")
    assert load_csv(theirs(plain))["event"].isna().all()
    wrong = rows.astype({"value": object})
    wrong.loc[2, "value"] = "0,3"
    with pytest.raises(PredictionsError, match=r"theirs.csv:4: value is '0,3', expected a number"):
        load_csv(theirs(wrong))
    with pytest.raises(PredictionsError, match=r"columns missing: \['part'\]"):
        load_csv(theirs(rows.drop(columns="part")))
    with pytest.raises(ReadError, match="is not there"):
        load_csv(tmp_path / "nowhere.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ReadError, match="is not a CSV table"):
        load_csv(tmp_path / "empty.csv")
