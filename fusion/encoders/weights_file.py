"""The tensors of a checkpoint, whoever wrote it: no code of it ever runs."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from fusion.errors import ConfigError

PLACES = ("model.safetensors", "models/model.pt", "checkpoint_final.pth")
"""Where a folder has its weights: of `pretrain_volumes`, of a MONAI bundle, of nnU-Net."""

_NUMBERS: list[Any] = [
    (np.float64().__reduce__()[0], f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")
]
"""nnU-Net notes its losses as numpy numbers, which are data and run nothing."""


@dataclass(frozen=True)
class WeightsFile:
    """What a file holds."""

    path: Path
    sha256: str
    tensors: Mapping[str, Tensor]
    """By their place in the file: `state_dict.module.backbone.conv1.weight`."""


def find_weights(place: Path) -> Path:
    """A file itself, or the one that a folder has where `PLACES` says.

    Raises:
        ConfigError: where there is none, or more than one.
    """
    if place.is_file():
        return place
    if not place.is_dir():
        raise ConfigError(f"{place}: no such file or folder; name the file with the weights")
    found = [place / name for name in PLACES if (place / name).is_file()]
    if len(found) != 1:
        what = ", ".join(path.name for path in found) or "none"
        raise ConfigError(
            f"{place}: expected one of {', '.join(PLACES)} in the folder, found {what}; name the "
            "file itself"
        )
    return found[0]


def read_weights(place: Path) -> WeightsFile:
    """Read a file of tensors: PyTorch's (with `weights_only`) or safetensors.

    Raises:
        ConfigError: where it is absent, holds more than tensors and plain values, no tensor, or
            a number that is not finite.
    """
    path = find_weights(place)
    try:
        if path.suffix == ".safetensors":
            content: Any = load_file(path)
        else:
            with torch.serialization.safe_globals([*_NUMBERS, np.dtype, *_dtypes()]):
                content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        why = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"{path}: cannot be read as tensors alone ({why}). A file that would run code, such as "
            "a whole pickled model, is refused: save its state_dict()"
        ) from error
    tensors = dict(_flat(content, ""))
    if not tensors:
        raise ConfigError(f"{path}: no tensor in it; save the state_dict() of the network")
    broken = [n for n, t in tensors.items() if t.is_floating_point() and not t.isfinite().all()]
    if broken:
        raise ConfigError(
            f"{path}: {broken[0]} and {len(broken) - 1} more hold numbers that are not finite; "
            "was it saved by a training that failed?"
        )
    with path.open("rb") as file:
        return WeightsFile(path, hashlib.file_digest(file, "sha256").hexdigest(), tensors)


def _flat(content: Any, place: str) -> Iterator[tuple[str, Tensor]]:
    """Tensors of mappings within mappings; what an optimiser keeps by number is no weight."""
    if isinstance(content, Tensor):
        yield place, content
    elif isinstance(content, Mapping):
        for key, value in content.items():
            if isinstance(key, str):
                yield from _flat(value, f"{place}.{key}" if place else key)


def _dtypes() -> list[type]:
    return [type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.bool_)]
