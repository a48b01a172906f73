"""Scores of voxels by the last map of the network that sees them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.map_networks import Maps
from fusion.encoders.tumour import TumourEncoder
from fusion.encoders.volume import VolumeEncoder
from fusion.errors import ConfigError
from fusion.explain.volume_question import VolumeQuestion


def grad_cam(question: VolumeQuestion) -> Float[Tensor, "x y z"]:
    """Where the features are strong that speak for the answer; never below zero.

    Features of the encoder's last and coarsest map, each weighted by the mean slope of the
    evidence to it, are summed, cut off at zero and brought to the grid of the volume by linear
    interpolation, as if the map's cells divided it evenly. In an encoder that outlines, slopes go
    through its tokens as well as through its way up; the mask that it pools under is held.

    Raises:
        ConfigError: for an encoder that has no such map.

    Source: Selvaraju et al. 2017.
    """
    seen: list[Tensor] = []
    hook = _network(question).register_forward_hook(lambda _, __, out: seen.append(_last(out)))
    try:
        with torch.enable_grad():
            # the image needs a slope so that the map has one where all weights are frozen
            said = question.ask(question.image[None].requires_grad_(True))
            (slope,) = torch.autograd.grad(said[0], seen[0], allow_unused=True)
    finally:
        hook.remove()
    if slope is None:
        return torch.zeros(question.image.shape[1:])
    weights = slope.mean(dim=(2, 3, 4), keepdim=True)
    cells = (weights * seen[0].detach()).sum(dim=1, keepdim=True).clamp(min=0)
    return nn.functional.interpolate(
        cells, size=tuple(question.image.shape[1:]), mode="trilinear", align_corners=False
    )[0, 0]


def _network(question: VolumeQuestion) -> nn.Module:
    encoder: nn.Module = question.model.encoders[question.modality]
    if isinstance(encoder, VolumeEncoder):
        return encoder.backbone
    if isinstance(encoder, TumourEncoder):
        return encoder.network
    raise ConfigError(
        f"the encoder of {question.modality}, {type(encoder).__name__}, has no last map that is "
        "known; take method=occlusion, which any encoder has"
    )


def _last(out: Tensor | Maps) -> Tensor:
    return out.down[-1] if isinstance(out, Maps) else out
