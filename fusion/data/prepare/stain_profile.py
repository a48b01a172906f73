"""One slide -> the profile of its stain."""

from typing import Any

import numpy as np

from fusion.data.cohort import Entry
from fusion.data.harmonise.stain import NoStain, Profile, StainMethod
from fusion.data.prepare.embedding import Report
from fusion.data.prepare.tiling import Tiling
from fusion.data.prepare.tissue import tissue_of
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

_MOST_PIXELS = 1_000_000
"""Of all sampled tiles together; more tell no more."""


def stain_profile(
    entry: Entry,
    tiling: Tiling,
    method: StainMethod,
    tiles: int,
    report: Report,
    *,
    half_size_decode: bool = False,
) -> tuple[Profile, dict[str, Any]]:
    """From tiles that are spread evenly over those of the slide; the same ones every time.

    Raises:
        ReadError: where the slide cannot be used, or its stain cannot be estimated.
    """
    slide_file = SlideFile.open(
        entry.path, entry.patient_id, entry.mpp, half_size_decode=half_size_decode
    )
    with slide_file as slide:
        tissue = tissue_of(slide, entry.tissue_mask, tiling.reject)
        placed = tiling.place(slide, tissue.mask)
        total = len(placed.corner_px)
        chosen = np.unique(np.linspace(0, total - 1, min(tiles, total)).round().astype(int))
        every = -(-len(chosen) * tiling.tile_px**2 // _MOST_PIXELS)
        parts = []
        for done, (x, y) in enumerate(placed.corner_px[chosen].tolist(), start=1):
            pixels = slide.read(x, y, placed.side_px, tiling.tile_px).reshape(-1, 3)
            parts.append(pixels[::every].astype(np.float64))
            report(done, len(chosen))
    try:
        return method.profile(np.concatenate(parts)), {"tiles": len(chosen)}
    except NoStain as error:
        raise ReadError(entry.path, str(error), entry.patient_id) from error
