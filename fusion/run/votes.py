"""What models that were trained alone predict, brought to one scale and into one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.config.run import RunConfig
from fusion.data.dataset import PatientDataset
from fusion.heads.columns import Kind, in_intervals, overlap
from fusion.run.learn import device
from fusion.run.loading import load
from fusion.run.trained import Trained
from fusion.tasks.base import Task
from fusion.tasks.discrete_time import DiscreteTime
from fusion.types import PatientId

Rows = Mapping[PatientId, Float[Tensor, " out"]]
"""Patient -> outputs of a model."""


@dataclass(frozen=True)
class Votes:
    """Predictions of several models; 0 where a patient lacks the modality."""

    patients: tuple[PatientId, ...]
    values: Float[Tensor, "patients modalities out"]
    there: Bool[Tensor, "patients modalities"]

    @staticmethod
    def of(
        rows: Mapping[str, Rows], patients: Sequence[PatientId], names: Sequence[str], out: int
    ) -> "Votes":
        """A table of these patients; a modality without a model is absent for everybody.

        Example:
            >>> votes = Votes.of({"b": {"p": torch.ones(1)}}, ["p", "q"], ["a", "b"], 1)
            >>> votes.there.tolist(), votes.values[0, 1].tolist()
            ([[False, True], [False, False]], [1.0])
        """
        values = torch.zeros(len(patients), len(names), out)
        there = torch.zeros(len(patients), len(names), dtype=torch.bool)
        for j, name in enumerate(names):
            for i, patient in enumerate(patients):
                if patient in rows.get(name, {}):
                    values[i, j], there[i, j] = rows[name][patient], True
        return Votes(tuple(patients), values, there)


def rows_of(
    config: RunConfig,
    single: Trained,
    dataset: PatientDataset,
    tasks: Mapping[str, Task],
    groups: Sequence[tuple[Kind, slice]],
) -> dict[PatientId, Float[Tensor, " out"]]:
    """Outputs of a model for its patients, hazards in the intervals of `tasks`."""
    shared = links(single.tasks, tasks)
    rows: dict[PatientId, Tensor] = {}
    for batch, fused in single.fused(load(dataset, config.loader, seed=None), device(config)):
        outputs = in_intervals(fused.outputs.float(), groups, shared)
        rows |= dict(zip(batch.patient_ids, outputs, strict=True))
    return rows


def links(theirs: Mapping[str, Task], ours: Mapping[str, Task]) -> Float[Tensor, "out out"]:
    """From the intervals of one model's tasks to those of another's; 1 for all other columns."""
    blocks = []
    for name, task in theirs.items():
        other = ours[name]
        if isinstance(task, DiscreteTime) and isinstance(other, DiscreteTime):
            blocks.append(overlap(task.edges.cpu(), other.edges.cpu()))
        else:
            blocks.append(torch.eye(task.out_features))
    return torch.block_diag(*blocks)


def center_of(rows: Rows, groups: Sequence[tuple[Kind, slice]]) -> Float[Tensor, " out"]:
    """Mean of plain columns, whose zero is a model's own; 0 for all others.

    Example:
        >>> rows = {"p": torch.tensor([1.0, 5.0, 1.0]), "q": torch.tensor([3.0, 1.0, 1.0])}
        >>> center_of(rows, [("plain", slice(0, 1)), ("classes", slice(1, 3))]).tolist()
        [2.0, 0.0, 0.0]
    """
    mean = torch.stack(list(rows.values())).mean(dim=0)
    center = torch.zeros_like(mean)
    for kind, at in groups:
        if kind == "plain":
            center[at] = mean[at]
    return center
