"""The picture of a slide shows what was taken and what was left."""

import io

import numpy as np
import pytest
from PIL import Image

from fusion.data.entry import Entry
from fusion.doctor.tissue_picture import INK, TILES, TISSUE, slide_look, slide_picture

CORNERS = np.array([[400.0, 800.0], [800.0, 800.0]])


@pytest.fixture
def entry(tmp_path):
    """A region of 2.4 mm with tissue, and a blue stroke above it."""
    image = np.full((300, 300, 3), 243, np.uint8)
    image[90:220, 40:240] = [214, 160, 198]
    image[20:50, 30:250] = [40, 90, 160]
    Image.fromarray(image).save(tmp_path / "a.png")
    return Entry("P1", "north", "wsi", tmp_path / "a.png", 2, mpp=8.0)


def near(picture, colour):
    """Pixels of about this colour."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return (np.abs(picture.astype(int) - rgb) < 40).all(axis=-1).sum()


def drawn(entry):
    data = slide_picture(slide_look(entry, CORNERS, 400.0))
    return data, np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_it_shows_tissue_tiles_and_ink_and_is_the_same_every_time(entry):
    data, picture = drawn(entry)
    assert data == drawn(entry)[0]
    assert min(near(picture, colour) for colour in (TISSUE, TILES, INK)) > 300


def test_it_says_what_was_found(entry):
    look = slide_look(entry, CORNERS, 400.0)
    assert look.name == "P1, a.png"
    assert look.tissue.mask.mean() == pytest.approx(130 * 200 / 300**2, abs=0.01)
    assert look.tissue.ink.mean() == pytest.approx(30 * 220 / 300**2, abs=0.03)
    assert not slide_look(entry, CORNERS, 400.0, reject=()).tissue.ink.any()
    assert look.picture.shape == (300, 300, 3)  # a pixel is no finer than the slide's


def test_a_drawn_mask_is_shown(entry, tmp_path):
    mask = np.zeros((300, 300), np.uint8)
    mask[:150] = 1
    Image.fromarray(mask).save(tmp_path / "m.png")
    given = Entry("P1", "north", "wsi", entry.path, 2, mpp=8.0, tissue_mask=tmp_path / "m.png")
    look = slide_look(given, CORNERS, 400.0)
    assert look.tissue.mask.mean() == 0.5
    assert not look.tissue.ink.any()
    slide_picture(look)
