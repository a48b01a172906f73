"""A network that somebody trained, with the card that says on what."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file

from fusion.data.prepare.patch_encoders.lazy import Lazy
from fusion.data.prepare.patch_encoders.network import TileNetwork, check_name
from fusion.data.prepare.patch_encoders.normalise import normalised
from fusion.errors import ConfigError

_VERSION = 1
"""Raise it whenever a feature changes: it is part of the cache key."""

CARD, WEIGHTS = "card.json", "model.safetensors"

NEEDED = ("network", "tile_px", "mpp", "mean", "sd")
"""What a card has to say; others that it may: licence, citation, trained_on, ..."""


class OwnModel:
    """A 2-D network of MONAI with weights of one's own, as `scripts/pretrain_tiles.py` leaves it.

    The folder holds `card.json` (`NEEDED`: network, tile_px, mpp, mean and sd of the channels) and
    `model.safetensors`, the weights of `TileNetwork`.

    Args:
        folder: with the two files.
        tile_px: side of a tile in pixels; the card's.
        mpp: microns per pixel; the card's.
        device: where it runs.

    Raises:
        ConfigError: where a file is absent, or tiles are not what the network was trained on.
    """

    name = "own"

    def __init__(
        self, *, folder: Path | str, tile_px: int, mpp: float, device: str = "cpu"
    ) -> None:
        self.folder = Path(folder)
        self.tile_px, self.mpp, self.device = tile_px, mpp, device
        self._model = Lazy(self._load)
        self.card = read_card(self.folder)
        if not (self.folder / WEIGHTS).is_file():
            raise ConfigError(f"{self.folder}: no {WEIGHTS} beside {CARD}")
        check_name(str(self.card["network"]))
        theirs = (self.card["tile_px"], self.card["mpp"])
        if (tile_px, mpp) != theirs:
            raise ConfigError(
                f"{self.folder}: trained on tiles of {theirs[0]} px at {theirs[1]:g} microns per "
                f"pixel, found {tile_px} px at {mpp:g}; set tile_px, stride_px and mpp to match"
            )

    @cached_property
    def dim(self) -> int:
        """Features of a tile."""
        return TileNetwork(str(self.card["network"])).dim

    def spec(self) -> Mapping[str, Any]:
        """Name, version, network, tile, and the hash of card and weights; not where they lie."""
        return {
            "name": self.name,
            "version": _VERSION,
            "network": self.card["network"],
            "tile_px": self.tile_px,
            "mpp": self.mpp,
            "sha256": self._digest,
        }

    @torch.inference_mode()
    def __call__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> Float[np.ndarray, "n dim"]:
        """Scale, normalise and encode."""
        model = self._model.get()
        pixels = normalised(tiles, self.card["mean"], self.card["sd"], device=self.device)
        found: np.ndarray = model(pixels).float().cpu().numpy()
        return found

    def _load(self) -> TileNetwork:
        model = TileNetwork(str(self.card["network"]))
        try:
            model.load_state_dict(load_file(self.folder / WEIGHTS))
        except (RuntimeError, SafetensorError, OSError) as error:
            raise ConfigError(
                f"{self.folder / WEIGHTS}: not the weights of a {self.card['network']}: "
                f"{' '.join(str(error).split())[:300]}"
            ) from error
        return model.eval().to(self.device)

    @cached_property
    def _digest(self) -> str:
        whole = hashlib.sha256()
        for name in (CARD, WEIGHTS):
            with (self.folder / name).open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
        return whole.hexdigest()


def read_card(folder: Path) -> Mapping[str, Any]:
    """What a folder says of its network.

    Raises:
        ConfigError: where the card is absent, or does not say what is needed.
    """
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such file; train a network on your own tiles with "
            "scripts/pretrain_tiles.py, or take the patch encoder `texture`, which needs none"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON ({error})") from error
    missing = [k for k in NEEDED if k not in card] if isinstance(card, dict) else list(NEEDED)
    if missing:
        raise ConfigError(f"{path}: no {', '.join(missing)}; expected {', '.join(NEEDED)}")
    found: Mapping[str, Any] = card
    return found
