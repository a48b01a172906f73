"""One number that a model says of one patient, as a function of the volume that it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.data.sample import Sample, collate
from fusion.errors import ConfigError
from fusion.explain.evidence import evidence
from fusion.model import FusionModel
from fusion.tasks.base import Task
from fusion.types import Modality, Tokens, Volumes

BATCH = 8
"""Volumes that are asked about at a time."""


@dataclass(frozen=True)
class VolumeQuestion:
    """Evidence for one answer of one task: log-odds of a class, or log-hazard of an event.

    Every other modality of the patient stays as it is, and is encoded once. A channel that the
    patient lacks stays absent: the encoder puts its learned constant there, whatever is asked. A
    voxel of zero is background, and in z-scored MRI also the mean of the brain; a volume of zeros
    is what `nothing` asks about.

    Args:
        model: in evaluation mode.
        tasks: of the model, as they share its outputs.
        task: which of them.
        column: a class, or `risk`.
        probability: whether the answer is one, and evidence its log-odds.
        sample: the patient.
        modality: whose volume.

    Raises:
        ConfigError: where the patient has no such volume, or the task no such answer.
    """

    model: FusionModel
    tasks: Mapping[str, Task]
    task: str
    column: str
    probability: bool
    sample: Sample
    modality: str

    def __post_init__(self) -> None:
        if not isinstance(self.sample.inputs.get(Modality(self.modality)), Volumes):
            raise ConfigError(f"patient {self.sample.patient_id} has no volume of {self.modality}")
        if self.task not in self.tasks:
            raise ConfigError(f"no task {self.task}; the model has {', '.join(self.tasks)}")
        self.whole()

    @cached_property
    def image(self) -> Float[Tensor, "channels x y z"]:
        """The patient's volume; zeros in absent channels, so that no junk there can be scored."""
        volumes = self._volumes
        there = volumes.channels[0, :, None, None, None]
        return torch.where(there, volumes.image[0], torch.zeros_like(volumes.image[0]))

    @property
    def channels(self) -> Bool[Tensor, " channels"]:
        """Which of them the patient has."""
        return self._volumes.channels[0]

    @cached_property
    def brain(self) -> Bool[np.ndarray, "x y z"]:
        """Where any channel is not background."""
        return (self.image != 0).any(dim=0).numpy()

    @property
    def _volumes(self) -> Volumes:
        volumes = self.sample.inputs[Modality(self.modality)]
        assert isinstance(volumes, Volumes)
        return volumes

    def ask(self, images: Float[Tensor, "batch channels x y z"]) -> Float[Tensor, " batch"]:
        """Evidence if each of these were the patient's volume, with a gradient to them."""
        count = len(images)
        shown = Volumes(images, self.channels.expand(count, -1))
        tokens = {
            name: Tokens(held.features.expand(count, -1, -1), held.mask.expand(count, -1))
            for name, held in self._held.items()
        }
        tokens[self.modality] = self.model.encoders[self.modality](shown)
        return evidence(
            self.model.fuse(tokens).outputs,
            self.tasks,
            task=self.task,
            column=self.column,
            probability=self.probability,
        )

    def said(self, images: Float[Tensor, "batch channels x y z"]) -> Float[np.ndarray, " batch"]:
        """The same as numbers, a few volumes at a time."""
        with torch.no_grad():
            return torch.cat([self.ask(part) for part in images.split(BATCH)]).numpy()

    def whole(self) -> float:
        """Evidence from the volume as it is."""
        return self._whole

    def nothing(self) -> float:
        """Evidence if every voxel were background."""
        return self._nothing

    @cached_property
    def _whole(self) -> float:
        return float(self.said(self.image[None])[0])

    @cached_property
    def _nothing(self) -> float:
        return float(self.said(torch.zeros_like(self.image)[None])[0])

    @cached_property
    def _held(self) -> dict[str, Tokens]:
        """Tokens of all modalities; those of the one that is asked about are put in later."""
        name = Modality(self.modality)
        others = {m: value for m, value in self.sample.inputs.items() if m != name}
        with torch.no_grad():
            return self.model.encode(collate([replace(self.sample, inputs=others)]))
