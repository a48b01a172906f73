"""Pyramidal tiled TIFF that OpenSlide reads as `generic-tiff`, with microns per pixel."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

LEVELS = 3
"""Levels of the pyramid; each is a quarter of the one before it, each way."""


def write_pyramid(path: Path, image: UInt8[np.ndarray, "height width 3"], *, mpp: float) -> None:
    """Write JPEG tiles of 256 px, the levels one after the other."""
    import tifffile  # an extra: only the demo cohort writes slides

    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path) as file:
        level, down = image, 1
        for number in range(LEVELS):
            file.write(
                level,
                photometric="rgb",  # tifffile turns it into YCbCr, as JPEG wants
                compression="jpeg",
                compressionargs={"level": 80},
                tile=(256, 256),
                resolution=(1e4 / (mpp * down), 1e4 / (mpp * down)),
                resolutionunit="CENTIMETER",
                subfiletype=0 if number == 0 else 1,
                metadata=None,
                software=False,
                maxworkers=1,
            )
            level, down = np.asarray(Image.fromarray(level).reduce(4)), down * 4
