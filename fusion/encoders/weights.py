"""Weights of a file in the network of an encoder: all that was found, or a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fusion.encoders.base import Encoder
from fusion.encoders.lora import load_plain, plain_weights
from fusion.encoders.weights_file import WeightsFile, read_weights
from fusion.encoders.weights_match import Match, match
from fusion.encoders.weights_names import network_weights, published_names
from fusion.errors import ConfigError


@dataclass(frozen=True)
class Compared:
    """A network held beside a file; nothing is loaded yet."""

    network: str
    file: WeightsFile
    match: Match
    wanted: Mapping[str, Tensor]
    """Of the network, by MONAI's names."""
    channels: int

    @property
    def share(self) -> float:
        """Of the network's tensors that are in the file."""
        return len(self.match.matched) / len(self.wanted)

    def sentence(self) -> str:
        """What is taken from where, for a reader."""
        start = f", their names behind {self.match.prefix!r}" if self.match.prefix else ""
        return (
            f"{len(self.match.matched)} of {len(self.wanted)} tensors of the network "
            f"{self.network} are those of {self.file.path.name} "
            f"(SHA-256 {self.file.sha256[:12]}){start}; {len(self.match.unused)} of the file are "
            "not used"
        )

    def report(self) -> dict[str, Any]:
        """Every tensor of both, as JSON."""
        tensors, start = self.file.tensors, self.match.prefix

        def both(names: tuple[str, ...]) -> list[dict[str, Any]]:
            return [
                {
                    "name": name,
                    "in_file": start + name,
                    "shape": list(self.wanted[name].shape),
                    "shape_in_file": list(tensors[start + name].shape),
                }
                for name in names
            ]

        def shapes(names: tuple[str, ...], of: Mapping[str, Tensor]) -> list[dict[str, Any]]:
            return [{"name": name, "shape": list(of[name].shape)} for name in names]

        return {
            "file": str(self.file.path),
            "sha256": self.file.sha256,
            "network": self.network,
            "channels": self.channels,
            "prefix": start,
            "tensors": len(self.wanted),
            "share": self.share,
            "matched": both(self.match.matched),
            "stays_random": {
                "another_input": both(self.match.other_input),
                "another_shape": both(self.match.other_shape),
                "batch_norm_in_file": both(self.match.other_norm),
                "not_in_file": shapes(self.match.absent, self.wanted),
            },
            "not_used": shapes(self.match.unused, tensors),
        }


def compare(encoder: Encoder, place: Path, *, network: str, prefix: str | None) -> Compared:
    """Hold an encoder's network beside a file.

    Args:
        encoder: of volumes.
        place: a file, or a folder as `find_weights` takes it.
        network: name of the encoder's network in the configuration.
        prefix: of the names in the file; None finds it where only one fits.

    Raises:
        ConfigError: where the file cannot be read, or more than one prefix fits.
    """
    file, wanted = read_weights(place), network_weights(encoder, network)
    channels = len(plain_weights(encoder)["absent"])
    try:
        found = match(wanted, file.tensors, channels=channels, prefix=prefix)
    except ConfigError as error:
        raise ConfigError(f"{file.path}: {error}") from error
    return Compared(network, file, found, wanted, channels)


def take(encoder: Encoder, found: Compared) -> None:
    """Put every tensor that matched into the encoder."""
    names, weights = published_names(encoder, found.network), plain_weights(encoder)
    for name in found.match.matched:
        weights[names[name]] = found.file.tensors[found.match.prefix + name]
    with torch.no_grad():
        load_plain(encoder, weights)
