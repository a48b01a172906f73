"""One number that a model says of one patient, as a function of the tiles that it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from fusion.data.sample import Batch, Sample, collate
from fusion.errors import ConfigError
from fusion.explain.evidence import evidence
from fusion.model import FusionModel
from fusion.tasks.base import Task
from fusion.types import Bags, Modality


@dataclass(frozen=True)
class Question:
    """Evidence for one answer of one task: log-odds of a class, or log-hazard of an event.

    Every other modality of the patient stays as it is. Tiles come as the encoder gets them, so
    standardised by those of the training patients: a tile of zeros is the average tile of
    training, and a bag of them is what `nothing` asks about.

    Args:
        model: in evaluation mode.
        tasks: of the model, as they share its outputs.
        task: which of them.
        column: a class, or `risk`.
        probability: whether the answer is one, and evidence its log-odds.
        sample: the patient.
        modality: whose tiles.

    Raises:
        ConfigError: where the patient has no such tiles, or the task no such answer.
    """

    model: FusionModel
    tasks: Mapping[str, Task]
    task: str
    column: str
    probability: bool
    sample: Sample
    modality: str

    def __post_init__(self) -> None:
        if not isinstance(self.sample.inputs.get(Modality(self.modality)), Bags):
            raise ConfigError(f"patient {self.sample.patient_id} has no tiles of {self.modality}")
        if self.task not in self.tasks:
            raise ConfigError(f"no task {self.task}; the model has {', '.join(self.tasks)}")
        self.whole()

    @property
    def tiles(self) -> Float[Tensor, "tiles dim"]:
        """The patient's tiles."""
        return self._bag.features

    @property
    def _bag(self) -> Bags:
        bag = self.sample.inputs[Modality(self.modality)]
        assert isinstance(bag, Bags)
        return bag

    def ask(
        self, tiles: Float[Tensor, "tiles dim"], parts: Tensor | None = None
    ) -> Float[Tensor, ""]:
        """Evidence if these were the patient's tiles, with a gradient to them.

        Args:
            tiles: as many as the patient has, or others of the same slides.
            parts: which slide and region each is of; those of the patient's tiles if not given.
        """
        where = self._bag.parts if parts is None and len(tiles) == len(self.tiles) else parts
        bag = Bags(tiles, torch.tensor([0, len(tiles)], device=tiles.device), where)
        inputs = {**self.sample.inputs, Modality(self.modality): bag}
        batch: Batch = collate([replace(self.sample, inputs=inputs)])
        return evidence(
            self.model(batch).outputs,
            self.tasks,
            task=self.task,
            column=self.column,
            probability=self.probability,
        )[0]

    def whole(self) -> float:
        """Evidence from all tiles."""
        return self._whole

    def nothing(self) -> float:
        """Evidence if every tile were the average tile of training."""
        return self._nothing

    @cached_property
    def _whole(self) -> float:
        return self._said(self.tiles)

    @cached_property
    def _nothing(self) -> float:
        return self._said(torch.zeros_like(self.tiles))

    def of(self, kept: Tensor) -> float:
        """Evidence from some of the tiles, by index."""
        parts = self._bag.parts
        return self._said(self.tiles[kept], None if parts is None else parts[kept])

    def _said(self, tiles: Tensor, parts: Tensor | None = None) -> float:
        with torch.no_grad():
            return float(self.ask(tiles, parts))
