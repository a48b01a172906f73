"""Tiles of a slide as batches that are ready before they are asked for."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
from jaxtyping import Real, UInt8

from fusion.data.readers.slide import SlideFile

BATCH = 64
"""Tiles that are encoded at once."""


def read_tiles(
    slide: SlideFile, corners_px: Real[np.ndarray, "tiles 2"], side_px: float, out_px: int
) -> UInt8[np.ndarray, "tiles h w 3"]:
    """Squares in one array, white beyond the slide; arguments as those of `tile_batches`.

    Raises:
        ReadError: where a tile cannot be decoded.
    """
    out = np.empty((len(corners_px), out_px, out_px, 3), dtype=np.uint8)
    for place, (x, y) in zip(out, corners_px.tolist(), strict=True):
        place[:] = slide.read(x, y, side_px, out_px)
    return out


def tile_batches(
    slide: SlideFile,
    corners_px: Real[np.ndarray, "tiles 2"],
    side_px: float,
    out_px: int,
    *,
    batch: int = BATCH,
    threads: int = 1,
) -> Generator[UInt8[np.ndarray, "_ h w 3"], None, None]:
    """Read squares in their order, while the ones before are worked on.

    Batches are bytes, height by width by channel, as a decoder leaves them: a quarter of what
    floats would move to the device, where they are best normalised. At most `threads` + 1 batches
    are ready or being read, so memory does not grow with the slide. Decoders let go of the
    interpreter, so threads read at the speed of as many processes, and share one cache of tiles.

    Args:
        slide: open, and left so.
        corners_px: left and top of each square in level-0 pixels.
        side_px: side of a square in level-0 pixels.
        out_px: side of what it is reduced to.
        batch: squares in each but the last.
        threads: batches that are read at a time.

    Raises:
        ReadError: where a tile cannot be decoded; those before it have been given.
    """
    starts = iter(range(0, len(corners_px), batch))

    def read(start: int) -> UInt8[np.ndarray, "_ h w 3"]:
        return read_tiles(slide, corners_px[start : start + batch], side_px, out_px)

    pool = ThreadPoolExecutor(threads)
    try:
        coming = deque(pool.submit(read, start) for start in islice(starts, threads + 1))
        while coming:
            found = coming.popleft().result()
            coming.extend(pool.submit(read, start) for start in islice(starts, 1))
            yield found
    finally:
        # who stops early does not wait for what nobody will see
        pool.shutdown(wait=True, cancel_futures=True)
