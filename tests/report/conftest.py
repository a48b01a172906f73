"""A run that never happened: plausible predictions of five models for three tasks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo

CENTERS = {"Aachen": "int", "Bergen": "int", "Córdoba": "int", "Delft": "ext", "Évora": "ext"}
SKILL = {"fusion": 1.6, "clinical": 0.8, "mri alone": 0.9, "wsi alone": 0.8, "rna alone": 1.0}
CLASSES = ("oligodendroglioma", "astrocytoma", "glioblastoma")
IDH = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
KIND = TaskInfo("who_type", "classification", classes=CLASSES)
GRADE = TaskInfo("grade", "ordinal", classes=("2", "3", "4"))
SURVIVAL = TaskInfo("overall_survival", "survival", horizons_days=(365.0, 730.0))
TASKS = (IDH, KIND, GRADE, SURVIVAL)


@dataclass(frozen=True)
class Run:
    """Predictions, and who had which modality."""

    predictions: pd.DataFrame
    presence: pd.DataFrame
    centers: dict[str, str]
    parts: dict[str, str]
    tasks: tuple[TaskInfo, ...] = TASKS


def _make_run(patients: int = 150, seed: int = 0, tasks: tuple[TaskInfo, ...] = TASKS) -> Run:
    """Latent biology -> labels; each model sees it through noise of its own."""
    rng = np.random.default_rng(seed)
    center = rng.choice(list(CENTERS), patients, p=[0.3, 0.2, 0.15, 0.2, 0.15])
    inner = rng.choice(["train", "val", "test"], patients, p=[0.6, 0.15, 0.25])
    part = np.where(np.vectorize(CENTERS.get)(center) == "ext", "external", inner)
    who = pd.DataFrame(
        {
            "patient_id": [f"P{i:03d}" for i in range(patients)],
            "center": center,
            "cohort": np.where(part == "external", "external", "internal"),
            "part": part,
        }
    )
    biology = rng.normal(size=patients)
    presence = pd.DataFrame(
        {m: rng.random(patients) < p for m, p in {"mri": 0.95, "rna": 0.55, "wsi": 0.8}.items()},
        index=pd.Index(who["patient_id"], name="patient_id"),
    )
    death = rng.exponential(900 * np.exp(0.8 * biology))
    last = rng.uniform(200, 2500, patients)
    rows = []
    for model, skill in SKILL.items():
        noise = 1.0 / skill
        seen = biology + rng.normal(scale=noise, size=patients)
        modality = model.removesuffix(" alone")
        has = presence[modality].to_numpy() if modality in presence else np.ones(patients, bool)
        for task in tasks:
            rows += _task_rows(
                who[has], task, model, biology[has], seen[has], death[has], last[has]
            )
    predictions = pd.concat(rows, ignore_index=True)
    centers = dict(zip(who["patient_id"], who["center"], strict=True))
    parts = dict(zip(who["patient_id"], who["part"], strict=True))
    return Run(predictions, presence, centers, parts, tasks)


def _task_rows(who, task, model, biology, seen, death, last):
    common = who.assign(model=model, task=task.name)
    if task.kind == "survival":
        time = np.round(np.minimum(death, last)).clip(1.0)
        event = (death <= last).astype(float)
        risk = -0.8 * seen
        columns = {"risk": risk}
        for days in task.horizons_days:
            columns[f"survival_{days:g}"] = np.exp(-days / 900 * np.exp(risk))
        return [
            _frame(common, name, value, time, event)
            for name, value in columns.items()
            if model != "clinical" or name == "risk"
        ]
    k = len(task.classes)
    edges = np.linspace(-0.8, 0.8, k - 1) if k > 2 else np.zeros(1)
    label = np.searchsorted(edges, biology).astype(float)
    if task.name == "idh":
        label[who["patient_id"].str[-1].to_numpy() == "7"] = np.nan
    centre = np.linspace(-1.2, 1.2, k)
    logits = -((seen[:, None] - centre) ** 2)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    nothing = np.full(len(who), np.nan)
    return [
        _frame(common, name, p[:, c], np.where(np.isnan(label), np.nan, label == c), nothing)
        for c, name in enumerate(task.classes)
    ]


def _frame(common, name, value, target, event):
    return common.assign(**{"class": name, "value": value, "target": target, "event": event})


def _make_summary(run: Run, **changes) -> RunSummary:
    facts = {
        "title": "Glioma fusion",
        "question": "Do MRI, slides and RNA together tell IDH status better than age and grade?",
        "command": "python train.py +experiment=glioma_fusion seed=0",
        "versions": {"fusion-onco": "0.1.0", "torch": "2.11.0"},
        "fingerprint": "f" * 64,
        "split_scheme": "internal centres 60/15/25 stratified by IDH and centre, seed 0.",
        "tasks": run.tasks,
        "presence": run.presence,
        "centers": run.centers,
        "parts": run.parts,
        "excluded": [
            ("X002", "no file at all"),
            ("X001", "no file at all"),
            ("X3", "slide: no MPP"),
        ],
        "attention": {"mri": 0.41, "rna": 0.35, "wsi": 0.3},
    }
    return RunSummary(**{**facts, **changes})


@pytest.fixture(scope="session")
def make_run():
    return _make_run


@pytest.fixture(scope="session")
def make_summary():
    return _make_summary


@pytest.fixture(scope="session")
def run() -> Run:
    return _make_run()


def _yes_or_no(p, happened, *, part, center="A", model="fusion", task="idh"):
    """Rows of a task with two classes; patients are numbered, so models of one call agree."""
    n = len(p)
    who = {
        "model": model,
        "patient_id": [f"{part}-{i:04d}" for i in range(n)],
        "center": np.broadcast_to(np.asarray(center, dtype=object), n),
        "cohort": "c",
        "part": part,
        "task": task,
        "event": np.full(n, np.nan),
    }
    both = [
        pd.DataFrame({**who, "class": name, "value": value, "target": np.asarray(truth, float)})
        for name, value, truth in (("no", 1 - p, ~happened), ("yes", p, happened))
    ]
    return pd.concat(both, ignore_index=True)


def _time_to_event(risk, time, event, *, part, alive=None, center="A", model="fusion", task="os"):
    """Rows of survival: a risk, and where given the probability to be alive at day 365."""
    n = len(risk)
    who = {
        "model": model,
        "patient_id": [f"{part}-{i:04d}" for i in range(n)],
        "center": np.broadcast_to(np.asarray(center, dtype=object), n),
        "cohort": "c",
        "part": part,
        "task": task,
        "target": np.asarray(time, float),
        "event": np.asarray(event, float),
    }
    columns = {"risk": risk} | ({} if alive is None else {"survival_365": alive})
    frames = [pd.DataFrame({**who, "class": k, "value": v}) for k, v in columns.items()]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def yes_or_no():
    return _yes_or_no


@pytest.fixture(scope="session")
def time_to_event():
    return _time_to_event
