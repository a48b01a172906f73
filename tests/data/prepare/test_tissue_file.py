import json

import numpy as np
import pytest
from PIL import Image

from fusion.data.prepare.tissue import tissue_of
from fusion.data.prepare.tissue_file import drawn_mask
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError


@pytest.fixture
def slide(write_slide):
    """600 x 400 pixels of 2 microns: 150 x 100 pixels of the mask; empty glass."""
    image = np.full((400, 600, 3), 243, dtype=np.uint8)
    with SlideFile.open(write_slide("a.tif", image, mpp=2.0), "p1") as file:
        yield file


@pytest.fixture
def polygon(tmp_path):
    def write(*rings):
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps({"type": "Polygon", "coordinates": rings}))
        return path

    return write


@pytest.fixture
def png(tmp_path):
    def write(array, **options):
        Image.fromarray(array).save(tmp_path / "a.png", **options)
        return tmp_path / "a.png"

    return write


def box(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]


def test_polygons_are_in_level_0_pixels(slide, polygon):
    mask = drawn_mask(polygon(box(40, 80, 240, 200), box(80, 120, 120, 160)), slide)
    expected = np.zeros((100, 150), dtype=bool)
    expected[20:50, 10:60] = True  # 8 microns are 4 pixels
    expected[30:40, 20:30] = False
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("factor", [1, 2, 4, 10, 20])
def test_a_png_may_have_any_size(slide, png, factor):
    drawn = np.zeros((400 // factor, 600 // factor), dtype=np.uint8)
    drawn[: 200 // factor, 200 // factor : 400 // factor] = 7  # a label
    mask = drawn_mask(png(drawn), slide)
    expected = np.zeros((100, 150), dtype=bool)
    expected[:50, 50:100] = True
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16"])
def test_any_mode_of_one_channel_will_do(slide, tmp_path, mode):
    drawn = np.zeros((40, 60), dtype=np.uint8)
    drawn[:20] = 1
    image = Image.fromarray(drawn)
    if mode == "I;16":
        image = Image.fromarray(drawn.astype(np.uint16))
    elif mode == "1":
        image = Image.fromarray(drawn * 255).convert("1")
    elif mode == "P":
        image = image.convert("P")
        image.putpalette([0, 0, 0, 0, 0, 0])  # black both: the number counts, not the colour
    image.save(tmp_path / "a.png")
    mask = drawn_mask(tmp_path / "a.png", slide)
    assert mask[:50].all()
    assert not mask[50:].any()


def test_a_rounded_side_fits(write_slide, png):
    """1000 x 601 pixels at a seventh: 143 x 86 (85.9)."""
    image = np.full((601, 1000, 3), 243, dtype=np.uint8)
    with SlideFile.open(write_slide("b.tif", image, mpp=2.0)) as file:
        assert drawn_mask(png(np.ones((86, 143), dtype=np.uint8)), file).all()


def test_a_drawn_mask_is_taken_as_it_is(write_slide, polygon):
    """Ink and empty glass in it are what a person wanted."""
    image = np.full((400, 600, 3), 243, dtype=np.uint8)
    image[100:200] = [40, 90, 160]
    path = polygon(box(0, 0, 600, 400))
    with SlideFile.open(write_slide("b.tif", image, mpp=2.0)) as file:
        found = tissue_of(file, path)
    assert found.mask.all()
    assert (found.drawn, found.shares()["ink_share"]) == ("a.geojson", 0.0)


def test_a_hand_may_slip_over_the_edge(slide, polygon):
    mask = drawn_mask(polygon(box(-5, -3, 605, 200)), slide)
    assert mask[:50].all()


@pytest.mark.parametrize(
    ("corners", "message"),
    [
        (
            box(0, 0, 1200, 800),
            r"reach from 0 to 1200 across and 0 to 800 down, the slide has 600 x",
        ),
        (box(-60, 0, 100, 100), "reach from -60 to 100 across"),
        (box(1, 1, 1.5, 1.5), "marks nothing, not even one pixel of 8 microns"),
    ],
)
def test_polygons_that_do_not_fit_are_refused(slide, polygon, corners, message):
    with pytest.raises(ReadError, match=f"patient p1: .*a.geojson.* mask of a.tif: .*{message}"):
        drawn_mask(polygon(corners), slide)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((40, 40)), r"it is 40 x 40 pixels, the slide 600 x 400: expected .* 40 x 27"),
        (np.ones((60, 40)), "it is 40 x 60 pixels"),
        (np.zeros((40, 60)), "marks nothing"),
        (np.ones((40, 60, 3)), "pixels are of mode RGB, expected one channel"),
        (np.ones((40, 60, 4)), "pixels are of mode RGBA"),
    ],
)
def test_a_png_that_does_not_fit_is_refused(slide, png, array, message):
    with pytest.raises(ReadError, match=f"patient p1: .*a.png.* mask of a.tif: .*{message}"):
        drawn_mask(png(array.astype(np.uint8)), slide)


def test_a_damaged_png_and_another_format_are_refused(slide, png, tmp_path):
    path = png(np.random.default_rng(0).integers(0, 255, (400, 600), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(ReadError, match="it is damaged or cut off"):
        drawn_mask(path, slide)
    Image.new("L", (60, 40)).save(path, format="JPEG")
    with pytest.raises(ReadError, match="it is no PNG image"):
        drawn_mask(path, slide)
    with pytest.raises(ReadError, match="No such file"):
        drawn_mask(tmp_path / "gone.png", slide)


def test_a_bomb_is_refused_unread(slide, png):
    path = png(np.zeros((8000, 12_000), dtype=np.uint8))
    with pytest.raises(ReadError, match=r"12000 x 8000 pixels, expected at most|too large"):
        drawn_mask(path, slide)
