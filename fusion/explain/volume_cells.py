"""A volume in cells, so that it can be asked about with some of them only."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from fusion.explain.volume_question import VolumeQuestion

_SIDES = 10
"""Cells along the longest side of a volume."""


@dataclass(frozen=True)
class Cells:
    """A question of `fusion.explain.faithful`, whose parts are cubes of brain.

    Single voxels would not do: what is left of a blind draw of those is noise that no network has
    seen, and any ranking beats it.
    """

    question: VolumeQuestion

    @cached_property
    def number(self) -> Int[np.ndarray, "x y z"]:
        """Which cell each voxel is in, from 0; -1 where there is background."""
        brain = self.question.brain
        side = max(1, -(-max(brain.shape) // _SIDES))
        x, y, z = (axis // side for axis in np.indices(brain.shape))
        flat = (x * _SIDES + y) * _SIDES + z
        numbers = np.full(brain.shape, -1)
        numbers[brain] = np.unique(flat[brain], return_inverse=True)[1]
        return numbers

    @property
    def count(self) -> int:
        """How many cells there are."""
        return int(self.number.max()) + 1

    def ranking(self, telling: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, " cells"]:
        """Mean over the brain in each cell."""
        brain = self.number >= 0
        numbers = self.number[brain]
        return np.bincount(numbers, telling[brain]) / np.bincount(numbers)

    def whole(self) -> float:
        """Evidence from the volume as it is."""
        return self.question.whole()

    def nothing(self) -> float:
        """Evidence if every voxel were background."""
        return self.question.nothing()

    def of(self, kept: Tensor) -> float:
        """Evidence from some of the cells, by index; background elsewhere."""
        chosen = torch.zeros(self.count + 1, dtype=torch.bool)  # the last one is background
        chosen[kept] = True
        shown = chosen[torch.from_numpy(self.number)]
        return float(self.question.said((self.question.image * shown)[None])[0])
