"""MONAI's 3-D networks that go down and up again: maps of features at every step of both ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import gcd

from jaxtyping import Float
from monai.networks.nets import SegResNetDS, SwinUNETR
from torch import Tensor, nn

from fusion.errors import ConfigError

MAP_NETWORKS = ("segresnet", "swinunetr")


@dataclass(frozen=True)
class Maps:
    """What a network saw, each [batch, features, u, v, w]."""

    down: list[Tensor]
    """Finest first."""
    up: list[Tensor]
    """Finest first; that one on the grid of the image."""


class MapNetwork(nn.Module):
    """An image [batch, channels, x, y, z] -> `Maps`.

    Args:
        network: Of MONAI.
        down: Features of each map on the way down, finest first.
        up: The same of the way up.
        step: What every side of an image must be a multiple of.
    """

    def __init__(
        self, network: "_SegResNet | _SwinUNETR", down: Sequence[int], up: Sequence[int], step: int
    ) -> None:
        super().__init__()
        self.network = network
        self.down = tuple(down)
        self.up = tuple(up)
        self.step = step

    def forward(self, image: Float[Tensor, "batch channels x y z"]) -> Maps:
        """Run it.

        Raises:
            ConfigError: for an image whose sides do not fit.
        """
        if any(side % self.step for side in image.shape[2:]):
            raise ConfigError(
                f"volumes of {tuple(image.shape[2:])} voxels, but this network halves them until "
                f"each side must be a multiple of {self.step}; set shape (and patch) accordingly, "
                "or give it fewer layers"
            )
        maps: Maps = self.network(image)
        return maps


def map_network(name: str, *, channels: int, width: int, layers: Sequence[int]) -> MapNetwork:
    """A network by name.

    Args:
        name: One of `MAP_NETWORKS`.
        channels: Of the image.
        width: Features of the first stage, a multiple of 8, and of 24 for `swinunetr`; each
            stage doubles them.
        layers: Blocks of each stage on the way down; `swinunetr` has four.

    Raises:
        ConfigError: for a name that does not exist, or a width or layers that do not fit.

    Sources: SegResNet (Myronenko 2018), Swin UNETR (Hatamizadeh 2022), as MONAI has them. Group
    norm in the first, instance norm in the second: a batch may hold one patient.

    Example:
        >>> import torch
        >>> network = map_network("segresnet", channels=2, width=8, layers=(1, 1, 1))
        >>> maps = network(torch.zeros(1, 2, 16, 16, 16))
        >>> [tuple(m.shape[1:]) for m in maps.up], network.step
        ([(8, 16, 16, 16), (16, 8, 8, 8)], 4)
    """
    if width < 8 or width % 8:
        raise ConfigError(f"a network's width is {width}, expected a multiple of 8")
    match name:
        case "segresnet":
            if len(layers) < 2 or min(layers) < 1:
                raise ConfigError(f"segresnet has two stages or more, layers are {list(layers)}")
            features = [width * 2**stage for stage in range(len(layers))]
            down = _SegResNet(channels, width, layers)
            return MapNetwork(down, features, features[:-1], 2 ** (len(layers) - 1))
        case "swinunetr":
            if len(layers) != 4:
                raise ConfigError(f"swinunetr has four stages, layers are {list(layers)}")
            if width % 24:
                raise ConfigError(f"swinunetr's width is {width}, expected a multiple of 24")
            if find_spec("einops") is None:
                raise ConfigError("swinunetr needs the package einops: pip install einops")
            swin = _SwinUNETR(channels, width, layers)
            ups = [width, width, 2 * width, 4 * width, 8 * width]
            return MapNetwork(swin, [width * 2**stage for stage in range(5)], ups, 32)
        case _:
            raise ConfigError(
                f"the network {name!r} does not exist, there are {', '.join(MAP_NETWORKS)}"
            )


class _SegResNet(nn.Module):
    def __init__(self, channels: int, width: int, layers: Sequence[int]) -> None:
        super().__init__()
        net = SegResNetDS(
            init_filters=width,
            in_channels=channels,
            out_channels=1,
            norm=("group", {"num_groups": gcd(width // 2, 8)}),
            blocks_down=tuple(layers),
        )
        for level in net.up_layers:
            level["head"] = nn.Identity()  # type: ignore[operator]
        self.encoder, self.ups = net.encoder, net.up_layers

    def forward(self, image: Tensor) -> Maps:
        down = self.encoder(image)
        x, up = down[-1], list[Tensor]()
        for level, skip in zip(self.ups, reversed(down[:-1]), strict=True):
            x = level["blocks"](level["upsample"](x) + skip)  # type: ignore[index]
            up.insert(0, x)
        return Maps(down, up)


class _SwinUNETR(nn.Module):
    def __init__(self, channels: int, width: int, layers: Sequence[int]) -> None:
        super().__init__()
        heads = width // 8
        self.net = SwinUNETR(
            in_channels=channels,
            out_channels=1,
            depths=tuple(layers),
            num_heads=(heads, 2 * heads, 4 * heads, 8 * heads),
            feature_size=width,
        )
        self.net.out = nn.Identity()  # type: ignore[assignment]

    def forward(self, image: Tensor) -> Maps:
        if max(image.shape[2:]) == 32:
            raise ConfigError(
                f"volumes of {tuple(image.shape[2:])} voxels end in a map of one cell, which has "
                "no spread for instance norm; double a side of shape (and patch)"
            )
        net = self.net
        seen = net.swinViT(image, net.normalize)
        skips = [net.encoder1(image), net.encoder2(seen[0]), net.encoder3(seen[1])]
        skips += [net.encoder4(seen[2]), seen[3]]
        x, up = net.encoder10(seen[4]), list[Tensor]()
        steps = (net.decoder5, net.decoder4, net.decoder3, net.decoder2, net.decoder1)
        for step, skip in zip(steps, reversed(skips), strict=True):
            x = step(x, skip)
            up.insert(0, x)
        return Maps(list(seen), up)
