"""The file that an encoder's network begins with."""

from pydantic import Field

from fusion.config.strict import Strict


class WeightsConfig(Strict):
    """Tensors that somebody trained before: a user's own, or of `scripts/pretrain_volumes.py`."""

    file: str
    """A checkpoint (.pt, .pth, .safetensors), or a folder that holds one: of `pretrain_volumes`,
    of a MONAI bundle, or of a fold of nnU-Net."""
    prefix: str | None
    """What the file puts before the network's own names, such as `module.backbone.`; null finds it
    where only one fits."""
    least_share: float = Field(gt=0, le=1)
    """Of the network's tensors that the file must have; with less the run is refused."""
