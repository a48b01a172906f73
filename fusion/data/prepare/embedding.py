"""One slide -> tiles -> features, ready for the cache."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fusion.data.cohort import Entry
from fusion.data.harmonise.stain_target import Recolour
from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.data.prepare.tiling import Tiling
from fusion.data.prepare.tissue import tissue_mask
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

BATCH = 64
"""Tiles that are encoded at once."""

Report = Callable[[int, int], None]
"""Called after every batch with tiles done and tiles in all; may raise to stop."""


def embed(
    entry: Entry,
    tiling: Tiling,
    encoder: PatchEncoder,
    report: Report,
    recolour: Recolour | None = None,
    *,
    half_size_decode: bool = False,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Features (float16) and places of a slide's tiles, and what there is to know of them.

    Args:
        entry: which slide.
        tiling: which of its tiles.
        encoder: tiles -> features.
        report: of progress.
        recolour: what changes the tiles first; None leaves them.
        half_size_decode: how tiles are read, as `SlideFile.open` says.

    Returns:
        Arrays `features` [tiles, dim], `corner_um` and `corner_px` (level 0) [tiles, 2]; and
        metadata that JSON can hold.

    Raises:
        ReadError: where the slide cannot be used.
    """
    slide_file = SlideFile.open(
        entry.path, entry.patient_id, entry.mpp, half_size_decode=half_size_decode
    )
    with slide_file as slide:
        tiles = tiling.place(slide, tissue_mask(slide))
        total = len(tiles.corner_px)
        features = np.empty((total, encoder.dim), dtype=np.float16)
        for start in range(0, total, BATCH):
            pixels = np.stack(
                [
                    slide.read(x, y, tiles.side_px, tiling.tile_px)
                    for x, y in tiles.corner_px[start : start + BATCH].tolist()
                ]
            )
            if recolour is not None:
                pixels = recolour(pixels)
            features[start : start + BATCH] = _half(encoder(pixels), encoder, entry)
            report(min(start + BATCH, total), total)
        arrays = {
            "features": features,
            "corner_um": tiles.corner_um,
            "corner_px": tiles.corner_px,
        }
        meta = {
            "mpp": slide.mpp,
            "width_px": slide.dimensions[0],
            "height_px": slide.dimensions[1],
            "side_px": tiles.side_px,
            "tile_um": tiling.tile_um,
            "on_grid": tiles.on_grid,
            "with_tissue": tiles.with_tissue,
            "tiles": total,
        }
    return arrays, meta


def _half(values: np.ndarray, encoder: PatchEncoder, entry: Entry) -> np.ndarray:
    limit = float(np.finfo(np.float16).max)
    if not bool((np.abs(values) <= limit).all()):  # NaN fails too
        raise ReadError(
            entry.path,
            f"the patch encoder {encoder.name!r} gave a feature that is not finite or beyond "
            f"{limit:g}, which half precision cannot hold",
            entry.patient_id,
        )
    return values.astype(np.float16)
