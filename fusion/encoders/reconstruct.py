"""The network of an encoder, and what turns its maps back into an image."""

import math

import torch
from jaxtyping import Bool, Float
from monai.networks.utils import pixelshuffle
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.encoders.map_networks import Maps
from fusion.encoders.tumour import TumourEncoder
from fusion.encoders.volume import VolumeEncoder
from fusion.errors import ConfigError
from fusion.types import Volumes


class Reconstruction(nn.Module):
    """Hidden voxels are a learned constant of each channel; one layer tells what they were.

    Absent channels are 0, which is what an encoder's own constants for them begin with.

    Args:
        encoder: of volumes; its network learns, and nothing else of it.
        channels: of the volumes.
        shape: voxels of the volumes in x, y, z.

    Raises:
        ConfigError: for another encoder, or a shape that its network does not take.

    Source: Xie et al. 2022 (SimMIM): the network sees hidden patches as a token, and a single
    layer predicts their voxels.

    Example:
        >>> from fusion.encoders.backbones import volume_backbone
        >>> backbone, n = volume_backbone("resnet", channels=2, width=8, layers=(1,))
        >>> encoder = VolumeEncoder(backbone=backbone, features=n, channels=2, dim=5)
        >>> model = Reconstruction(encoder, channels=2, shape=(8, 8, 8))
        >>> volumes = Volumes(torch.ones(1, 2, 8, 8, 8), torch.ones(1, 2, dtype=torch.bool))
        >>> model(volumes, torch.zeros(1, 8, 8, 8, dtype=torch.bool)).shape
        torch.Size([1, 2, 8, 8, 8])
    """

    def __init__(self, encoder: Encoder, *, channels: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.hidden = nn.Parameter(torch.zeros(channels))
        self.network: nn.Module
        self.head: nn.Module
        if isinstance(encoder, TumourEncoder):
            self.network = encoder.network
            self.head = _Finest(encoder.network.up[0], channels)
        elif isinstance(encoder, VolumeEncoder):
            self.network = encoder.backbone
            with torch.no_grad():
                cells = encoder.backbone(torch.zeros(1, channels, *shape)).shape
            step = max(math.ceil(s / c) for s, c in zip(shape, cells[2:], strict=True))
            self.head = _Cells(cells[1], channels, step)
        else:
            raise ConfigError(f"{type(encoder).__name__} is no encoder of volumes")

    def forward(
        self, volumes: Volumes, hidden: Bool[Tensor, "batch x y z"]
    ) -> Float[Tensor, "batch channels x y z"]:
        """What the whole image may have been."""
        image = volumes.image
        constants = self.hidden[None, :, None, None, None].to(image.dtype)
        image = torch.where(hidden[:, None], constants, image)
        image = torch.where(volumes.channels[:, :, None, None, None], image, 0.0)
        maps = self.network(image.contiguous(memory_format=torch.channels_last_3d))
        whole: Tensor = self.head(maps)
        x, y, z = image.shape[2:]
        return whole[:, :, :x, :y, :z]


class _Finest(nn.Module):
    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        self.layer = nn.Conv3d(features, channels, kernel_size=1)

    def forward(self, maps: Maps) -> Tensor:
        found: Tensor = self.layer(maps.up[0])
        return found


class _Cells(nn.Module):
    def __init__(self, features: int, channels: int, step: int) -> None:
        super().__init__()
        self.step = step
        self.layer = nn.Conv3d(features, channels * step**3, kernel_size=1)

    def forward(self, cells: Tensor) -> Tensor:
        return pixelshuffle(self.layer(cells), spatial_dims=3, scale_factor=self.step)
