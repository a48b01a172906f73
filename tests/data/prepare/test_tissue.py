import numpy as np
import pytest

from fusion.data.prepare.tissue import find_tissue, overview, tissue_of
from fusion.data.prepare.tissue_grid import MASK_MPP
from fusion.data.prepare.tissue_stain import stained
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError


@pytest.mark.parametrize("compression", [None, "jpeg"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_drawn_tissue_is_found(write_slide, draw, seed, compression):
    image, tissue = draw(side=1280, seed=seed)
    with SlideFile.open(write_slide("a.tif", image, mpp=1.0, compression=compression)) as slide:
        mask = tissue_of(slide).mask
    truth = tissue.reshape(160, 8, 160, 8).mean(axis=(1, 3)) > 0.5
    assert MASK_MPP == 8.0
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9


def test_the_mask_is_the_same_whatever_the_slide_was_scanned_at(write_slide, draw):
    """A grid in microns: at 0.5 and 1.0 microns per pixel the same tissue is the same mask."""
    image, _ = draw(side=640)
    twice = image.repeat(2, axis=0).repeat(2, axis=1)
    masks = []
    for name, pixels, mpp in (("a.tif", image, 2.0), ("b.tif", twice, 1.0)):
        with SlideFile.open(write_slide(name, pixels, mpp=mpp)) as slide:
            masks.append(tissue_of(slide).mask)
    np.testing.assert_array_equal(*masks)


@pytest.mark.parametrize("glass", [(255, 255, 255), (242, 241, 240), (225, 228, 222), (0, 0, 0)])
@pytest.mark.parametrize("compression", [None, "jpeg"])
def test_empty_glass_is_refused(write_slide, glass, compression):
    """Otsu alone would split the noise of the camera into halves."""
    noise = np.random.default_rng(0).normal(0, 4, (512, 512, 3))
    image = np.clip(np.array(glass) + noise, 0, 255).astype(np.uint8)
    path = write_slide("a.tif", image, mpp=2.0, compression=compression)
    with (
        SlideFile.open(path, "p1") as slide,
        pytest.raises(
            ReadError,
            match=r"patient p1: .*no tissue found: 0\.0% of 1\.0 x 1\.0 mm has a saturation",
        ),
    ):
        tissue_of(slide)


def test_a_region_that_is_all_tissue_is_kept_whole():
    """Otsu alone would split it into its darker and its paler half."""
    image = np.empty((100, 100, 3), dtype=np.uint8)
    image[:, :50], image[:, 50:] = [214, 160, 198], [150, 90, 160]
    assert stained(image)[1:-1, 1:-1].all()


def test_specks_are_no_tissue_and_small_holes_are():
    image = np.full((100, 100, 3), 245, dtype=np.uint8)
    image[20:80, 20:80] = [200, 120, 180]
    image[40:50, 40:50] = 245  # a lumen of 80 microns
    image[5:9, 5:9] = [200, 120, 180]  # dust of 32 microns
    expected = np.zeros((100, 100), dtype=bool)
    expected[20:80, 20:80] = True
    assert (stained(image) ^ expected).sum() <= 4  # the rounded corners


def test_a_large_hole_stays_a_hole():
    image = np.full((100, 100, 3), [200, 120, 180], dtype=np.uint8)
    image[30:70, 30:70] = 245
    assert not stained(image)[32:68, 32:68].any()


def test_the_black_border_of_a_scan_is_no_tissue():
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    image += np.random.default_rng(0).integers(0, 12, image.shape, dtype=np.uint8)
    assert not stained(image).any()


def test_real_region_is_tissue_and_real_glass_is_not(real_slides):
    with SlideFile.open(real_slides / "wsi_fixtures/CMU-1-Small-Region.svs") as slide:
        mask = tissue_of(slide).mask
        image = overview(slide)
    assert 0.25 < mask.mean() < 0.45
    assert image[mask].mean() < 215 < 225 < image[~mask].mean()  # darker than glass


def test_planted_tissue_of_the_demo_is_found(planted_slides, wide_slides):
    """All laboratories, thin and thick sections; the truth is the half-way line of a soft edge."""
    for slide in (*planted_slides, *wide_slides):
        mask = find_tissue(slide.image).mask
        iou = (mask & slide.tissue).sum() / (mask | slide.tissue).sum()
        assert iou > 0.93, slide.name


def test_pale_tissue_is_found_beside_a_pen_mark(planted_slides, strip, soft):
    """Ink is more colourful than any tissue: with it, Otsu's threshold would be the upper bound."""
    slide = planted_slides[0]
    shape = slide.tissue.shape
    stroke = strip(shape, 8, shape[1] / 2, 0.0, shape[1], 16)
    painted = soft(slide.image, stroke, (40, 90, 160))
    with_ink, without = find_tissue(painted).mask, find_tissue(slide.image).mask
    far = ~strip(shape, 8, shape[1] / 2, 0.0, shape[1], 28)
    np.testing.assert_array_equal(with_ink & far, without & far)


def test_a_slide_of_pen_marks_only_is_refused(write_slide, strip):
    image = np.full((256, 256, 3), 243, dtype=np.uint8)
    image[strip((256, 256), 128, 128, 0.3, 200, 30)] = [40, 140, 80]
    with SlideFile.open(write_slide("a.tif", image, mpp=8.0), "p1") as slide:
        with pytest.raises(
            ReadError, match=r"patient p1: .*nothing but pen marks: they cover 1\d\.\d% of 2\.0 x 2"
        ):
            tissue_of(slide)
        assert tissue_of(slide, reject=["folds"]).mask.any()  # the stain may be meant


def test_what_was_rejected_is_told_in_shares(planted_slides, strip, soft):
    slide = planted_slides[0]
    stroke = strip(slide.tissue.shape, 20, 60, 0.0, 100, 16)
    found = find_tissue(soft(slide.image, stroke, (35, 35, 45)))
    assert found.shares() == {
        "tissue_share": round(found.mask.mean(), 6),
        "ink_share": round(found.ink.mean(), 6),
        "fold_share": 0.0,
    }
    assert found.drawn is None


@pytest.mark.parametrize("mpp", [1.0, 0.5, 0.46])
def test_the_overview_is_what_every_pixel_says(write_slide, draw, mpp):
    """Half-size decoding moves a grey value by less than one on average, and no border."""
    path = write_slide("a.tif", draw(side=1024)[0], mpp=mpp, levels=1, compression="jpeg")
    with SlideFile.open(path) as slide:
        exact, fast = slide.thumbnail(MASK_MPP), overview(slide)
        assert fast.shape == exact.shape
        assert np.abs(fast.astype(float) - exact).mean() < 1
        masks = [find_tissue(image).mask for image in (exact, fast)]
    assert (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum() > 0.99
    with SlideFile.open(path, half_size_decode=True) as slide:
        np.testing.assert_array_equal(overview(slide), fast)  # however tiles are read
