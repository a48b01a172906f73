"""Which squares of a slide are looked at."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.data.prepare.tissue import REJECTED
from fusion.data.prepare.tissue_share import tissue_share
from fusion.data.readers.slide import SlideFile
from fusion.errors import ConfigError, ReadError

_FINER = 1.1
"""A slide may be this much coarser than asked; beyond, detail would be made up."""


@dataclass(frozen=True)
class Tiles:
    """Squares on one slide, row by row from the top left."""

    corner_um: Float[np.ndarray, "tiles 2"]
    """x and y of the top left corner in microns."""
    corner_px: Int[np.ndarray, "tiles 2"]
    """The same in level-0 pixels."""
    side_px: float
    """Side in level-0 pixels; rarely whole."""
    on_grid: int
    """Places on the grid, tissue or not."""
    with_tissue: int
    """Places with enough tissue, before the cap."""


@dataclass(frozen=True)
class Tiling:
    """A regular grid in microns, and which of its places are good enough.

    Raises:
        ConfigError: for a value out of range.
    """

    tile_px: int
    """Side of a tile in pixels."""
    mpp: float
    """Microns per pixel of a tile."""
    stride_px: int
    """From tile to tile, in pixels of `mpp`; equal to `tile_px` without overlap."""
    min_tissue: float
    """Least share of tissue, 0 to 1."""
    max_tiles: int | None = None
    """At most so many of a slide, drawn at random by `seed`; None for all."""
    seed: int = 0
    reject: tuple[str, ...] = REJECTED
    """What is no tissue: any of `REJECTED`."""
    min_sharpness: float | None = None
    """Least `sharpness` of a tile; None keeps blurred ones. Judged after the cap."""
    max_background: float | None = None
    """Most `background` of a tile; None keeps empty ones. Judged after the cap."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("tile_px", 8, 4096),
            ("mpp", 0.05, 20.0),
            ("stride_px", 1, 65536),
            ("min_tissue", 0.0, 1.0),
            ("min_sharpness", 0.0, 1.0),
            ("max_background", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} is {value}, expected {low} to {high}")
        if unknown := set(self.reject) - set(REJECTED):
            raise ConfigError(
                f"reject has {', '.join(sorted(unknown))}, expected any of {', '.join(REJECTED)}"
            )
        if self.max_tiles is not None and self.max_tiles < 1:
            raise ConfigError(
                f"max_tiles is {self.max_tiles}, expected at least 1, or null for all"
            )

    @property
    def tile_um(self) -> float:
        """Side of a tile in microns."""
        return self.tile_px * self.mpp

    def spec(self) -> dict[str, Any]:
        """All of it, as JSON-able values."""
        return {**asdict(self), "reject": sorted(self.reject)}

    def good(
        self, sharpness: Float[np.ndarray, " tiles"], background: Float[np.ndarray, " tiles"]
    ) -> Bool[np.ndarray, " tiles"]:
        """Which tiles are sharp and full enough."""
        sharp = True if self.min_sharpness is None else sharpness >= self.min_sharpness
        full = True if self.max_background is None else background <= self.max_background
        return np.broadcast_to(np.logical_and(sharp, full), sharpness.shape)

    def place(self, slide: SlideFile, mask: Bool[np.ndarray, "h w"]) -> Tiles:
        """All tiles that lie inside the slide and have enough tissue.

        Raises:
            ReadError: where the slide is scanned too coarsely, or no tile has enough tissue.
        """
        if slide.mpp > self.mpp * _FINER:
            raise ReadError(
                slide.path,
                f"scanned at {slide.mpp:g} microns per pixel, coarser than the {self.mpp:g} that "
                "the tiles need; choose a larger mpp, or leave the slide out",
                slide.patient,
            )
        x_um, y_um = self.lines(slide.size_um)
        share = tissue_share(mask, x_um, y_um, self.tile_um).reshape(-1)
        # a rounding error of the sums must not drop a tile that is wholly tissue
        chosen = np.flatnonzero(share >= self.min_tissue - 1e-6)
        if not len(chosen):
            most = (
                f"the most is {share.max():.0%}" if len(share) else "the slide is smaller than one"
            )
            raise ReadError(
                slide.path,
                f"no tile of {self.tile_um:g} microns has {self.min_tissue:.0%} of tissue "
                f"({most}); lower min_tissue or tile_px, or leave the slide out",
                slide.patient,
            )
        with_tissue = len(chosen)
        if self.max_tiles is not None and with_tissue > self.max_tiles:
            draw = np.random.default_rng(self.seed).choice(
                with_tissue, size=self.max_tiles, replace=False
            )
            chosen = chosen[np.sort(draw)]
        row, column = np.divmod(chosen, len(x_um))
        corner_um = np.stack([x_um[column], y_um[row]], axis=-1)
        corner_px = np.rint(corner_um / slide.mpp).astype(np.int64)
        return Tiles(corner_um, corner_px, self.tile_um / slide.mpp, len(share), with_tissue)

    def lines(
        self, size_um: tuple[float, float]
    ) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " rows"]]:
        """Left edges of columns and top edges of rows, in microns, of all tiles wholly inside.

        Example:
            >>> tiling = Tiling(tile_px=100, mpp=0.5, stride_px=100, min_tissue=0.5)
            >>> [edges.tolist() for edges in tiling.lines((120.0, 60.0))]
            [[0.0, 50.0], [0.0]]
        """
        stride_um = self.stride_px * self.mpp
        x, y = (np.arange(0, side - self.tile_um + 1e-6, stride_um) for side in size_um)
        return x, y
