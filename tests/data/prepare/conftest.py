"""Slides of the demo cohort as the tissue finder sees them, with where their tissue is."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import ndimage
from threadpoolctl import threadpool_limits

from fusion.data.prepare.tissue_grid import MASK_MPP
from fusion.testing.demo.biology import draw_patient
from fusion.testing.demo.centers import LABS
from fusion.testing.demo.fields import resample
from fusion.testing.demo.layout import draw_layout
from fusion.testing.demo.seeds import stream
from fusion.testing.demo.slides import draw_slide


@dataclass(frozen=True)
class Planted:
    name: str
    image: np.ndarray
    """At `MASK_MPP` microns per pixel."""
    tissue: np.ndarray
    """Where the layout has more tissue than glass."""


def _draw(lab, seed, size_px):
    kind = "metastasis" if seed % 2 else "oligodendroglioma"
    layout = draw_layout(stream(seed, "layout"))
    patient = draw_patient("demo-0001", lab.name, kind, stream(seed, "who"))
    with threadpool_limits(1):
        image = draw_slide(
            patient, layout, lab=lab, shift=1.0, size_px=size_px, rng=stream(seed, "slide")
        )
    factor = round(MASK_MPP / lab.mpp)
    side = size_px // factor
    blocks = image[: side * factor, : side * factor].reshape(side, factor, side, factor, 3)
    at = (np.arange(side) + 0.5) / side
    return Planted(
        f"{lab.name} {kind}",
        np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8),
        resample(layout.tissue, at, at) > 0.5,
    )


@pytest.fixture(scope="session")
def planted_slides():
    """Two of 1 mm from each laboratory, with all that makes laboratories differ."""
    return [_draw(lab, seed, 1024) for lab in LABS for seed in range(2)]


@pytest.fixture(scope="session")
def wide_slides():
    """One of 2 mm from each laboratory."""
    return [_draw(lab, seed, 2048) for seed, lab in enumerate(LABS)]


@pytest.fixture
def strip():
    """`strip(shape, row, column, angle, long, wide)`: pixels of a straight strip."""

    def drawn(shape, row, column, angle, long, wide):
        y, x = np.mgrid[: shape[0], : shape[1]]
        along = (x - column) * np.cos(angle) + (y - row) * np.sin(angle)
        across = (y - row) * np.cos(angle) - (x - column) * np.sin(angle)
        return (np.abs(along) < long / 2) & (np.abs(across) < wide / 2)

    return drawn


@pytest.fixture
def real_thumbnails(real_slides):
    """A real Aperio slide and two real glioma regions, at `MASK_MPP`."""
    from fusion.data.prepare.tissue import overview
    from fusion.data.readers.slide import SlideFile

    paths = [(real_slides / "wsi_fixtures/CMU-1-Small-Region.svs", None)]
    paths += [(path, 0.5) for path in sorted((real_slides / "tcga/wsi_roi").glob("*_1.png"))]
    found = {}
    for path, mpp in paths:
        with SlideFile.open(path, mpp=mpp) as slide:
            found[path.stem] = overview(slide)
    return found


@pytest.fixture
def soft():
    """`soft(image, mask, colour)`: painted over, with the soft edge of an optical system."""

    def painted(image, mask, colour):
        cover = ndimage.gaussian_filter(mask.astype(float), 0.7)[..., None]
        return np.rint(image * (1 - cover) + np.array(colour) * cover).astype(np.uint8)

    return painted


@pytest.fixture(scope="session")
def head():
    """`head()`: a brain of 48 x 56 x 44 voxels with folds, as an array of float32 with 0 outside.

    `head(contrast=...)` is another sequence of the same brain: another function of the tissue.
    """
    rng = np.random.default_rng(5)
    shape = (48, 56, 44)
    place = [np.linspace(-1.25, 1.25, n) for n in shape]
    x, y, z = np.meshgrid(*place, indexing="ij")
    inside = x**2 + y**2 + (z * 1.1) ** 2 + 0.25 * x * y + 0.2 * y * z < 1
    tissue = ndimage.gaussian_filter(rng.normal(size=shape), 2.5)
    tissue = (tissue - tissue.min()) / (tissue.max() - tissue.min())

    def drawn(contrast=lambda tissue: 100 + 400 * tissue, noise=4.0, seed=0):
        values = contrast(tissue) + np.random.default_rng(seed).normal(0, noise, shape)
        return np.where(inside, np.maximum(values, 1), 0).astype(np.float32)

    return drawn
