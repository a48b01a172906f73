import numpy as np
import pytest
from scipy import ndimage

from fusion.data.prepare.tissue import find_tissue
from fusion.data.prepare.tissue_folds import folds

GLASS = 243


def folded(image, where):
    """A second layer of the tissue beside it, by Beer and Lambert's law."""
    second = np.roll(image, (7, 5), axis=(0, 1)).astype(float)
    return np.where(where[..., None], np.rint(image * second / GLASS), image).astype(np.uint8)


def planted(slide, strip):
    """Two folds of 130 microns, of 0.8 and 1.1 mm, where there is tissue."""
    rows, columns = (n.mean() for n in np.nonzero(slide.tissue))
    shape = slide.tissue.shape
    first = strip(shape, rows - 25, columns - 10, 0.5, 100, 16)
    return slide.tissue & (first | strip(shape, rows + 20, columns + 15, -0.9, 140, 16))


def test_planted_folds_are_found(wide_slides, strip):
    """Recall varies with how uneven the tissue around is; what is found is a fold."""
    recalls = []
    for slide in wide_slides:
        truth = planted(slide, strip)
        found = find_tissue(folded(slide.image, truth)).folds
        near = ndimage.binary_dilation(truth, iterations=3)  # a pixel of 16 microns and a half
        assert (found & near).sum() > 0.95 * found.sum(), slide.name
        recalls.append((found & truth).sum() / truth.sum())
    assert np.median(recalls) > 0.75
    assert min(recalls) > 0.3


def test_folds_are_no_tissue_and_the_rest_is(wide_slides, strip):
    slide = wide_slides[0]
    truth = planted(slide, strip)
    clean, made = find_tissue(slide.image), find_tissue(folded(slide.image, truth))
    assert not (made.mask & made.folds).any()
    np.testing.assert_array_equal((made.mask | made.folds) & ~truth, clean.mask & ~truth)
    kept = find_tissue(folded(slide.image, truth), reject=["ink"])
    assert not kept.folds.any()
    assert kept.mask[truth].all()


def test_no_fold_is_found_on_clean_slides(planted_slides, wide_slides):
    """Half of them are metastases, whose nuclei crowd in glands."""
    for slide in (*planted_slides, *wide_slides):
        assert not find_tissue(slide.image).folds.any(), slide.name


def test_no_fold_is_found_on_real_tissue(real_thumbnails):
    for name, image in real_thumbnails.items():
        assert not find_tissue(image).folds.any(), name


def test_a_fold_planted_in_a_real_region_is_found(real_thumbnails, strip):
    """The region mirrored to 3 mm, since half a millimetre shows nothing around."""
    for name, image in real_thumbnails.items():
        if not name.startswith("TCGA"):
            continue
        wide = np.concatenate([image, image[:, ::-1]], axis=1)
        wide = np.tile(np.concatenate([wide, wide[::-1]]), (3, 3, 1))
        truth = strip(wide.shape[:2], 190, 180, 0.6, 150, 16)
        found = find_tissue(folded(wide, truth)).folds
        assert (found & truth).sum() > 0.7 * truth.sum(), name
        assert (found & ndimage.binary_dilation(truth, iterations=3)).sum() > 0.9 * found.sum()
        assert not find_tissue(wide).folds.any(), name


@pytest.mark.parametrize("angle", [0.0, 0.8])
def test_a_band_of_crowded_nuclei_or_of_blood_is_no_fold(strip, angle):
    """As dark as a fold, but not in every colour: 2.6 times the red, or hardly any."""
    rng = np.random.default_rng(0)
    tissue = np.clip(rng.normal([214, 160, 198], 4, (300, 300, 3)), 0, 255)
    band = strip((300, 300), 150, 150, angle, 200, 16)
    for colour in ((120, 95, 160), (205, 70, 100)):
        image = tissue.copy()
        image[band] = np.clip(rng.normal(colour, 4, (int(band.sum()), 3)), 0, 255)
        assert not find_tissue(image.astype(np.uint8)).folds.any()


def test_a_round_nest_that_is_dense_in_every_colour_is_no_fold():
    image = np.full((300, 300, 3), [214, 160, 198], dtype=np.uint8)
    y, x = np.mgrid[:300, :300]
    nest = np.hypot(y - 150, x - 150) < 20
    assert not find_tissue(folded(image, nest)).folds.any()
    long = np.hypot((y - 150) / 4, x - 150) < 10  # as large, and four times as long as wide
    found = find_tissue(folded(image, long)).folds
    assert (found & long).sum() > 0.8 * long.sum()


def test_nothing_is_compared_with_glass():
    """A thin core of uniform tissue has no fold, though all around it is empty."""
    image = np.full((200, 200, 3), 243, dtype=np.uint8)
    image[:, 90:110] = [170, 90, 150]
    assert not find_tissue(image).folds.any()
    nothing = np.zeros((200, 200), dtype=bool)
    assert not folds(image, nothing).any()
