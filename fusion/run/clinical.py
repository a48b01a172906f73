"""The plain clinical model, on the same patients: what fusion has to beat."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fusion.baseline import ClinicalBaseline, fit_class_baseline, fit_cox_baseline
from fusion.config.parts.sources import build_table, defining
from fusion.config.parts.tasks import task_infos
from fusion.config.run import RunConfig
from fusion.data.sources.vector import VectorSource
from fusion.errors import ConfigError, TrainingError
from fusion.report.tasks import TaskInfo
from fusion.run.material import Material
from fusion.run.place import Place
from fusion.run.predict import answers, event_code
from fusion.types import PatientId

MODEL = "clinical"


@dataclass(frozen=True)
class ClinicalModel:
    """The regression of one task, and what it reads."""

    source: VectorSource
    model: ClinicalBaseline


def fit_clinical(config: RunConfig, material: Material) -> dict[str, ClinicalModel]:
    """Fit one penalised regression for each task, or cause, on the training patients.

    Columns that define a task's label are not among its inputs.

    Raises:
        ConfigError: where the run has no clinical model, or nobody has the clinical table.
        TrainingError: naming the task for which no regression can be fitted.
    """
    settings = config.baseline
    if settings is None:
        raise ConfigError("there is no clinical model to fit: this run has no `baseline`")
    if not material.cohort.files(settings.modality):
        raise ConfigError(
            f"baseline.modality: no patient of {material.cohort.root} has {settings.modality!r}; "
            "name the clinical table, or go without the clinical model: ~baseline"
        )
    cohorts = {place.cohort.name: place.cohort for place in material.places}.values()
    everybody = {p: rows for c in cohorts for p, rows in c.files(settings.modality).items()}
    found = {}
    for name, task in sorted(config.tasks.items()):
        drop = defining([task], settings.modality)
        source = build_table(settings.table, root=Path(config.cohort.root), drop=drop)
        training = set(material.place("train").patients)
        files = material.cohort.files(settings.modality)
        learning = {p: rows for p, rows in files.items() if p in training}
        source.prepare(everybody)  # a wide table is slow to look up one by one
        source.fit(learning)
        material.fitted.note(f"clinical model of {name}", "fit", learning)
        try:
            for info in task_infos(name, task):
                model = fit_task(source, settings.modality, info, material, config.seed)
                found[info.name] = ClinicalModel(source, model)
        except TrainingError as error:
            raise TrainingError(
                f"task {name}: {error}; or go without the clinical model: ~baseline"
            ) from error
    return found


def fit_task(
    source: VectorSource, modality: str, task: TaskInfo, material: Material, seed: int
) -> ClinicalBaseline:
    """The regression of one task."""
    train = material.place("train")
    labels = material.inputs.labels[train.cohort.name]
    x, who = matrix(source, modality, train)
    known = [i for i, p in enumerate(who) if task.source in labels[p]]
    if not known:
        raise TrainingError(f"none of {len(who)} training patients with {modality} has a label")
    y = np.stack([labels[who[i]][task.source].numpy() for i in known]).astype(float)
    if task.kind == "survival":
        event = np.array([event_code(task, label) == 1 for label in y[:, 1]])
        return fit_cox_baseline(x[known], y[:, 0], event, task.curve, seed=seed)
    return fit_class_baseline(x[known], y[:, 0].astype(int), task.classes, seed=seed)


def clinical_predictions(config: RunConfig, material: Material) -> pd.DataFrame:
    """Fit, and predict everybody; no rows where the run goes without.

    A patient without a row in the clinical table gets no prediction, and so drops out of the
    comparison.

    Raises:
        ConfigError: where nobody has the clinical table.
        TrainingError: naming the task for which no regression can be fitted.
    """
    if config.baseline is None:
        return pd.DataFrame()
    frames = []
    infos = [i for name, task in config.tasks.items() for i in task_infos(name, task)]
    fitted = fit_clinical(config, material)
    for info in sorted(infos, key=lambda info: info.name):
        frames += task_predictions(fitted[info.name], config.baseline.modality, info, material)
    return pd.concat(frames, ignore_index=True)


def task_predictions(
    clinical: ClinicalModel, modality: str, task: TaskInfo, material: Material
) -> list[pd.DataFrame]:
    """One task, every place."""
    frames = []
    for place in material.places:
        x, who = matrix(clinical.source, modality, place)
        if not who:
            continue
        values = clinical.model.predict(x)
        if task.cause is not None:  # of one cause alone there is no incidence
            values = {"risk": values["risk"]}
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
