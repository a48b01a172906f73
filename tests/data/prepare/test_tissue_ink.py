import numpy as np
import pytest

from fusion.data.prepare.tissue import find_tissue
from fusion.data.prepare.tissue_ink import ink

PENS = {
    "blue": (40, 90, 160),
    "pale blue": (150, 190, 230),
    "navy": (37, 50, 110),
    "green": (40, 140, 80),
    "pale green": (150, 220, 170),
    "red": (200, 30, 40),
    "black": (35, 35, 45),
    "faded black": (80, 76, 84),
}

TISSUE = {
    "haematoxylin": (80, 75, 150),
    "dark haematoxylin": (45, 35, 95),
    "very dark haematoxylin": (30, 22, 70),
    "eosin": (230, 120, 170),
    "dark eosin": (200, 60, 120),
    "blood": (190, 60, 80),
    "dark blood": (170, 35, 50),
    "keratin": (60, 35, 60),
    "brown pigment": (130, 90, 60),
    "diaminobenzidine": (110, 70, 45),
}


@pytest.mark.parametrize("colour", PENS.values(), ids=PENS)
def test_pen_strokes_are_found_with_their_area(planted_slides, strip, soft, colour):
    """A stroke of 240 microns over glass and tissue, found with 16 to 32 microns around it."""
    for slide in planted_slides[::3]:
        shape = slide.tissue.shape
        stroke = strip(shape, 0.3 * shape[0], 0.4 * shape[1], 0.4, 0.7 * shape[1], 30)
        found = find_tissue(soft(slide.image, stroke, colour))
        hit = (found.ink & stroke).sum()
        assert hit / stroke.sum() > 0.97, slide.name
        assert hit / found.ink.sum() > 240 / (240 + 2 * 32), slide.name
        assert not (found.mask & found.ink).any()


@pytest.mark.parametrize("colour", TISSUE.values(), ids=TISSUE)
def test_what_tissue_can_be_is_no_ink(soft, colour):
    """A nest of half a millimetre of one colour, its edge mixed with glass, and with tissue."""
    y, x = np.mgrid[:128, :128]
    nest = np.hypot(y - 64, x - 64) < 32
    for around in ((243, 243, 243), (214, 160, 198)):
        image = soft(np.full((128, 128, 3), around, dtype=np.uint8), nest, colour)
        assert not ink(image).any()


def test_no_ink_is_found_on_clean_slides(planted_slides, wide_slides):
    for slide in (*planted_slides, *wide_slides):
        assert not find_tissue(slide.image).ink.any(), slide.name


def test_no_ink_is_found_on_real_tissue(real_thumbnails):
    """The Aperio slide has flecks of the green dye of its margins, too small to matter."""
    for name, image in real_thumbnails.items():
        assert not ink(image).any(), name


def test_a_stroke_over_a_real_region_is_found(real_thumbnails, strip, soft):
    for name, image in real_thumbnails.items():
        stroke = strip(image.shape[:2], 30, 30, 0.8, 500, 30)
        found = ink(soft(image, stroke, PENS["blue"]))
        hit = (found & stroke).sum()
        assert hit / stroke.sum() > 0.97, name
        assert hit / found.sum() > 240 / (240 + 2 * 32), name


def test_the_rule_is_about_the_colour_and_not_the_brightness_of_the_lamp(strip, soft):
    image = np.full((100, 100, 3), 240, dtype=np.uint8)
    stroke = strip((100, 100), 50, 50, 0.0, 80, 30)
    for lamp in (1.0, 0.9, 0.8):
        painted = soft(image, stroke, PENS["blue"]) * lamp
        assert ink(painted.astype(np.uint8)).any()


@pytest.mark.parametrize("side", [8, 4])
def test_flecks_and_hairs_are_left_alone(side):
    """16,384 square microns are too few; a line of 16 microns is too thin."""
    image = np.full((100, 100, 3), 240, dtype=np.uint8)
    image[20 : 20 + 2 * side, 20 : 20 + 2 * side] = PENS["blue"]
    image[:, 70:72] = PENS["blue"]
    assert not ink(image).any()


def test_the_black_border_of_a_scan_is_no_ink():
    image = np.full((100, 100, 3), 240, dtype=np.uint8)
    image[:, :30] = np.random.default_rng(0).integers(0, 12, (100, 30, 3))
    assert not ink(image).any()
