"""What a slide reader asks of a pyramid or a picture, and how its pixels are resampled."""

from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image

cv2.setNumThreads(1)  # tiles are small, and several are read at a time


@runtime_checkable
class Pixels(Protocol):
    """Where the pixels come from: a pyramid on disk or one picture in memory."""

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height of level 0 in pixels."""
        ...

    @property
    def downsamples(self) -> tuple[float, ...]:
        """Level-0 pixels per pixel of each level, ascending from 1."""
        ...

    def region(
        self, level: int, x: int, y: int, width: int, height: int
    ) -> UInt8[np.ndarray, "{height} {width} 3"]:
        """RGB, all in pixels of the level; white outside."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def on_white(image: Image.Image) -> Image.Image:
    """RGB, with transparent pixels composited on white, the colour of empty glass.

    Example:
        >>> on_white(Image.new("RGBA", (1, 1), (200, 0, 0, 0))).getpixel((0, 0))
        (255, 255, 255)
    """
    if image.mode == "RGB":
        return image.copy()
    rgba = image.convert("RGBA")
    if rgba.getchannel("A").getextrema() == (255, 255):
        return rgba.convert("RGB")
    canvas = Image.new("RGB", rgba.size, "white")
    canvas.paste(rgba, mask=rgba.getchannel("A"))
    return canvas


def resize(
    pixels: UInt8[np.ndarray, "h w 3"], box: list[float], size: tuple[int, int]
) -> UInt8[np.ndarray, "_ _ 3"]:
    """Area mean where the ratio is whole; otherwise Hamming, since a box would dislocate edges.

    Args:
        pixels: in which the box lies.
        box: left, top, right, bottom.
        size: width and height of the result.
    """
    left, top, right, bottom = box
    across, down = (right - left) / size[0], (bottom - top) / size[1]
    numbers = (left, top, across, down)
    if min(across, down) > 0.5 and all(abs(number - round(number)) < 1e-6 for number in numbers):
        factor = (round(across), round(down))
        corners = (round(left), round(top), round(right), round(bottom))
        if factor == (1, 1):
            return pixels[corners[1] : corners[3], corners[0] : corners[2]]
        inside = pixels[corners[1] : corners[3], corners[0] : corners[2]]
        return np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_AREA))
    image = Image.fromarray(pixels)
    return np.asarray(image.resize(size, Image.Resampling.HAMMING, box=(left, top, right, bottom)))


def companions(path: Path) -> tuple[Path, ...]:
    """All files that hold the content of a slide: MIRAX keeps its pixels in a folder beside it."""
    folder = path.with_suffix("")
    if path.suffix.lower() == ".mrxs" and folder.is_dir():
        return (path, *sorted(p for p in folder.iterdir() if p.is_file()))
    return (path,)
