"""The plain clinical model, on the same patients: what fusion has to beat."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from fusion.baseline.classes import ClassBaseline, fit_class_baseline
from fusion.baseline.survival import CoxBaseline, fit_cox_baseline
from fusion.config.parts.sources import build_table, defining
from fusion.config.parts.tasks import task_info
from fusion.config.run import RunConfig
from fusion.data.sources.vector import VectorSource
from fusion.errors import ConfigError, TrainingError
from fusion.report.tasks import TaskInfo
from fusion.run.material import Material
from fusion.run.place import Place
from fusion.run.predict import answers
from fusion.types import PatientId

MODEL = "clinical"


def clinical_predictions(config: RunConfig, material: Material) -> pd.DataFrame:
    """Fit one penalised regression for each task on the training patients; predict everybody.

    Columns that define a task's label are not among its inputs. A patient without a row in the
    clinical table gets no prediction, and so drops out of the comparison.

    Raises:
        ConfigError: where nobody has the clinical table.
        TrainingError: naming the task for which no regression can be fitted.
    """
    settings = config.baseline
    if settings is None:
        return pd.DataFrame()
    if not material.cohort.files(settings.modality):
        raise ConfigError(
            f"baseline.modality: no patient of {material.cohort.root} has {settings.modality!r}; "
            "name the clinical table, or go without the clinical model: ~baseline"
        )
    frames = []
    for name, task in sorted(config.tasks.items()):
        drop = defining([task], settings.modality)
        source = build_table(settings.table, root=Path(config.cohort.root), drop=drop)
        training = set(material.place("train").patients)
        files = material.cohort.files(settings.modality)
        learning = {p: rows for p, rows in files.items() if p in training}
        source.fit(learning)
        material.fitted.note(f"clinical model of {name}", "fit", learning)
        info = task_info(name, task)
        try:
            frames += task_predictions(source, settings.modality, info, material, config.seed)
        except TrainingError as error:
            raise TrainingError(
                f"task {name}: {error}; or go without the clinical model: ~baseline"
            ) from error
    return pd.concat(frames, ignore_index=True)


def task_predictions(
    source: VectorSource, modality: str, task: TaskInfo, material: Material, seed: int
) -> list[pd.DataFrame]:
    """One task, every place."""
    train = material.place("train")
    labels = material.inputs.labels[train.cohort.name]
    x, who = matrix(source, modality, train)
    model: ClassBaseline | CoxBaseline
    known = [i for i, p in enumerate(who) if task.name in labels[p]]
    if not known:
        raise TrainingError(f"none of {len(who)} training patients with {modality} has a label")
    y = np.stack([labels[who[i]][task.name].numpy() for i in known]).astype(float)
    if task.kind == "survival":
        model = fit_cox_baseline(
            x[known], y[:, 0], y[:, 1].astype(bool), task.horizons_days, seed=seed
        )
    else:
        model = fit_class_baseline(x[known], y[:, 0].astype(int), task.classes, seed=seed)
    frames = []
    for place in material.places:
        x, who = matrix(source, modality, place)
        if not who:
            continue
        values = model.predict(x)
        rows = [
            row
            for i, patient in enumerate(who)
            for row in answers(
                task,
                place,
                MODEL,
                patient,
                {name: float(value[i]) for name, value in values.items()},
                material.inputs.labels[place.cohort.name][patient],
            )
        ]
        frames.append(pd.DataFrame(rows))
    return frames


def matrix(source: VectorSource, modality: str, place: Place) -> tuple[np.ndarray, list[PatientId]]:
    """Clinical columns of the place's patients who have them."""
    files: Mapping = place.cohort.files(modality)
    who = [p for p in place.patients if p in files]
    rows = [source.load(p, files[p])[0].numpy().astype(float) for p in who]
    return (np.stack(rows) if rows else np.zeros((0, source.width))), who
