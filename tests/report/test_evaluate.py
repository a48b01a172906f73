"""Numbers against others' code: scikit-learn, lifelines, and loops."""

import json

import numpy as np
import pandas as pd
import pytest
from lifelines.utils import concordance_index
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    roc_auc_score,
)

from fusion.errors import PredictionsError, ReadError
from fusion.report.evaluate import evaluate
from fusion.report.metrics_file import Metrics, load_metrics, save_metrics

DRAWS = 15


@pytest.fixture(scope="module")
def metrics(run):
    return Metrics(tuple(evaluate(run.predictions, run.tasks, draws=DRAWS, seed=0)), DRAWS, 0)


def wide(run, task, model, part, column="value"):
    p = run.predictions
    p = p[(p["task"] == task) & (p["model"] == model) & (p["part"] == part)]
    return p[p["target"].notna()].pivot(index="patient_id", columns="class", values=column)


@pytest.mark.parametrize("model", ["fusion", "clinical", "rna alone"])
@pytest.mark.parametrize(("part", "name"), [("test", "internal test"), ("external", "external")])
def test_numbers_are_those_of_other_libraries(run, metrics, model, part, name):
    about = {"model": model, "part": name}
    p, y = (wide(run, "idh", model, part, c)["mutant"] for c in ("value", "target"))
    found = metrics.one(task="idh", metric="AUC", **about)
    assert found.value == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert (found.n, found.events) == (len(y), y.sum())
    brier = metrics.one(task="idh", metric="Brier", **about).value
    assert brier == pytest.approx(brier_score_loss(y, p), abs=1e-12)

    classes = list(run.tasks[2].classes)
    p = wide(run, "grade", model, part)[classes].to_numpy()
    y = wide(run, "grade", model, part, "target")[classes].to_numpy().argmax(axis=1)
    macro = np.mean([roc_auc_score(y == c, p[:, c]) for c in range(3)])
    likeliest = p.argmax(axis=1)
    for metric, expected in {
        "macro AUC": macro,
        "balanced accuracy": balanced_accuracy_score(y, likeliest),
        "quadratic kappa": cohen_kappa_score(y, likeliest, weights="quadratic"),
    }.items():
        value = metrics.one(task="grade", metric=metric, **about).value
        assert value == pytest.approx(expected, abs=1e-12), metric

    task = "overall_survival"
    risk, time, event = (
        wide(run, task, model, part, c)["risk"] for c in ("value", "target", "event")
    )
    found = metrics.one(task=task, metric="C-index", **about)
    assert found.value == pytest.approx(concordance_index(time, -risk, event), abs=1e-12)
    assert found.events == event.sum()


def test_brier_of_survival_is_weighted_by_the_training_patients_alone(run, metrics):
    """Graf's score written out as a loop, censoring from lifelines on the training part."""
    from lifelines import KaplanMeierFitter

    def of(part, column, name="risk"):
        return wide(run, "overall_survival", "fusion", part, column)[name].to_numpy()

    kept = KaplanMeierFitter().fit(of("train", "target"), 1 - of("train", "event"))
    alive, time = of("external", "value", "survival_365"), of("external", "target")
    terms = []
    for s, t, e in zip(alive, time, of("external", "event"), strict=True):
        if t > 365:
            terms.append((1 - s) ** 2 / kept.predict(365))
        else:
            terms.append(s**2 / kept.predict(t) if e else 0.0)
    found = metrics.one(
        model="fusion", task="overall_survival", metric="Brier at 365 days", part="external"
    )
    assert found.value == pytest.approx(np.mean(terms), abs=1e-9)


def test_a_difference_is_taken_over_the_patients_of_both(run, metrics):
    ours, theirs = (wide(run, "idh", m, "external")["mutant"] for m in ("fusion", "rna alone"))
    both = ours.index.intersection(theirs.index)
    y = wide(run, "idh", "fusion", "external", "target")["mutant"][both]
    found = metrics.one(
        model="fusion", task="idh", metric="AUC", part="external", versus="rna alone"
    )
    assert found.n == len(both) < len(ours)
    expected = roc_auc_score(y, ours[both]) - roc_auc_score(y, theirs[both])
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low <= found.value <= found.high
    assert 0 < found.p <= 1


def test_a_model_minus_its_copy_is_nothing(run):
    copy = run.predictions[run.predictions["model"] == "fusion"].assign(model="clinical")
    both = pd.concat([copy, run.predictions[run.predictions["model"] == "fusion"]])
    rows = evaluate(both, run.tasks, draws=DRAWS, seed=0)
    gaps = [r for r in rows if r.versus and r.value is not None and r.low is not None]
    assert len(gaps) > 20
    assert {(r.value, r.low, r.high, r.p) for r in gaps} == {(0.0, 0.0, 0.0, 1.0)}


def test_centres_of_a_part_hold_all_its_patients(metrics):
    for part in ("internal test", "external", "validation"):
        rows = [
            r
            for r in metrics.rows
            if r.versus is None and r.part == part and r.model == "fusion" and r.metric == "C-index"
        ]
        assert sum(r.n for r in rows if r.center != "all") == next(r.n for r in rows if r.pooled)


def test_training_patients_are_not_scored(metrics):
    assert {r.part for r in metrics.rows} == {"internal test", "external", "validation"}


def test_rows_and_seed_decide_and_nothing_else(run, metrics):
    survival = run.predictions[run.predictions["task"] == "overall_survival"]
    shuffled = survival.sample(frac=1.0, random_state=1)
    rows = evaluate(shuffled, run.tasks[3:], draws=DRAWS, seed=0)
    assert set(rows) == {r for r in metrics.rows if r.task == "overall_survival"}


def test_one_class_in_a_centre_is_a_reason_not_a_crash(run):
    p = run.predictions[run.predictions["task"] == "idh"].copy()
    there = p["center"] == "Delft"
    p.loc[there & p["target"].notna(), "target"] = (p["class"] == "mutant").astype(float)
    metrics = Metrics(tuple(evaluate(p, run.tasks[:1], draws=DRAWS, seed=0)), DRAWS, 0)
    found = metrics.one(
        model="fusion", task="idh", metric="AUC", part="external", cohort="external", center="Delft"
    )
    assert (found.value, found.low, found.high) == (None, None, None)
    assert "needs both classes" in found.reason
    assert found.n > 0
    assert metrics.one(model="fusion", task="idh", metric="AUC", part="external").value is not None


def test_a_model_without_patients_in_a_centre_says_so(run):
    p = run.predictions[run.predictions["task"] == "idh"]
    p = p[~((p["model"] == "rna alone") & (p["part"] == "external"))]
    metrics = Metrics(tuple(evaluate(p, run.tasks[:1], draws=DRAWS, seed=0)), DRAWS, 0)
    about = {"task": "idh", "metric": "AUC", "part": "external"}
    assert metrics.one(**about, model="rna alone").reason == (
        "no patient with both a label and a prediction"
    )
    gap = metrics.one(**about, model="fusion", versus="rna alone")
    assert (gap.n, gap.value, gap.p) == (0, None, None)
    assert gap.reason == "no patient with both a label and a prediction of both models"


def test_survival_without_training_patients_has_no_brier(run):
    p = run.predictions
    p = p[(p["task"] == "overall_survival") & (p["part"] != "train")]
    rows = evaluate(p, run.tasks[3:], draws=DRAWS, seed=0)
    reasons = {r.reason for r in rows if r.metric.startswith("Brier") and r.model == "fusion"}
    assert reasons == {"no training patients to estimate censoring from"}
    assert all(r.value is not None for r in rows if r.metric == "C-index" and r.pooled)


def test_a_model_that_ranks_only_has_no_brier(metrics):
    found = metrics.one(
        model="clinical", task="overall_survival", metric="Brier at 365 days", part="external"
    )
    assert found.value is None
    assert found.reason == "this model gives no probability of survival at day 365"


def test_cohorts_are_also_scored_one_by_one(run):
    p = run.predictions[run.predictions["task"] == "idh"].copy()
    p.loc[p["center"] == "Delft", "cohort"] = "registry"
    rows = evaluate(p, run.tasks[:1], draws=DRAWS, seed=0)
    places = {(r.cohort, r.center) for r in rows if r.part == "external"}
    assert places == {
        ("all", "all"),
        ("external", "all"),
        ("registry", "all"),
        ("external", "Évora"),
        ("registry", "Delft"),
    }


def test_tasks_and_predictions_must_match(run):
    with pytest.raises(PredictionsError, match=r"predictions without a task: .'grade', 'overall"):
        evaluate(run.predictions, run.tasks[:2], draws=DRAWS, seed=0)
    with pytest.raises(
        PredictionsError, match=r"model 'best' has no predictions; found .'clinical'"
    ):
        evaluate(run.predictions, run.tasks, draws=DRAWS, seed=0, model="best")


def test_metrics_survive_the_file_and_never_hold_nan(metrics, tmp_path):
    save_metrics(metrics, tmp_path)
    text = (tmp_path / "metrics.json").read_text()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in metrics.json"))
    loaded = load_metrics(tmp_path / "metrics.json")
    assert set(loaded.rows) == set(metrics.rows)
    assert (loaded.draws, loaded.seed, loaded.model) == (DRAWS, 0, "fusion")
    table = pd.read_csv(tmp_path / "metrics.csv", float_precision="round_trip")
    assert len(table) == len(metrics.rows)
    written = table["value"].dropna().to_numpy()
    assert (written == [r.value for r in metrics.rows if r.value is not None]).all()


def test_other_files_are_no_metrics(tmp_path):
    path = tmp_path / "metrics.json"
    with pytest.raises(ReadError, match="is no metrics file"):
        load_metrics(path)
    path.write_text('{"format": "other/2"}')
    with pytest.raises(ReadError, match="has format 'other/2', expected 'fusion-metrics/2'"):
        load_metrics(path)
