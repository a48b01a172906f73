"""A vision model of the `transformers` library as a patch encoder, from a local folder."""

import hashlib
import json
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from torch import Tensor, nn

from fusion.errors import ConfigError

_VERSION = 1
"""Raise it whenever a feature changes: it is part of the cache key."""

_SETTINGS = "preprocessor_config.json"


class TransformersModel:
    """The class token of a vision transformer (DINOv2, ViT, Phikon-v2, ...), frozen.

    Args:
        folder: holds `config.json`, `preprocessor_config.json` and the weights as safetensors.
            Nothing is ever fetched, and no code in the folder is ever run.
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
        self.folder = Path(folder)
        self.tile_px = tile_px
        self.mpp = mpp
        self.device = device
        self._lock = threading.Lock()
        if not self.folder.is_dir():
            raise ConfigError(
                f"{self.folder}: no such folder. The weights of a foundation model are yours to "
                "fetch, under their own licence; save config.json, preprocessor_config.json and "
                "*.safetensors there, or take the patch encoder `texture`, which needs none"
            )
        if not list(self.folder.glob("*.safetensors")):
            raise ConfigError(
                f"{self.folder}: no *.safetensors; other formats can run code when opened and are "
                "not read. Convert them with save_pretrained(folder, safe_serialization=True)"
            )
        self._config = self._json("config.json")
        self._mean, self._sd = self._normalisation()
        self._check_tile()

    @property
    def dim(self) -> int:
        """Width of the class token."""
        width = self._config.get("hidden_size")
        if not isinstance(width, int):
            raise ConfigError(
                f"{self.folder}/config.json: no hidden_size; is it a vision transformer?"
            )
        return width

    def spec(self) -> Mapping[str, Any]:
        """Name, version, tile, and the hash of the weights and settings; not where they lie."""
        return {
            "name": self.name,
            "version": _VERSION,
            "tile_px": self.tile_px,
            "mpp": self.mpp,
            "model": self._config.get("model_type", ""),
            "sha256": self._digest,
        }

    @torch.inference_mode()
    def __call__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> Float[np.ndarray, "n dim"]:
        """Scale, normalise and encode."""
        pixels = torch.tensor(tiles, device=self.device).permute(0, 3, 1, 2) / 255.0
        mean, sd = (
            torch.tensor(v, device=self.device).view(1, 3, 1, 1) for v in (self._mean, self._sd)
        )
        with self._lock:
            model = self._model
        hidden: Tensor = model(pixel_values=(pixels - mean) / sd).last_hidden_state
        patches = (self.tile_px // int(self._config.get("patch_size", self.tile_px))) ** 2
        if hidden.ndim != 3 or hidden.shape[1] <= patches:
            raise ConfigError(
                f"{self.folder}: the model gives no class token; expected a ViT or DINOv2"
            )
        return hidden[:, 0].float().cpu().numpy()

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without the model and the lock: every process loads its own."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_model", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    @cached_property
    def _model(self) -> nn.Module:
        try:
            from transformers import AutoModel
        except ImportError as error:
            raise ConfigError(
                "the patch encoder `transformers` needs the library of that name: "
                "pip install 'fusion-onco[transformers]'"
            ) from error
        try:
            model, loading = AutoModel.from_pretrained(
                self.folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                dtype=torch.float32,
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ConfigError(f"{self.folder}: transformers cannot load it: {error}") from error
        # the pooler is not used, and is absent from most published weights
        absent = sorted(k for k in loading["missing_keys"] if not k.startswith("pooler."))
        if absent:
            raise ConfigError(
                f"{self.folder}: {len(absent)} weights are absent, such as {absent[0]}; they would "
                "be random. Fetch the folder again"
            )
        return model.eval().to(self.device)

    @cached_property
    def _digest(self) -> str:
        whole = hashlib.sha256()
        names = [
            "config.json",
            _SETTINGS,
            *sorted(p.name for p in self.folder.glob("*.safetensors")),
        ]
        for name in names:
            with (self.folder / name).open("rb") as file:
                whole.update(f"{name}\n".encode() + hashlib.file_digest(file, "sha256").digest())
        return whole.hexdigest()

    def _json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ConfigError(f"{path}: no such file; save the model's own there") from error
        except ValueError as error:
            raise ConfigError(f"{path}: not JSON ({error})") from error
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: expected a JSON mapping")
        return content

    def _normalisation(self) -> tuple[list[float], list[float]]:
        settings = self._json(_SETTINGS)
        found = [settings.get(key) for key in ("image_mean", "image_std")]
        for value in found:
            if not (isinstance(value, list) and len(value) == 3):
                raise ConfigError(
                    f"{self.folder}/{_SETTINGS}: no image_mean and image_std of 3 channels"
                )
        return found[0], found[1]  # type: ignore[return-value]

    def _check_tile(self) -> None:
        settings = self._json(_SETTINGS)
        asked = settings.get("crop_size" if settings.get("do_center_crop") else "size", {})
        sides = set(asked.values()) if isinstance(asked, dict) else {asked}
        if sides and sides != {self.tile_px}:
            raise ConfigError(
                f"{self.folder}: the model takes tiles of {'x'.join(map(str, sorted(sides)))} px, "
                f"found tile_px={self.tile_px}; set tile_px and stride_px to match"
            )
        patch = self._config.get("patch_size")
        if isinstance(patch, int) and self.tile_px % patch:
            raise ConfigError(f"{self.folder}: tile_px={self.tile_px} is no multiple of {patch}")
