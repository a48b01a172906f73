"""How well the centre of a patient can be told, before and after harmonising."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from fusion.audit.features import summarise
from fusion.config.run import RunConfig
from fusion.data.dataset import PatientDataset
from fusion.errors import UndefinedMetric
from fusion.run.learn import device
from fusion.run.loading import load
from fusion.run.material import Material
from fusion.run.trained import Trained
from fusion.run.unharmonised import Unharmonised
from fusion.statistics.c2st import c2st
from fusion.types import Modality, PatientId

ENOUGH = 10
"""Patients that two centres must have, else patients who were fitted on are looked at too."""

WHOM = {
    ("test",): "test patients",
    ("val", "test"): "validation and test patients",
    ("train", "val", "test"): "training, validation and test patients; the first were fitted on",
}

COLUMNS = ["modality", "when", "auc", "low", "high", "n", "centers", "whom"]

Rows = Float[np.ndarray, "patients d"]


def center_told(
    config: RunConfig, material: Material, trained: Trained, before: Unharmonised
) -> tuple[pd.DataFrame, list[str]]:
    """Tell training centres apart by what was harmonised: a table, and what cannot be told.

    Where reading is harmonised, by a summary of the inputs; where training is penalised, by the
    mean tokens of both models (`mri tokens`). Both times by the same patients.

    Returns:
        `COLUMNS`, two rows for each view; and a sentence for each view that tells nothing.
    """
    rows: list[list[object]] = []
    remarks: list[str] = []
    for name in sorted(config.modalities):
        here, there = (_dataset(m, name) for m in (material, before.material))
        parts, patients = _whom(material, [here, there], name)
        groups = np.array([str(material.cohort.centers[p]) for p in patients])
        for label, views in _views(config, name, (there, before), (here, trained), patients):
            try:
                found = [c2st(view, groups, seed=config.seed) for view in views]
            except UndefinedMetric as error:
                remarks.append(f"How well {label} tells the centre is not known: {error}.")
                continue
            for when, told in zip(("before", "after"), found, strict=True):
                numbers = [told.auc, told.low, told.high, told.n, len(told.groups)]
                rows.append([label, when, *numbers, WHOM[parts]])
    return pd.DataFrame(rows, columns=COLUMNS), remarks


def _dataset(material: Material, modality: str) -> PatientDataset:
    return material.inputs.dataset(material.place("train"), (modality,))


def _whom(
    material: Material, datasets: list[PatientDataset], modality: str
) -> tuple[tuple[str, ...], list[PatientId]]:
    """The parts, as few and as little fitted on as will do, and who of them has the modality."""
    for parts in WHOM:
        everybody = [p for part in parts for p in material.place(part).patients]
        having = [p for p in everybody if all(d.has(p, modality) for d in datasets)]
        counts = pd.Series([str(material.cohort.centers[p]) for p in having]).value_counts()
        if (counts >= ENOUGH).sum() >= 2:
            break
    return parts, having


def _views(
    config: RunConfig,
    modality: str,
    before: tuple[PatientDataset, Unharmonised],
    after: tuple[PatientDataset, Trained],
    patients: list[PatientId],
) -> Iterator[tuple[str, list[Rows]]]:
    """Name, and vectors before and after, of what the run harmonises of a modality."""
    there, plain = before
    here, trained = after
    if plain.config.modalities[modality] != config.modalities[modality]:
        yield modality, [_inputs(d.of(patients), modality) for d in (there, here)]
    if plain.config.invariance != config.invariance:
        both = ((there, plain.trained), (here, trained))
        tokens = [_tokens(config, d.of(patients), model, modality) for d, model in both]
        yield f"{modality} tokens", tokens


def _inputs(dataset: PatientDataset, modality: str) -> Rows:
    rows = [summarise(dataset[i].inputs[Modality(modality)]) for i in range(len(dataset))]
    return np.stack(rows) if rows else np.zeros((0, 0))


def _tokens(config: RunConfig, dataset: PatientDataset, trained: Trained, modality: str) -> Rows:
    """Mean tokens, in the order of the dataset."""
    model, where = trained.model.to(device(config)).eval(), device(config)
    rows = []
    for batch in load(dataset, config.loader, seed=None):
        with torch.no_grad():
            rows.append(model.encode(batch.to(where))[modality].mean().double().cpu().numpy())
    return np.concatenate(rows) if rows else np.zeros((0, 0))
