"""What lies where on a slide: tissue, the part that carries the signal, the pale part."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.testing.demo.fields import blur_noise, resample

LATTICE = 64
"""Points a side of the coarse map of a slide."""

CELL_UM = 128.0
"""Side of a square of `truth/tiles.csv`, in microns."""

TILES = ("path", "patient_id", "x_px", "y_px", "size_px", "tissue", "signal", "pale")
"""Columns of `truth/tiles.csv`."""


@dataclass(frozen=True)
class Layout:
    """Coarse maps of one slide, rows down, 0 to 1, with soft edges."""

    tissue: Float[np.ndarray, "side side"]
    signal: Float[np.ndarray, "side side"]
    """Tumour that shows the latents: 20 to 30 % of the tissue."""
    pale: Float[np.ndarray, "side side"]
    """Necrotic debris, 4 to 12 % of the tissue, drawn without looking at any latent."""


def edge(field: Float[np.ndarray, "n n"], level: float, width: float) -> Float[np.ndarray, "n n"]:
    """0 below the level, 1 above it."""
    return np.clip((field - np.float32(level)) / np.float32(width) + 0.5, 0, 1)


def draw_layout(rng: np.random.Generator) -> Layout:
    """Draw one block of tissue, its tumour and its debris."""
    axis = (np.arange(LATTICE, dtype=np.float32) + 0.5) / LATTICE * 2 - 1
    x, y = axis[None, :], axis[:, None]
    aspect = np.exp(rng.normal(0, 0.12))
    radius = np.sqrt((x * aspect) ** 2 + (y / aspect) ** 2)
    shape = np.float32(0.80) - radius + 0.10 * blur_noise(rng, LATTICE, coarse=6)
    border = np.maximum(np.abs(x), np.abs(y)) > 0.97
    shape = np.where(border, np.float32(-1), shape)
    tissue = edge(shape, 0.0, 0.04)
    inside = shape > 0.03

    def part(
        fraction: float, coarse: int, avoid: Float[np.ndarray, "n n"]
    ) -> Float[np.ndarray, "n n"]:
        field = blur_noise(rng, LATTICE, coarse=coarse) - 9 * avoid
        level = float(np.quantile(field[inside], 1 - fraction))
        return edge(field, level, 0.15) * tissue

    signal = part(float(rng.uniform(0.20, 0.30)), 4, np.zeros_like(tissue))
    pale = part(float(rng.uniform(0.04, 0.12)), 5, signal)
    return Layout(tissue.astype(np.float32), signal.astype(np.float32), pale.astype(np.float32))


def cells(layout: Layout, *, size_px: int, mpp: float) -> pd.DataFrame:
    """Squares of tissue, their corner in pixels of level 0, and what part of each is what."""
    side = round(CELL_UM / mpp)
    count = size_px // side
    # eight samples a side are enough for a fraction
    at = (np.arange(8 * count) + 0.5) * side / 8 / size_px
    part = {
        name: resample(getattr(layout, name), at, at).reshape(count, 8, count, 8).mean(axis=(1, 3))
        for name in ("tissue", "signal", "pale")
    }
    rows, columns = np.nonzero(part["tissue"] > 0.05)
    return pd.DataFrame(
        {
            "x_px": columns * side,
            "y_px": rows * side,
            "size_px": side,
            **{name: m[rows, columns].astype(np.float64).round(3) for name, m in part.items()},
        }
    )
