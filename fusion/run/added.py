"""Offset and addition of every patient, where the head begins at the clinical model."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from fusion.config.run import LoaderConfig, RunConfig
from fusion.data.sample import Batch
from fusion.heads.offset import ClinicalOffset
from fusion.report.publish import publish, to_csv
from fusion.report.tasks import TaskInfo
from fusion.run import learn
from fusion.run.inputs import Inputs
from fusion.run.loading import load
from fusion.run.material import Material
from fusion.run.place import Place
from fusion.run.trained import Trained

FILE = "added.csv"
"""In the folder of a run."""


def added(
    trained: Trained,
    places: Sequence[Place],
    inputs: Inputs,
    *,
    tasks: Sequence[TaskInfo],
    loader: LoaderConfig,
    device: torch.device,
) -> pd.DataFrame | None:
    """Rows as `fusion.report.added_row.added_rows` wants them; None for any other head."""
    head = trained.model.head
    if not isinstance(head, ClinicalOffset):
        return None
    frames = []
    trained.model.to(device).eval()
    for place in places:
        dataset = inputs.dataset(place, trained.modalities)
        if not len(dataset):
            continue
        for batch in load(dataset, loader, seed=None):
            with torch.no_grad():
                offset, g, _ = head.parts(trained.model.encode(batch.to(device)))
            frames += [_rows(trained, place, batch, offset.cpu(), g.cpu(), task) for task in tasks]
    return pd.concat(frames, ignore_index=True)


def _rows(
    trained: Trained, place: Place, batch: Batch, offset: Tensor, g: Tensor, task: TaskInfo
) -> pd.DataFrame:
    before = contrasts(task, trained.split(offset)[task.name])
    more = contrasts(task, trained.split(g)[task.name])
    who = pd.DataFrame(
        {
            "patient_id": list(map(str, batch.patient_ids)),
            "center": [str(place.cohort.centers[p]) for p in batch.patient_ids],
            "cohort": place.cohort.name,
            "part": place.part,
            "task": task.name,
        }
    )
    return pd.concat(
        [
            who.assign(output=output, offset=o.double().numpy(), g=m.double().numpy())
            for (output, o), (_, m) in zip(before, more, strict=True)
        ]
    )


def write_added(
    folder: Path,
    config: RunConfig,
    material: Material,
    trained: Trained,
    tasks: Sequence[TaskInfo],
) -> None:
    """Write it beside the predictions of a run, where there is anything.

    Raises:
        ReportError: where the folder cannot be written to.
    """
    where = learn.device(config)
    inputs, places = material.inputs, material.places
    table = added(trained, places, inputs, tasks=tasks, loader=config.loader, device=where)
    if table is not None:
        publish(folder / FILE, to_csv(table))


def read_added(folder: Path) -> pd.DataFrame | None:
    """What a run wrote; None where it wrote nothing."""
    path = folder / FILE
    if not path.exists():
        return None
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return table.astype({"offset": float, "g": float})


def contrasts(task: TaskInfo, outputs: Tensor) -> Iterator[tuple[str, Tensor]]:
    """What outputs say whatever constant is added to all logits of a patient.

    Example:
        >>> idh = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
        >>> [(name, x.tolist()) for name, x in contrasts(idh, torch.tensor([[1.0, 3.0]]))]
        [('log-odds of mutant', [2.0])]
    """
    if task.kind == "survival":
        yield "log-hazard", outputs[:, 0]
    elif task.kind == "ordinal":
        for k, below in enumerate(task.classes[:-1]):
            yield f"log-odds of more than {below}", outputs[:, k]
    elif len(task.classes) == 2:
        yield f"log-odds of {task.classes[1]}", outputs[:, 1] - outputs[:, 0]
    else:
        for name, logit in zip(task.classes, (outputs - outputs.mean(1, True)).T, strict=True):
            yield f"logit of {name} against the mean of all", logit
