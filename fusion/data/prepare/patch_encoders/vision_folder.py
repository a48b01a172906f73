"""A folder of a vision model, as `transformers` saves one."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from fusion.errors import ConfigError

_SETTINGS = "preprocessor_config.json"


@dataclass(frozen=True)
class VisionFolder:
    """Holds `config.json`, `preprocessor_config.json` and the weights as safetensors.

    Nothing is ever fetched, and no code in the folder is ever run.

    Raises:
        ConfigError: where the folder or its weights are absent.
    """

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise ConfigError(
                f"{self.path}: no such folder. The weights of a foundation model are yours to "
                "fetch, under their own licence; save config.json, preprocessor_config.json and "
                "*.safetensors there, or take the patch encoder `texture`, which needs none"
            )
        if not list(self.path.glob("*.safetensors")):
            raise ConfigError(
                f"{self.path}: no *.safetensors; other formats can run code when opened and are "
                "not read. Convert them with save_pretrained(folder, safe_serialization=True)"
            )

    @cached_property
    def config(self) -> dict[str, Any]:
        """What the model is."""
        return self._json("config.json")

    @cached_property
    def normalisation(self) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of each channel.

        Raises:
            ConfigError: where the folder does not say.
        """
        settings = self._json(_SETTINGS)
        found = [settings.get(key) for key in ("image_mean", "image_std")]
        for value in found:
            if not (isinstance(value, list) and len(value) == 3):
                raise ConfigError(
                    f"{self.path}/{_SETTINGS}: no image_mean and image_std of 3 channels"
                )
        return found[0], found[1]  # type: ignore[return-value]

    def check_tile(self, tile_px: int, patch_px: int | None) -> None:
        """Whether the model takes tiles of that side.

        Raises:
            ConfigError: where it does not.
        """
        settings = self._json(_SETTINGS)
        asked = settings.get("crop_size" if settings.get("do_center_crop") else "size", {})
        sides = set(asked.values()) if isinstance(asked, dict) else {asked}
        if sides and sides != {tile_px}:
            raise ConfigError(
                f"{self.path}: the model takes tiles of {'x'.join(map(str, sorted(sides)))} px, "
                f"found tile_px={tile_px}; set tile_px and stride_px to match"
            )
        if isinstance(patch_px, int) and tile_px % patch_px:
            raise ConfigError(f"{self.path}: tile_px={tile_px} is no multiple of {patch_px}")

    def load(self, kind: str) -> nn.Module:
        """The model, frozen.

        Args:
            kind: a class of `transformers`.

        Raises:
            ConfigError: where the library is absent, or cannot load all of the weights.
        """
        try:
            import transformers
        except ImportError as error:
            raise ConfigError(
                "this patch encoder needs the library `transformers`: "
                "pip install 'fusion-onco[transformers]'"
            ) from error
        try:
            model, loading = getattr(transformers, kind).from_pretrained(
                self.path,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                dtype=torch.float32,
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ConfigError(f"{self.path}: transformers cannot load it: {error}") from error
        # the pooler is not used, and is absent from most published weights
        absent = sorted(k for k in loading["missing_keys"] if not k.startswith("pooler."))
        if absent:
            raise ConfigError(
                f"{self.path}: {len(absent)} weights are absent, such as {absent[0]}; they would "
                "be random. Fetch the folder again"
            )
        found: nn.Module = model.eval()
        return found

    @cached_property
    def digest(self) -> str:
        """Of the weights and settings."""
        whole = hashlib.sha256()
        weights = sorted(p.name for p in self.path.glob("*.safetensors"))
        for name in ("config.json", _SETTINGS, *weights):
            with (self.path / name).open("rb") as file:
                whole.update(f"{name}\n".encode() + hashlib.file_digest(file, "sha256").digest())
        return whole.hexdigest()

    def _json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ConfigError(f"{path}: no such file; save the model's own there") from error
        except ValueError as error:
            raise ConfigError(f"{path}: not JSON ({error})") from error
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: expected a JSON mapping")
        return content
