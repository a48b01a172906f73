import numpy as np
import pytest
from scipy import ndimage

from fusion.data.prepare.tile_quality import background, sharpness
from fusion.data.prepare.tiling import Tiling
from fusion.data.prepare.tissue import tissue_of
from fusion.data.readers.slide import SlideFile


def texture(mpp, blur_um=0.0, seed=0):
    """Four tiles of 128 microns with nuclei; a smooth field sampled finer or coarser."""
    side = round(128 / mpp)
    rng = np.random.default_rng(seed)
    fine = ndimage.gaussian_filter(rng.normal(size=(4, 512, 512)), (0, 4, 4), mode="wrap")
    fine = np.where(fine > fine.std(), 90.0, 190.0)  # at 0.25 microns
    fine = ndimage.gaussian_filter(fine, (0, 4 * blur_um, 4 * blur_um), mode="wrap")
    tiles = fine.reshape(4, side, 512 // side, side, 512 // side).mean(axis=(2, 4))
    return np.rint(tiles).astype(np.uint8)[..., None].repeat(3, axis=-1)


def test_it_is_the_ratio_that_the_docstring_says():
    tiles = np.random.default_rng(0).integers(0, 255, (3, 20, 24, 3), dtype=np.uint8)
    for tile, told in zip(tiles, sharpness(tiles, mpp=1.0), strict=True):
        g = tile[..., 1].astype(float)
        d = ((g[1:] - g[:-1]) ** 2).mean() + ((g[:, 1:] - g[:, :-1]) ** 2).mean()
        s = ((g[2:] - 2 * g[1:-1] + g[:-2]) ** 2).mean()
        s += ((g[:, 2:] - 2 * g[:, 1:-1] + g[:, :-2]) ** 2).mean()
        assert told == pytest.approx(s / (4 * (d + 16)), rel=1e-5)  # float32


def test_blur_lowers_it_always():
    told = [sharpness(texture(1.0, blur), mpp=1.0) for blur in (0, 0.5, 1, 2, 4)]
    assert (np.diff(told, axis=0) < 0).all()
    assert (told[-1] < 0.05).all()


def test_contrast_and_brightness_hardly_matter():
    """The summand for noise is 16 of some hundreds."""
    tiles = texture(1.0).astype(float)
    for changed in (tiles * 0.7, tiles * 0.7 + 70):
        told = sharpness(changed.astype(np.uint8), mpp=1.0)
        np.testing.assert_allclose(told, sharpness(texture(1.0), mpp=1.0), rtol=0.05)


@pytest.mark.parametrize("blur_um", [0.0, 1.0, 2.0])
def test_finer_tiles_are_judged_as_those_of_one_micron(blur_um):
    coarse = sharpness(texture(1.0, blur_um), mpp=1.0)
    for mpp in (0.5, 0.25):
        np.testing.assert_allclose(sharpness(texture(mpp, blur_um), mpp), coarse, atol=0.01)


def test_noise_of_empty_glass_is_no_detail():
    rng = np.random.default_rng(0)
    glass = np.clip(rng.normal(242, 0.7, (4, 128, 128, 3)), 0, 255).astype(np.uint8)
    assert (sharpness(glass, mpp=1.0) < 0.15).all()
    assert (background(glass, mpp=1.0) == 1).all()
    assert (sharpness(np.full((1, 16, 16, 3), 240, dtype=np.uint8), mpp=1.0) == 0).all()


@pytest.mark.parametrize("mpp", [1.0, 0.5, 0.25])
def test_background_is_the_share_without_colour(mpp):
    tiles = np.full((2, 128, 128, 3), [200, 120, 180], dtype=np.uint8)
    tiles[0, :32] = [243, 242, 240]
    tiles[1, :, :64] = [3, 0, 5]  # the border of the scan
    np.testing.assert_allclose(background(tiles, mpp), [0.25, 0.5])


def test_sides_that_are_no_multiple_lose_their_end_only():
    tiles = np.zeros((1, 65, 67, 3), dtype=np.uint8)
    tiles[:, :64, :66] = np.random.default_rng(0).integers(0, 255, (1, 64, 66, 3))
    even = sharpness(tiles[:, :64, :66], mpp=0.5)
    np.testing.assert_allclose(sharpness(tiles, mpp=0.5), even)


def test_real_tissue_in_focus_has_the_stated_numbers(real_slides):
    paths = [(real_slides / "wsi_fixtures/CMU-1-Small-Region.svs", None)]
    paths += [(path, 0.5) for path in sorted((real_slides / "tcga/wsi_roi").glob("*_1.png"))]
    tiling = Tiling(tile_px=256, mpp=0.5, stride_px=256, min_tissue=0.5, max_tiles=6)
    for path, mpp in paths:
        with SlideFile.open(path, mpp=mpp) as slide:
            placed = tiling.place(slide, tissue_of(slide).mask)
            corners = placed.corner_px.tolist()
            tiles = np.stack([slide.read(x, y, placed.side_px, 256) for x, y in corners])
        for blur_um, low, high in ((0, 0.3, 0.6), (1, 0.1, 0.2), (2, 0.02, 0.07)):
            soft = ndimage.gaussian_filter(tiles.astype(float), (0, 2 * blur_um, 2 * blur_um, 0))
            told = sharpness(np.rint(soft).astype(np.uint8), 0.5)
            assert ((told > low) & (told < high)).all(), (path.stem, blur_um)
