"""One slide -> tiles -> features, ready for the cache."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from fusion.data.cohort import Entry
from fusion.data.harmonise.stain_target import Recolour
from fusion.data.prepare.patch_encoders.base import PatchEncoder
from fusion.data.prepare.tile_batches import read_tiles, tile_batches
from fusion.data.prepare.tile_quality import background, sharpness
from fusion.data.prepare.tiling import Tiles, Tiling
from fusion.data.prepare.tissue import tissue_of
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

Report = Callable[[int, int], None]
"""Called after every batch with tiles done and tiles in all; may raise to stop."""


def embed(
    entry: Entry,
    tiling: Tiling,
    encoders: Sequence[PatchEncoder],
    report: Report,
    recolour: Recolour | None = None,
    *,
    half_size_decode: bool = False,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Features (float16) and places of a slide's tiles, and what there is to know of them.

    Args:
        entry: which slide.
        tiling: which of its tiles.
        encoders: tiles -> features. The first takes the tiles themselves; each further one takes
            what lies around the same centre at its own microns per pixel, white beyond the slide.
            Their features are joined (DSMIL-LC, Li 2021).
        report: of progress.
        recolour: what changes the tiles first; None leaves them.
        half_size_decode: how tiles are read, as `SlideFile.open` says.

    Returns:
        Arrays `features` [tiles, dim], `corner_um` and `corner_px` (level 0) [tiles, 2],
        `sharpness` and `background` [tiles] in float16; and metadata that JSON can hold.

    Raises:
        ReadError: where the slide cannot be used.
    """
    slide_file = SlideFile.open(
        entry.path, entry.patient_id, entry.mpp, half_size_decode=half_size_decode
    )
    done = 0
    with slide_file as slide, ExitStack() as stack:
        tissue = tissue_of(slide, entry.tissue_mask, tiling.reject)
        tiles = tiling.place(slide, tissue.mask)
        total = len(tiles.corner_px)
        sharp, bare = np.empty(total, dtype=np.float16), np.empty(total, dtype=np.float16)
        good = np.zeros(total, dtype=bool)
        features = []
        reading = tile_batches(slide, tiles.corner_px, tiles.side_px, tiling.tile_px)
        for pixels in stack.enter_context(closing(reading)):
            batch = np.arange(done, done + len(pixels))
            done += len(pixels)
            sharp[batch] = sharpness(pixels, tiling.mpp)
            bare[batch] = background(pixels, tiling.mpp)
            good[batch] = tiling.good(sharp[batch], bare[batch])
            if good[batch].any():
                looks = [pixels[good[batch]]]
                looks += [_around(slide, tiles, batch[good[batch]], e) for e in encoders[1:]]
                if recolour is not None:
                    looks = [recolour(look) for look in looks]
                parts = [_half(e(look), e, entry) for e, look in zip(encoders, looks, strict=True)]
                features.append(np.concatenate(parts, axis=1))
            report(done, total)
        if not features:
            raise ReadError(entry.path, _all_bad(tiling, sharp, bare), entry.patient_id)
        arrays = {
            "features": np.concatenate(features),
            "corner_um": tiles.corner_um[good],
            "corner_px": tiles.corner_px[good],
            "sharpness": sharp[good],
            "background": bare[good],
        }
        meta = {
            "mpp": slide.mpp,
            "width_px": slide.dimensions[0],
            "height_px": slide.dimensions[1],
            "side_px": tiles.side_px,
            "tile_um": tiling.tile_um,
            **tissue.shares(),
            "tissue_drawn": tissue.drawn,
            "on_grid": tiles.on_grid,
            "with_tissue": tiles.with_tissue,
            "looked_at": total,
            "tiles": int(good.sum()),
        }
    return arrays, meta


def _around(
    slide: SlideFile, tiles: Tiles, which: Int[np.ndarray, " n"], encoder: PatchEncoder
) -> UInt8[np.ndarray, "n h w 3"]:
    """What the encoder takes, around the centres of these tiles."""
    side_px = encoder.tile_px * encoder.mpp / slide.mpp
    corners = tiles.corner_px[which] + (tiles.side_px - side_px) / 2
    return read_tiles(slide, corners, side_px, encoder.tile_px)


def _all_bad(
    tiling: Tiling, sharp: Float[np.ndarray, " tiles"], bare: Float[np.ndarray, " tiles"]
) -> str:
    return (
        f"none of {len(sharp)} tiles is sharp and full enough: sharpness is {sharp.min():.2f} to "
        f"{sharp.max():.2f}, min_sharpness {tiling.min_sharpness}; background is {bare.min():.2f} "
        f"to {bare.max():.2f}, max_background {tiling.max_background}; look at the slide, leave "
        "it out, or set these to null"
    )


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
