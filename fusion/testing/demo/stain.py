"""From the amounts of two stains to colours, as one laboratory's slides look."""

import numpy as np
from jaxtyping import Float, UInt32

from fusion.testing.demo.centers import Lab

HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.10, 0.93, 0.35)
"""Optical density per unit of stain in red, green, blue, after Ruifrok and Johnston 2001."""

WHITE = 243.0
"""Brightness of the empty slide."""


def matrix(lab: Lab, *, shift: float) -> Float[np.ndarray, "2 3"]:
    """The stain matrix of a centre: rows haematoxylin and eosin, columns red, green, blue."""
    rows = np.array([HAEMATOXYLIN, EOSIN]) + shift * np.array([lab.haematoxylin, lab.eosin])
    rows = np.clip(rows, 0.01, None)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def palette(
    stains: Float[np.ndarray, "2 3"], thickness: tuple[float, float]
) -> UInt32[np.ndarray, "65536"]:
    """The colour of every pair of stain amounts at `256 h + e`, 255 = density 1.6.

    One number holds red, green, blue and a byte to spare, in this order in memory: it is looked
    up four million times a slide.
    """
    amount = np.arange(256) / 255 * 1.6
    density = (
        thickness[0] * amount[:, None, None] * stains[0]
        + thickness[1] * amount[None, :, None] * stains[1]
    )
    colours = np.zeros((256 * 256, 4), dtype=np.uint8)
    colours[:, :3] = np.rint(WHITE * np.exp(-density)).reshape(-1, 3)
    return colours.view(np.uint32)[:, 0]
