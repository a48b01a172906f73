"""Where a slide has tissue, on a grid of fixed physical size."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from fusion.data.prepare.tissue_file import drawn_mask
from fusion.data.prepare.tissue_folds import folds
from fusion.data.prepare.tissue_grid import MASK_MPP
from fusion.data.prepare.tissue_ink import ink
from fusion.data.prepare.tissue_stain import (
    LOWEST_SATURATION,
    SMALLEST_PIECE_UM2,
    saturation,
    stained,
)
from fusion.data.readers.direct import Direct
from fusion.data.readers.pixels import Pixels
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

INK, FOLDS = "ink", "folds"
REJECTED = (INK, FOLDS)
"""What can be left out of the tissue."""


@dataclass(frozen=True)
class Tissue:
    """A pixel is `MASK_MPP` microns, the origin is that of the slide."""

    mask: Bool[np.ndarray, "h w"]
    """Tissue, without ink and folds."""
    ink: Bool[np.ndarray, "h w"]
    """Pen marks, on glass or on tissue."""
    folds: Bool[np.ndarray, "h w"]
    """Folds of the tissue."""
    drawn: str | None = None
    """Name of the file that the mask was taken from; then nothing is rejected."""

    def shares(self) -> dict[str, float]:
        """Of the slide's area."""
        found = {"tissue": self.mask, "ink": self.ink, "fold": self.folds}
        return {f"{what}_share": round(float(mask.mean()), 6) for what, mask in found.items()}


def tissue_of(
    slide: SlideFile, drawn: Path | None = None, reject: Collection[str] = REJECTED
) -> Tissue:
    """The tissue of a slide, as a person drew it or else as its colours tell.

    Args:
        slide: open.
        drawn: a mask in GeoJSON or PNG, which is taken as it is: a person has looked.
        reject: which of `REJECTED` are no tissue.

    Raises:
        ReadError: where nothing is stained, or nothing but pen marks, or where the drawn mask
            cannot be used.
    """
    if drawn is not None:
        mask = drawn_mask(drawn, slide)
        return Tissue(mask, np.zeros_like(mask), np.zeros_like(mask), drawn.name)
    image = overview(slide)
    found = find_tissue(image, reject)
    if not found.mask.any():
        raise ReadError(slide.path, _nothing(slide, image, found), slide.patient)
    return found


def find_tissue(image: UInt8[np.ndarray, "h w 3"], reject: Collection[str] = REJECTED) -> Tissue:
    """The tissue of an image at `MASK_MPP` microns per pixel; there may be none.

    Example:
        >>> image = np.full((60, 60, 3), 240, dtype=np.uint8)
        >>> image[10:50, 5:25] = [200, 120, 180]
        >>> image[10:50, 35:55] = [40, 90, 160]  # a blue pen
        >>> find_tissue(image).shares()
        {'tissue_share': 0.221111, 'ink_share': 0.313333, 'fold_share': 0.0}
    """
    pens = creases = np.zeros(image.shape[:2], dtype=bool)
    if INK in reject:
        pens = ink(image)
    mask = stained(image, pens)
    if FOLDS in reject:
        creases = folds(image, mask)
    return Tissue(mask & ~creases, pens, creases)


def overview(slide: SlideFile) -> UInt8[np.ndarray, "h w 3"]:
    """The whole slide at `MASK_MPP`, read as fast as the file allows.

    A level of JPEG that is twice as fine is decoded at half its size, which moves a grey value by
    less than one on average. So the tissue does not depend on how tiles are read.
    """
    halves = _halved(slide.pixels, MASK_MPP / slide.mpp * 1.005)
    return replace(slide, pixels=halves or slide.pixels).thumbnail(MASK_MPP)


def _halved(pixels: Pixels, most: float) -> Direct | None:
    """Half of the level that then is the coarsest, not coarser than asked; None where none is."""
    coarsest = max((down for down in pixels.downsamples if down <= most), default=1.0)
    fit = [i for i, down in enumerate(pixels.downsamples) if coarsest < 2 * down <= most]
    if not isinstance(pixels, Direct) or not fit:
        return None
    level = pixels.levels[fit[-1]]
    if level.factor > 1 or level.tile_width % 2 or level.tile_height % 2:
        return None
    return Direct(
        path=pixels.path,
        patient=pixels.patient,
        dimensions=pixels.dimensions,
        downsamples=(2 * pixels.downsamples[fit[-1]],),
        levels=(level.halved(),),
        content=pixels.content,
    )


def _nothing(slide: SlideFile, image: UInt8[np.ndarray, "h w 3"], found: Tissue) -> str:
    width, height = (side / 1000 for side in slide.size_um)
    if found.ink.any():
        return (
            f"nothing but pen marks: they cover {found.ink.mean():.1%} of {width:.1f} x "
            f"{height:.1f} mm, and nothing else is stained; expected a stained slide: look at it, "
            "leave it out of the manifest, or set reject=[folds] if the stain is taken for ink"
        )
    share = float((saturation(image) > 255 * LOWEST_SATURATION).mean())
    return (
        f"no tissue found: {share:.1%} of {width:.1f} x {height:.1f} mm has a saturation above "
        f"{LOWEST_SATURATION}, in no piece of {SMALLEST_PIECE_UM2:,.0f} square microns; expected "
        "a stained slide: look at it, and leave it out of the manifest if it is empty"
    )
