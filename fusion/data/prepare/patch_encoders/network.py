"""MONAI's 2-D networks as makers of one vector per tile."""

from difflib import get_close_matches

from jaxtyping import Float
from monai.networks.nets import DenseNet121, EfficientNetBN, ResNet, resnet18, resnet34, resnet50
from torch import Tensor, nn

from fusion.errors import ConfigError

NETWORKS = ("resnet18", "resnet34", "resnet50", "densenet121", "efficientnet-b0")


class TileNetwork(nn.Module):
    """Feature maps of a network, averaged over the tile.

    Args:
        name: one of `NETWORKS`.

    Raises:
        ConfigError: for another name.

    Sources: ResNet (He 2016), DenseNet (Huang 2017), EfficientNet (Tan and Le 2019), as MONAI has
    them.

    Example:
        >>> import torch
        >>> network = TileNetwork("resnet18")
        >>> network(torch.zeros(2, 3, 64, 64)).shape, network.dim
        (torch.Size([2, 512]), 512)
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        check_name(name)
        self.name = name
        self.maps, self.dim = _maps(name)

    def forward(self, pixels: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n dim"]:
        """One vector per tile."""
        found: Tensor = self.maps(pixels)
        return found.mean(dim=(2, 3))


def check_name(name: str) -> None:
    """Whether there is such a network.

    Raises:
        ConfigError: where there is none, with the nearest.
    """
    if name not in NETWORKS:
        near = get_close_matches(name, NETWORKS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"no network {name!r}, expected one of {', '.join(NETWORKS)}{hint}")


def _maps(name: str) -> tuple[nn.Module, int]:
    match name:
        case "resnet18" | "resnet34" | "resnet50":
            make = {"resnet18": resnet18, "resnet34": resnet34, "resnet50": resnet50}[name]
            # MONAI's first layer does not halve the map unless it is told to, as He 2016 does
            whole: ResNet = make(
                spatial_dims=2, n_input_channels=3, num_classes=1, conv1_t_stride=2
            )
            assert whole.fc is not None
            parts = ("conv1", "bn1", "act", "maxpool", "layer1", "layer2", "layer3", "layer4")
            return nn.Sequential(*(getattr(whole, p) for p in parts)), whole.fc.in_features
        case "densenet121":
            dense = DenseNet121(spatial_dims=2, in_channels=3, out_channels=1)
            last = dense.class_layers.out
            assert isinstance(last, nn.Linear)
            return nn.Sequential(dense.features, nn.ReLU()), last.in_features
        case _:
            return _Efficient(), 1280


class _Efficient(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.whole = EfficientNetBN("efficientnet-b0", pretrained=False, spatial_dims=2)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c u v"]:
        """All but pooling and classifier."""
        e = self.whole
        x = e._swish(e._bn0(e._conv_stem(e._conv_stem_padding(x))))
        for stack in e._blocks:
            x = stack(x)
        found: Tensor = e._swish(e._bn1(e._conv_head(e._conv_head_padding(x))))
        return found
