"""Sweeps that never happened: folders of runs with predictions of a known truth."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from fusion.compare.entrants import Entrant, Field
from fusion.config.compose import compose
from fusion.data.split import Split
from fusion.report.predictions import save
from fusion.report.scores import Scores
from fusion.report.tasks import TaskInfo

IDH = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
SURVIVAL = TaskInfo("survival", "survival", horizons_days=(365.0,))
TASKS = {
    "idh": {
        "kind": "classification",
        "column": "idh",
        "classes": ["wildtype", "mutant"],
        "balanced": True,
        "weight": 1.0,
        "defining": {},
    },
}


def who(n, part="test", first=0):
    return pd.DataFrame(
        {
            "cohort": "c",
            "patient_id": [f"p{first + i:04d}" for i in range(n)],
            "center": ["A", "B"] * (n // 2) + ["A"] * (n % 2),
            "part": part,
        }
    )


def binary(rng, label, skill, people):
    """Probabilities of the second of two classes; `skill` parts the classes by so many sd."""
    score = 1 / (1 + np.exp(-(rng.normal(size=len(label)) + skill * label)))
    nothing = np.full(len(label), np.nan)
    return Scores(people, np.stack([1 - score, score], 1), label.astype(float), nothing)


def survival(rng, biology, time, event, skill, people):
    risk = skill * biology + rng.normal(size=len(biology))
    values = np.stack([risk, np.full(len(risk), np.nan)], 1)
    return Scores(people, values, time, event)


def _field(seed, skills, *, folds=1, n=80, part="test", seeds=1, task=IDH):
    """A field whose models see the same labels with skills of their own, each with its own noise.

    `skills`: name -> skill; `clinical`, names that end in ` alone`, and heads.
    """
    rng = np.random.default_rng(seed)
    cells = {name: {} for name in skills}
    for fold in range(folds):
        people = who(n, part, 0 if part == "external" else fold * n)
        label = rng.permutation(np.arange(n) % 2)
        biology = rng.normal(size=n)
        death, last = rng.exponential(np.exp(-biology)), rng.exponential(2.0, n)
        for name, skill in skills.items():
            made = []
            for _ in range(seeds):
                if task.kind == "survival":
                    time, event = np.minimum(death, last), (death <= last).astype(float)
                    made.append(survival(rng, biology, time, event, skill, people))
                else:
                    made.append(binary(rng, label, skill, people))
            cells[name][f"fold {fold}"] = tuple(made)

    def entrants(kind, names):
        return tuple(Entrant(name, kind, cells[name]) for name in names)

    singles = [n for n in skills if n.endswith(" alone")]
    heads = [n for n in skills if n != "clinical" and n not in singles]
    return Field(
        task,
        Entrant("clinical", "clinical", cells["clinical"]),
        entrants("single", singles),
        entrants("head", heads),
        (),
    )


@pytest.fixture(scope="session")
def make_field() -> Callable[..., Field]:
    return _field


@pytest.fixture(scope="session")
def make_sweep() -> Callable[..., Path]:
    return write_sweep


@pytest.fixture(scope="session")
def plain_config():
    """Values of a run of two-class IDH, by head; composed once."""
    found = {}

    def values(head):
        if head not in found:
            config = compose(["+experiment=glioma_fusion", f"head={head}", "split=kfold"])
            found[head] = config.model_dump(mode="json")
            found[head]["tasks"] = copy.deepcopy(TASKS)
        return copy.deepcopy(found[head])

    return values


def write_sweep(
    folder_of_all, plain_config, heads, *, folds=3, seeds=(0,), patients=90, singles=("mri", "rna")
):
    """Finished runs of a fake cohort in `runs/`, numbered as a sweep numbers them."""
    everybody = np.array([f"p{i:04d}" for i in range(patients)])
    label = np.arange(patients) % 2
    root = folder_of_all / "runs"
    number = 0
    for head, skill in heads.items():
        for fold in range(folds):
            for seed in seeds:
                rng = np.random.default_rng([seed, fold, 7])
                test = np.arange(patients) % folds == fold
                part = np.where(test, "test", np.where(np.arange(patients) % 7 < 1, "val", "train"))
                models = {"clinical": 0.5, **{f"{m} alone": 0.8 for m in singles}}
                rows = [_rows(n, rng, s, everybody, label, part) for n, s in models.items()]
                rng = np.random.default_rng([seed, fold, *head.encode()])
                rows.append(_rows("fusion", rng, skill, everybody, label, part))
                values = plain_config(head)
                values["seed"] = seed
                values["split"] |= {"folds": folds, "fold": fold, "seed": 0}
                values["cohort"]["root"] = str(folder_of_all / "no cohort")
                folder = root / str(number)
                folder.mkdir(parents=True)
                (folder / "config.yaml").write_text(yaml.safe_dump(values))
                (folder / "report.html").write_text("")
                split = Split(
                    *(frozenset(everybody[part == p]) for p in ("train", "val", "test")),
                    frozenset(),
                    "folds",
                    "f" * 64,
                )
                split.save(folder / "split.json")
                save(pd.concat(rows, ignore_index=True), folder / "predictions.parquet")
                number += 1
    return root


@pytest.fixture
def sweep(tmp_path, plain_config) -> Callable[..., Path]:
    """`sweep(heads, folds=..., seeds=...)`: see `write_sweep`."""

    def written(heads, **changes):
        return write_sweep(tmp_path, plain_config, heads, **changes)

    return written


def _rows(model, rng, skill, everybody, label, part):
    score = 1 / (1 + np.exp(-(rng.normal(size=len(label)) + skill * label)))
    common = pd.DataFrame(
        {
            "model": model,
            "patient_id": everybody,
            "center": np.where(np.arange(len(label)) % 3, "A", "B"),
            "cohort": "demo",
            "part": part,
            "task": "idh",
        }
    )
    both = [("wildtype", 1 - score, label == 0), ("mutant", score, label == 1)]
    return pd.concat(
        [
            common.assign(**{"class": c, "value": v, "target": t.astype(float), "event": np.nan})
            for c, v, t in both
        ]
    )
