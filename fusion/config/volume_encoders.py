"""The encoders of volumes, by name."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from fusion.config.encoders import Dropout
from fusion.config.strict import Strict
from fusion.config.weights import WeightsConfig


class VolumeBackboneConfig(Strict):
    """A MONAI 3-D network."""

    name: Literal["resnet", "densenet", "segresnet", "swinunetr"]
    dim: PositiveInt
    """Width of a token."""
    width: PositiveInt
    """Features of the first stage, a multiple of 8; of 24 for swinunetr."""
    layers: list[PositiveInt]
    """Blocks of each stage."""
    pool: Literal["mean", "grid"]
    """One token, or one for each cell of the last feature map."""
    weights: WeightsConfig | None
    """What the network begins with; null draws it."""


class TumourEncoderConfig(Strict):
    """A network that outlines the tumour; tokens of the image, under the outline, of its shape."""

    name: Literal["tumour"]
    network: Literal["segresnet", "swinunetr"]
    dim: PositiveInt
    """Width of a token."""
    width: PositiveInt
    """Features of the first stage, a multiple of 8; of 24 for swinunetr."""
    layers: list[PositiveInt]
    """Blocks of each stage."""
    supervised: PositiveInt
    """Maps that are held against the outlines: the finest, half as fine, and so on."""
    drop_tokens: Dropout
    """Probability that training hides the tokens of the whole image and of what lies under the
    outline, each by itself; that of the lesions' shape stays."""
    weights: WeightsConfig | None
    """What the network begins with; null draws it."""


VolumeEncoderConfig = Annotated[
    VolumeBackboneConfig | TumourEncoderConfig, Field(discriminator="name")
]
