"""A published vision transformer through `timm`, with the user's own copy of its weights."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fusion.data.prepare.patch_encoders.cards import Card, card_of
from fusion.data.prepare.patch_encoders.lazy import Lazy
from fusion.data.prepare.patch_encoders.normalise import normalised
from fusion.errors import ConfigError

_VERSION = 1
"""Raise it whenever a feature changes: it is part of the cache key."""

_FILES = ("model.safetensors", "pytorch_model.bin")
"""As published; the second is read as tensors alone, so that no code of it is run."""


class TimmModel:
    """UNI, Virchow2, GigaPath, H-optimus, ...: what `cards.py` lists, frozen.

    Args:
        card: one of `CARDS`, or a card of one's own.
        folder: holds the weights under their published name. Nothing is ever fetched.
        tile_px: side of a tile in pixels; the card's.
        mpp: microns per pixel; the card's.
        device: where it runs.

    Raises:
        ConfigError: where the weights are absent, or tiles are not what the model was trained on.
    """

    name = "timm"

    def __init__(
        self, *, card: str | Card, folder: Path | str, tile_px: int, mpp: float, device: str = "cpu"
    ) -> None:
        self.card = card if isinstance(card, Card) else card_of(card)
        self.folder = Path(folder)
        self.tile_px, self.mpp, self.device = tile_px, mpp, device
        self._model = Lazy(self._load)
        found = [self.folder / name for name in _FILES if (self.folder / name).is_file()]
        if not found:
            raise ConfigError(
                f"{self.folder}: neither {' nor '.join(_FILES)}. The weights of {self.card.name} "
                f"are yours to fetch from {self.card.page}, under their licence "
                f"({self.card.licence}); or take the patch encoder `texture`, which needs none"
            )
        self.weights = found[0]
        if tile_px != self.card.tile_px:
            raise ConfigError(
                f"{self.card.name} takes tiles of {self.card.tile_px} px at {self.card.mpp} "
                f"microns per pixel, found tile_px={tile_px}; set tile_px and stride_px to match"
            )

    @property
    def dim(self) -> int:
        """Features of a tile."""
        return self.card.dim

    def spec(self) -> Mapping[str, Any]:
        """Name, version, card, tile, and the hash of the weights; not where they lie."""
        return {
            "name": self.name,
            "version": _VERSION,
            "card": self.card.name,
            "tile_px": self.tile_px,
            "mpp": self.mpp,
            "sha256": self._digest,
        }

    @torch.inference_mode()
    def __call__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> Float[np.ndarray, "n dim"]:
        """Scale, normalise and encode."""
        model = self._model.get()
        tokens: Tensor = model.forward_features(
            normalised(tiles, *self.card.normalisation, device=self.device)
        )
        found = tokens[:, 0]
        if self.card.pooling == "token_and_mean":
            found = torch.cat([found, tokens[:, self.card.prefix :].mean(dim=1)], dim=1)
        return found.float().cpu().numpy()

    def _load(self) -> Any:
        try:
            import timm
            from timm.layers import SwiGLUPacked
        except (ImportError, RuntimeError) as error:  # a torchvision of another torch raises both
            raise ConfigError(
                f"the patch encoder `timm` needs the library of that name ({error}): "
                "pip install 'fusion-onco[timm]', with the torchvision that fits your torch"
            ) from error
        known = {"SwiGLUPacked": SwiGLUPacked, "SiLU": nn.SiLU}
        given = {k: known.get(str(v), v) for k, v in self.card.arguments.items()}
        model = timm.create_model(self.card.architecture, pretrained=False, num_classes=0, **given)
        try:
            model.load_state_dict(_read(self.weights))
        except (RuntimeError, SafetensorError, OSError, ValueError) as error:
            why = " ".join(str(error).split())[:300]
            raise ConfigError(
                f"{self.weights}: not the weights of {self.card.name}: {why}; fetch them again "
                f"from {self.card.page}"
            ) from error
        if model.num_features * (2 if self.card.pooling == "token_and_mean" else 1) != self.dim:
            raise ConfigError(f"{self.card.name}: the model gives {model.num_features} features")
        return model.eval().to(self.device)

    @cached_property
    def _digest(self) -> str:
        with self.weights.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        found: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"it cannot be read as tensors ({error})") from error
    return found
