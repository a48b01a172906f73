"""A vision model of the `transformers` library as a patch encoder, from a local folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from fusion.data.prepare.patch_encoders.lazy import Lazy
from fusion.data.prepare.patch_encoders.normalise import normalised
from fusion.data.prepare.patch_encoders.vision_folder import VisionFolder
from fusion.errors import ConfigError

_VERSION = 1
"""Raise it whenever a feature changes: it is part of the cache key."""


class TransformersModel:
    """The class token of a vision transformer (DINOv2, ViT, Phikon-v2, ...), frozen.

    Args:
        folder: as `VisionFolder` says.
        tile_px: side of a tile in pixels, as the model was trained.
        mpp: microns per pixel, as the model was trained; commonly 0.5.
        device: where it runs.

    Raises:
        ConfigError: where the folder, one of its files or the library is absent, or the model
            takes other tiles.
    """

    name = "transformers"

    def __init__(
        self, *, folder: Path | str, tile_px: int, mpp: float, device: str = "cpu"
    ) -> None:
        self.folder = VisionFolder(Path(folder))
        self.tile_px = tile_px
        self.mpp = mpp
        self.device = device
        self._model = Lazy(self._load)
        self._normalisation = self.folder.normalisation
        self.folder.check_tile(tile_px, self.folder.config.get("patch_size"))

    @property
    def dim(self) -> int:
        """Width of the class token."""
        width = self.folder.config.get("hidden_size")
        if not isinstance(width, int):
            raise ConfigError(
                f"{self.folder.path}/config.json: no hidden_size; is it a vision transformer?"
            )
        return width

    def spec(self) -> Mapping[str, Any]:
        """Name, version, tile, and the hash of the weights and settings; not where they lie."""
        return {
            "name": self.name,
            "version": _VERSION,
            "tile_px": self.tile_px,
            "mpp": self.mpp,
            "model": self.folder.config.get("model_type", ""),
            "sha256": self.folder.digest,
        }

    @torch.inference_mode()
    def __call__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> Float[np.ndarray, "n dim"]:
        """Scale, normalise and encode."""
        pixels = normalised(tiles, *self._normalisation, device=self.device)
        model = self._model.get()
        hidden: Tensor = model(pixel_values=pixels).last_hidden_state
        patches = (self.tile_px // int(self.folder.config.get("patch_size", self.tile_px))) ** 2
        if hidden.ndim != 3 or hidden.shape[1] <= patches:
            raise ConfigError(
                f"{self.folder.path}: the model gives no class token; expected a ViT or DINOv2"
            )
        return hidden[:, 0].float().cpu().numpy()

    def _load(self) -> nn.Module:
        return self.folder.load("AutoModel").to(self.device)
