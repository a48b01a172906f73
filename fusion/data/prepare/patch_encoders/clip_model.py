"""The image side of a text-image model as a patch encoder, from a local folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import nn

from fusion.data.prepare.patch_encoders.lazy import Lazy
from fusion.data.prepare.patch_encoders.normalise import normalised
from fusion.data.prepare.patch_encoders.vision_folder import VisionFolder
from fusion.errors import ConfigError

_VERSION = 1
"""Raise it whenever a feature changes: it is part of the cache key."""


class ClipModel:
    """A tile in the space that images and texts share (CLIP, PLIP, QuiltNet), frozen.

    Not normalised to unit length: a cosine does that, and lengths tell something too. CONCH
    itself has code of its own; its weights have to be converted to this form.

    Args:
        folder: as `VisionFolder` says, of a model of type `clip`.
        tile_px: side of a tile in pixels, as the model was trained.
        mpp: microns per pixel, as the model was trained.
        device: where it runs.

    Raises:
        ConfigError: where the folder, one of its files or the library is absent, or the model is
            another one or takes other tiles.

    Source: Radford 2021 (CLIP), Huang 2023 (PLIP), Lu 2024 (CONCH).
    """

    name = "clip"

    def __init__(
        self, *, folder: Path | str, tile_px: int, mpp: float, device: str = "cpu"
    ) -> None:
        self.folder = VisionFolder(Path(folder))
        self.tile_px, self.mpp, self.device = tile_px, mpp, device
        self._model = Lazy(self._load)
        kind, width = (self.folder.config.get(k) for k in ("model_type", "projection_dim"))
        if kind not in ("clip", "clip_vision_model") or not isinstance(width, int):
            raise ConfigError(
                f"{folder}: a model of type {kind!r}, expected `clip` with a projection_dim; other "
                "vision models are read by patch_encoder=transformers"
            )
        self._width = width
        self._normalisation = self.folder.normalisation
        vision = self.folder.config.get("vision_config", self.folder.config)
        self.folder.check_tile(tile_px, vision.get("patch_size"))

    @property
    def dim(self) -> int:
        """Width of the shared space."""
        return self._width

    def spec(self) -> Mapping[str, Any]:
        """Name, version, tile, and the hash of the weights and settings; not where they lie."""
        return {
            "name": self.name,
            "version": _VERSION,
            "tile_px": self.tile_px,
            "mpp": self.mpp,
            "sha256": self.folder.digest,
        }

    @torch.inference_mode()
    def __call__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> Float[np.ndarray, "n dim"]:
        """Scale, normalise and encode."""
        model = self._model.get()
        pixels = normalised(tiles, *self._normalisation, device=self.device)
        found: np.ndarray = model(pixel_values=pixels).image_embeds.float().cpu().numpy()
        return found

    def _load(self) -> nn.Module:
        return self.folder.load("CLIPVisionModelWithProjection").to(self.device)
