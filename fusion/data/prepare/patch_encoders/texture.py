"""The offline patch encoder: what a pathologist would measure, without any weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from fusion.data.prepare.patch_encoders.nuclei import nuclei
from fusion.data.prepare.patch_encoders.stains import shrink, stain_density
from fusion.data.prepare.patch_encoders.structure import SCALES, grain, lumina, orientation
from fusion.errors import ConfigError

_VERSION = 1
"""Raise it whenever a feature changes: it is part of the cache key."""

_CHUNK = 8
"""Tiles at a time: so few stay in the processor's cache."""

_PERCENTILES = (5, 25, 50, 75, 95, 99)
_WORK_UM = 1.0
"""Pixel size for nuclei and structures: a glioma nucleus is 8 to 15 pixels wide."""

_EMPTY = 0.06
"""Mean optical density below which a pixel is glass, a lumen or fat."""

_PALE_H, _EOSIN, _RED = 0.08, 0.06, 0.25
"""Haematoxylin below, eosin above: cytoplasm, fibres and necrosis; red cells from `_RED` on."""

_WINDOW_UM = 16.0
"""Within which fibres and vessel walls run parallel."""


class Texture:
    """Stain statistics, nuclei, empty space and grain of a tile: 49 features.

    Haematoxylin and eosin by colour deconvolution (Ruifrok and Johnston 2001); nuclei as blobs of
    haematoxylin (count, size, shape, chromatin); pallor, lumina and red cells as shares of
    area; grain as the energy between successive halvings; orientation (fibres, vessel walls) as
    the coherence of the structure tensor. `names` says which feature stands where.

    Args:
        tile_px: side of a tile in pixels.
        mpp: microns per pixel, 0.1 to 2.

    Raises:
        ConfigError: where nuclei could not be seen at that `mpp`, or the tile is too small.

    Example:
        >>> encoder = Texture(tile_px=64, mpp=0.5)
        >>> encoder(np.full((2, 64, 64, 3), 255, dtype=np.uint8)).shape == (2, encoder.dim)
        True
    """

    name = "texture"

    def __init__(self, *, tile_px: int, mpp: float) -> None:
        if not 0.1 <= mpp <= 2.0:
            raise ConfigError(f"texture: mpp is {mpp}, expected 0.1 to 2.0, where nuclei are seen")
        if tile_px * mpp < 2 ** (SCALES + 1):
            raise ConfigError(
                f"texture: a tile of {tile_px} px is {tile_px * mpp:g} microns wide, expected at "
                f"least {2 ** (SCALES + 1)}; choose a larger tile_px"
            )
        self.tile_px = tile_px
        self.mpp = mpp
        self._shrink = max(1, round(_WORK_UM / mpp))
        blank = np.full((1, tile_px, tile_px, 3), 255, dtype=np.uint8)
        self.names: tuple[str, ...] = tuple(self._measure(blank))

    @property
    def dim(self) -> int:
        """Features of a tile."""
        return len(self.names)

    def spec(self) -> Mapping[str, Any]:
        """Name, version and the tile that it takes."""
        return {"name": self.name, "version": _VERSION, "tile_px": self.tile_px, "mpp": self.mpp}

    def __call__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> Float[np.ndarray, "n dim"]:
        """Measure every tile."""
        if not len(tiles):
            return np.zeros((0, self.dim), dtype=np.float32)
        parts = [self._measure(tiles[i : i + _CHUNK]) for i in range(0, len(tiles), _CHUNK)]
        columns = [np.concatenate([part[name] for part in parts]) for name in self.names]
        return np.stack(columns, axis=1).astype(np.float32)

    def _measure(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> dict[str, Float[np.ndarray, " n"]]:
        fine = stain_density(tiles)
        coarse = shrink(fine, self._shrink)
        um = self.mpp * self._shrink
        h, e, residual, density = coarse
        out: dict[str, Float[np.ndarray, " n"]] = {}
        for name, thin, stain in (("h", fine[0], h), ("e", fine[1], e)):
            out |= _distribution(name, stain)
            if self._shrink > 1:
                out[f"{name}_grain_finest"] = grain(thin, 1)[0]
            for scale, energy in enumerate(grain(stain, SCALES)):
                out[f"{name}_grain_{2**scale}"] = energy
            out[f"{name}_edges"], out[f"{name}_parallel"] = orientation(stain, _WINDOW_UM / um)
        out["residual_mean"], out["residual_sd"] = _mean(residual), residual.std(axis=(1, 2))
        out["density_mean"], out["density_sd"] = _mean(density), density.std(axis=(1, 2))
        out["pale_share"] = _mean((h < _PALE_H) & (e > _EOSIN) & (e < _RED))
        out["red_share"] = _mean((h < _PALE_H) & (e >= _RED))
        empty, count, largest = lumina(density < _EMPTY, um)
        out |= {"empty_share": empty, "lumina_count": count, "lumen_largest_share": largest}
        return out | nuclei(h, e, um)


def _distribution(
    name: str, stain: Float[np.ndarray, "n h w"]
) -> dict[str, Float[np.ndarray, " n"]]:
    flat = stain.reshape(len(stain), -1)
    values = np.percentile(flat, _PERCENTILES, axis=1)
    parts = {f"{name}_p{q}": v for q, v in zip(_PERCENTILES, values, strict=True)}
    return {f"{name}_mean": flat.mean(axis=1), f"{name}_sd": flat.std(axis=1), **parts}


def _mean(plane: np.ndarray) -> Float[np.ndarray, " n"]:
    return plane.mean(axis=(1, 2))
