"""How voxels are scored, by name."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from fusion.errors import ConfigError
from fusion.explain.volume_cam import grad_cam
from fusion.explain.volume_gradients import volume_integrated_gradients
from fusion.explain.volume_occlusion import occlusion
from fusion.explain.volume_question import VolumeQuestion

VolumeMethod = Literal["integrated_gradients", "occlusion", "grad_cam"]

VOLUME_METHODS: tuple[VolumeMethod, ...] = get_args(VolumeMethod)


@dataclass(frozen=True)
class VoxelScores:
    """What a method made of one patient's volume, on the prepared grid."""

    values: Float[np.ndarray, "x y z"]
    """Evidence for (above 0) or against, over all channels."""
    by_channel: Float[np.ndarray, " channels"] | None
    """Sum over the voxels of each, where the method tells channels apart; 0 for an absent one."""
    signed: bool
    """Whether a score below zero speaks against the answer."""

    def telling(self, direction: float) -> Float[np.ndarray, "x y z"]:
        """How much each voxel speaks for what the volume as a whole makes of the answer.

        What has no sign is taken to be for it.
        """
        return self.values * direction if self.signed else self.values


def volume_scores(question: VolumeQuestion, method: str) -> VoxelScores:
    """A score per voxel.

    Raises:
        ConfigError: for another method, or one that the encoder does not allow.
    """
    if method == "integrated_gradients":
        found = volume_integrated_gradients(question).double().numpy()
        return VoxelScores(found.sum(axis=0), found.sum(axis=(1, 2, 3)), signed=True)
    if method == "occlusion":
        return VoxelScores(occlusion(question).numpy(), None, signed=True)
    if method == "grad_cam":
        return VoxelScores(grad_cam(question).double().numpy(), None, signed=False)
    raise ConfigError(f"no method {method!r} for volumes; there are {', '.join(VOLUME_METHODS)}")
