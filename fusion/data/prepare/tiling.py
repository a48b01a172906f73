"""Which squares of a slide are looked at."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import ndimage

from fusion.data.prepare.tissue import MASK_MPP
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
    """A regular grid in microns.

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

    def __post_init__(self) -> None:
        for name, low, high in (
            ("tile_px", 8, 4096),
            ("mpp", 0.05, 20.0),
            ("stride_px", 1, 65536),
            ("min_tissue", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"{name} is {value}, expected {low} to {high}")
        if self.max_tiles is not None and self.max_tiles < 1:
            raise ConfigError(
                f"max_tiles is {self.max_tiles}, expected at least 1, or null for all"
            )

    @property
    def tile_um(self) -> float:
        """Side of a tile in microns."""
        return self.tile_px * self.mpp

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
        grid = self.grid(slide.size_um)
        share = tissue_share(mask, grid, self.tile_um)
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
        corner_um = grid[chosen]
        corner_px = np.rint(corner_um / slide.mpp).astype(np.int64)
        return Tiles(corner_um, corner_px, self.tile_um / slide.mpp, len(grid), with_tissue)

    def grid(self, size_um: tuple[float, float]) -> Float[np.ndarray, "places 2"]:
        """Corners (x, y) in microns of all tiles wholly inside, row by row.

        Example:
            >>> tiling = Tiling(tile_px=100, mpp=0.5, stride_px=100, min_tissue=0.5)
            >>> tiling.grid((120.0, 60.0)).tolist()
            [[0.0, 0.0], [50.0, 0.0]]
        """
        stride_um = self.stride_px * self.mpp
        x, y = (np.arange(0, side - self.tile_um + 1e-6, stride_um) for side in size_um)
        return np.stack(np.meshgrid(x, y, indexing="xy"), axis=-1).reshape(-1, 2)


def tissue_share(
    mask: Bool[np.ndarray, "h w"], corner_um: Float[np.ndarray, "places 2"], side_um: float
) -> Float[np.ndarray, " places"]:
    """Share of tissue in each square, exact where its edges cut through mask pixels.

    A summed-area table that is read between its nodes: linear interpolation is exact there.

    Example:
        >>> mask = np.array([[True, False]])
        >>> tissue_share(mask, np.array([[0.0, 0.0], [4.0, 0.0]]), 8.0).tolist()
        [1.0, 0.5]
    """
    table = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1))
    table[1:, 1:] = mask.cumsum(0).cumsum(1)
    x0, y0 = corner_um.T / MASK_MPP
    side = side_um / MASK_MPP
    at = [
        ndimage.map_coordinates(table, [y, x], order=1, mode="nearest")
        for y, x in ((y0, x0), (y0, x0 + side), (y0 + side, x0), (y0 + side, x0 + side))
    ]
    return (at[3] - at[1] - at[2] + at[0]) / side**2
