"""Slides written by the test that reads them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from fusion.data.cohort import Entry


def _write_slide(path, image, mpp=0.5, levels=2, description=None, compression=None, mpp_y=None):
    """Tiled pyramid, each level a half of the one before; without compression unless asked."""
    resolution = {}
    level = image
    with tifffile.TiffWriter(path) as file:
        for number in range(levels):
            if mpp is not None:
                side = 1e4 / (mpp * 2**number), 1e4 / ((mpp_y or mpp) * 2**number)
                resolution = {"resolution": side, "resolutionunit": "CENTIMETER"}
            file.write(
                level,
                photometric="rgb",
                tile=(64, 64),
                compression=compression,
                subfiletype=min(number, 1),
                description=description,
                metadata=None,
                software=False,
                **resolution,
            )
            h, w = (side // 2 * 2 for side in level.shape[:2])
            quads = level[:h, :w].reshape(h // 2, 2, w // 2, 2, 3).astype(float)
            level = np.rint(quads.mean(axis=(1, 3))).astype(np.uint8)
    return path


@pytest.fixture
def write_slide(tmp_path) -> Callable[..., Path]:
    def write(name, image, **settings):
        return _write_slide(tmp_path / name, image, **settings)

    return write


@pytest.fixture
def draw() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Pink tissue with nuclei on nearly white glass; returns the image and where tissue is."""

    def drawn(side=1024, seed=0, share=0.4):
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:side, :side] / side - 0.5
        angle = np.arctan2(y, x)
        radius = np.sqrt(share / np.pi) * (1 + 0.15 * np.sin(3 * angle + seed))
        tissue = np.hypot(x, y) < radius
        image = np.full((side, side, 3), [243, 242, 244], dtype=float)
        image[tissue] = [214, 160, 198]
        for cx, cy in random.integers(8, side - 8, (side * side // 700, 2)):
            if tissue[cy, cx]:
                spot = (slice(cy - 6, cy + 7), slice(cx - 6, cx + 7))
                disc = np.hypot(*np.mgrid[-6:7, -6:7]) < random.uniform(3.5, 6)
                image[spot][disc] = [96, 70, 140]
        image += random.normal(0, 3, image.shape)
        return np.clip(image, 0, 255).astype(np.uint8), tissue

    return drawn


@pytest.fixture
def slide_entry() -> Callable[..., Entry]:
    def entry(path, patient="p1", line=2, mpp=None):
        return Entry(patient, "north", "wsi", Path(path), line, mpp=mpp)

    return entry


@pytest.fixture
def real_slides() -> Path:
    folder = Path(__file__).resolve().parents[3] / "shared/data/glioma_real"
    if not folder.is_dir():
        pytest.skip(f"real slides are not on this machine: no folder {folder}")
    return folder
