"""What MONAI calls the tensors of an encoder's network, so that files can be exchanged."""

from torch import Tensor

from fusion.encoders.base import Encoder
from fusion.encoders.lora import plain_weights
from fusion.encoders.tumour import TumourEncoder
from fusion.encoders.volume import VolumeEncoder
from fusion.errors import ConfigError

_BACKBONES = {
    "resnet": {
        "0": "conv1",
        "1": "bn1",
        "4": "layer1",
        "5": "layer2",
        "6": "layer3",
        "7": "layer4",
    },
    "densenet": {"0": "features"},
    "segresnet": {"0": "convInit"} | {str(i + 1): f"down_layers.{i}" for i in range(16)},
    "swinunetr": {"encoder": ""},
}
"""First part of a name in `volume_backbone` -> what it is called in MONAI's network."""

_MAPS = {
    "segresnet": {"network.encoder": "encoder", "network.ups": "up_layers"},
    "swinunetr": {"network.net": ""},
}
"""The same of `map_network`."""


def published_names(encoder: Encoder, network: str) -> dict[str, str]:
    """MONAI's name of each tensor of the network -> its name in the encoder.

    What the encoder adds (projection onto tokens, outline, constants of absent channels) is no
    part of the network.

    Args:
        encoder: of volumes.
        network: its name in the configuration.

    Raises:
        ConfigError: for an encoder of something else.

    Example:
        >>> from fusion.encoders.backbones import volume_backbone
        >>> backbone, n = volume_backbone("resnet", channels=2, width=8, layers=(1,))
        >>> encoder = VolumeEncoder(backbone=backbone, features=n, channels=2, dim=5)
        >>> list(published_names(encoder, "resnet").items())[0]
        ('conv1.weight', 'backbone.0.weight')
    """
    if isinstance(encoder, VolumeEncoder):
        place, table = "backbone", _BACKBONES[network]
    elif isinstance(encoder, TumourEncoder):
        place, table = "network", _MAPS[network]
    else:
        raise ConfigError(f"{type(encoder).__name__}: weights are for encoders of volumes")
    found = {}
    for own in plain_weights(encoder):
        if own.startswith(f"{place}."):
            inner = own.removeprefix(f"{place}.")
            start = next(s for s in table if inner.startswith(f"{s}."))
            found[f"{table[start]}{inner.removeprefix(start)}".removeprefix(".")] = own
    return found


def network_weights(encoder: Encoder, network: str) -> dict[str, Tensor]:
    """The network's tensors by MONAI's names."""
    plain = plain_weights(encoder)
    return {name: plain[own] for name, own in published_names(encoder, network).items()}
