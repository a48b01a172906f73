"""MONAI's 3-D networks as makers of feature maps: no pooling, no classifier, no decoder.

Group norm throughout, never batch norm: a batch holds only the patients who have the modality,
so that its size varies down to one.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from math import gcd

from jaxtyping import Float
from monai.networks.nets import DenseNet, ResNet, SegResNet
from monai.networks.nets.swin_unetr import SwinTransformer
from torch import Tensor, nn

from fusion.errors import ConfigError

BACKBONES = ("densenet", "resnet", "segresnet", "swinunetr")


def volume_backbone(
    name: str, *, channels: int, width: int, layers: Sequence[int]
) -> tuple[nn.Module, int]:
    """A network [batch, channels, x, y, z] -> [batch, features, u, v, w], and its features.

    Args:
        name: One of `BACKBONES`.
        channels: Of the input.
        width: Features of the first stage, a multiple of 8; each stage doubles them (DenseNet:
            what each layer adds).
        layers: Blocks of each stage; each stage after the first halves the map. `swinunetr` has
            four, `resnet` up to four, the others as many as given. Small boxes and few patients
            want few stages: a map of one cell no longer averages over places, and with 100
            training patients and 24^3 voxels four stages lost half of what two could read of a
            planted lesion's size. `resnet` with width 8 and (1, 1) or (1, 1, 1) suits a CPU.

    Raises:
        ConfigError: for a name that does not exist, or a width or layers that do not fit.

    Sources: ResNet (Hara 2018), DenseNet (Huang 2017), SegResNet (Myronenko 2018), SwinUNETR
    (Hatamizadeh 2022), as MONAI has them.

    Example:
        >>> import torch
        >>> network, features = volume_backbone(
        ...     "resnet", channels=2, width=8, layers=(1, 1, 1)
        ... )
        >>> tuple(network(torch.zeros(1, 2, 32, 32, 32)).shape), features
        ((1, 32, 2, 2, 2), 32)
    """
    if width < 8 or width % 8:
        raise ConfigError(f"a backbone's width is {width}, expected a multiple of 8")
    if not layers or min(layers) < 1:
        raise ConfigError(f"a backbone's layers are {list(layers)}, expected 1 or more per stage")
    match name:
        case "resnet":
            return _resnet(channels, width, layers)
        case "densenet":
            return _densenet(channels, width, layers)
        case "segresnet":
            return _segresnet(channels, width, layers)
        case "swinunetr":
            return _swinunetr(channels, width, layers)
        case _:
            near = get_close_matches(name, BACKBONES, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"the volume backbone {name!r} does not exist, there are "
                f"{', '.join(BACKBONES)}{hint}"
            )


def _resnet(channels: int, width: int, layers: Sequence[int]) -> tuple[nn.Module, int]:
    if len(layers) > 4:
        raise ConfigError(f"resnet has up to four stages, layers are {list(layers)}")
    planes = [width * 2**stage for stage in range(4)]
    net = ResNet(
        "basic",
        [*layers, *[1] * (4 - len(layers))],
        planes,
        n_input_channels=channels,
        conv1_t_size=5,
        conv1_t_stride=2,
        feed_forward=False,
    )
    _replace_batch_norm(net, gcd(width // 2, 8))
    stages = (net.layer1, net.layer2, net.layer3, net.layer4)[: len(layers)]
    return nn.Sequential(net.conv1, net.bn1, net.act, net.maxpool, *stages), planes[len(stages) - 1]


def _densenet(channels: int, width: int, layers: Sequence[int]) -> tuple[nn.Module, int]:
    net = DenseNet(
        spatial_dims=3,
        in_channels=channels,
        out_channels=1,
        init_features=2 * width,
        growth_rate=width,
        block_config=tuple(layers),
        bn_size=2,
        # a transition halves the features, so that their number is a multiple of width / 8 only
        norm=_group(gcd(width // 8, 8)),
    )
    classifier = net.class_layers[-1]
    assert isinstance(classifier, nn.Linear)
    return nn.Sequential(net.features, nn.ReLU()), classifier.in_features


def _segresnet(channels: int, width: int, layers: Sequence[int]) -> tuple[nn.Module, int]:
    net = SegResNet(
        in_channels=channels,
        init_filters=width,
        blocks_down=tuple(layers),
        blocks_up=(1,) * (len(layers) - 1),
        norm=_group(gcd(width // 2, 8)),
    )
    return nn.Sequential(net.convInit, *net.down_layers), width * 2 ** (len(layers) - 1)


def _swinunetr(channels: int, width: int, layers: Sequence[int]) -> tuple[nn.Module, int]:
    if len(layers) != 4:
        raise ConfigError(f"swinunetr has four stages, layers are {list(layers)}")
    if find_spec("einops") is None:
        raise ConfigError("swinunetr needs the package einops: pip install einops")
    heads = width // 8
    net = SwinTransformer(
        in_chans=channels,
        embed_dim=width,
        window_size=(7, 7, 7),
        patch_size=(2, 2, 2),
        depths=tuple(layers),
        num_heads=(heads, 2 * heads, 4 * heads, 8 * heads),
    )
    return _Deepest(net), 16 * width


class _Deepest(nn.Module):
    """The last of the maps that a Swin transformer gives."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Float[Tensor, "batch c x y z"]) -> Float[Tensor, "batch f u v w"]:
        """Run all stages."""
        return self.encoder(x)[-1]


def _replace_batch_norm(net: nn.Module, groups: int) -> None:
    """MONAI 1.6.1 uses `ResNet(norm=...)` in the stem only; its blocks stay with batch norm."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm3d):
                setattr(module, name, nn.GroupNorm(groups, child.num_features))


def _group(groups: int) -> tuple[str, dict[str, int]]:
    return "group", {"num_groups": groups}
