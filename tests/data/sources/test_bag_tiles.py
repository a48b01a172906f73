"""Which tiles become a bag: drawn masks, what is rejected, surroundings, quality."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from fusion.data.prepare.patch_encoders.texture import Texture
from fusion.data.prepare.tiling import Tiling
from fusion.data.readers.slide import SlideFile
from fusion.data.sources.bag import BagSource
from fusion.errors import ConfigError

TILING = Tiling(tile_px=64, mpp=1.0, stride_px=64, min_tissue=0.5)


class Colour:
    """Mean colour, of tiles of any size."""

    name, dim = "colour", 3

    def __init__(self, mpp=1.0, tile_px=64):
        self.mpp, self.tile_px = mpp, tile_px
        self.seen = 0

    def __call__(self, tiles):
        assert tiles.shape[1:] == (self.tile_px, self.tile_px, 3)
        self.seen += len(tiles)
        return tiles.mean(axis=(1, 2)).astype(np.float32)

    def spec(self):
        return {"name": self.name, "mpp": self.mpp, "tile_px": self.tile_px}


@pytest.fixture
def source(tmp_path):
    def build(encoder=None, context=(), **values):
        return BagSource(
            encoder=encoder or Colour(),
            context=context,
            tiling=replace(TILING, **values),
            cache=tmp_path / "cache",
        )

    return build


@pytest.fixture
def entry(write_slide, draw, slide_entry):
    return slide_entry(write_slide("a.tif", draw(side=512)[0], mpp=1.0), "a")


def embedded(bags, entry):
    """The arrays of the cache, and what is noted beside them."""
    assert bags.prepare({"a": (entry,)}) == []
    return bags.store.arrays(entry), bags.store.meta(entry)


def test_surroundings_are_read_around_the_same_centre(source, entry):
    bags = source(context=(Colour(2.0), Colour(4.0, 48)))
    arrays, _ = embedded(bags, entry)
    assert bags.width == arrays["features"].shape[1] == 9
    image = np.full((1024, 1024, 3), 255.0)  # white beyond the slide
    with SlideFile.open(entry.path) as slide:
        image[256:768, 256:768] = slide.read(0, 0, 512, 512)
    for (x, y), features in zip(arrays["corner_px"] + 256 + 32, arrays["features"], strict=True):
        for half, told in ((32, features[:3]), (64, features[3:6]), (96, features[6:])):
            square = image[y - half : y + half, x - half : x + half]
            # float16 of 200, and levels of the pyramid are rounded to whole grey levels
            np.testing.assert_allclose(told.astype(float), square.mean(axis=(0, 1)), atol=0.6)


def test_a_tile_alone_has_the_features_that_it_has_with_surroundings(source, entry):
    alone, _ = embedded(source(), entry)
    joined, _ = embedded(source(context=(Colour(4.0),)), entry)
    np.testing.assert_array_equal(joined["features"][:, :3], alone["features"])
    assert len(joined["features"]) == len(alone["features"])


@pytest.mark.parametrize("mpps", [(1.0,), (0.5,), (4.0, 2.0), (2.0, 2.0)])
def test_surroundings_that_are_no_coarser_are_refused(source, mpps):
    with pytest.raises(ConfigError, match=r"context_mpps is .*, expected rising values above .* 1"):
        source(context=[Colour(mpp) for mpp in mpps])


def test_the_quality_of_every_tile_is_kept(source, entry):
    bags = source()
    arrays, _ = embedded(bags, entry)
    bags.fit({"a": (entry, entry)})
    placed = bags.tiles("a", (entry, entry))
    for name in ("sharpness", "background"):
        np.testing.assert_array_equal(getattr(placed, name), np.tile(arrays[name], 2))
    assert arrays["sharpness"].dtype == arrays["background"].dtype == np.float16
    with SlideFile.open(entry.path) as slide:
        for (x, y), bare in zip(arrays["corner_px"].tolist(), arrays["background"], strict=True):
            tile = slide.read(x, y, 64, 64).astype(float)
            colourless = (tile.max(-1) - tile.min(-1)) / tile.max(-1) <= 0.06
            assert bare == pytest.approx(colourless.mean(), abs=0.03)  # saturation in 255 steps


@pytest.fixture
def half_blurred(write_slide, draw, slide_entry):
    """The right half is out of focus by four microns."""
    image = draw(side=512, share=0.9)[0]
    image[:, 256:] = ndimage.gaussian_filter(image, (4, 4, 0))[:, 256:]
    return slide_entry(write_slide("b.tif", image, mpp=1.0), "a")


def test_blurred_and_empty_tiles_are_left_out_where_that_is_asked(source, half_blurred):
    whole, all_noted = embedded(source(), half_blurred)
    right = whole["corner_px"][:, 0] >= 256
    assert whole["sharpness"][right].max() < 0.1 < whole["sharpness"][~right].min()
    encoder = Colour()
    sharp, noted = embedded(source(encoder, min_sharpness=0.1), half_blurred)
    for name in whole:
        np.testing.assert_array_equal(sharp[name], whole[name][~right])
    assert encoder.seen == len(sharp["features"])  # the encoder is the slow part
    assert (noted["tiles"], noted["looked_at"]) == (int((~right).sum()), len(right))
    assert all_noted["tiles"] == all_noted["looked_at"] == len(right)
    full, _ = embedded(source(max_background=0.1), half_blurred)
    np.testing.assert_array_equal(full["features"], whole["features"][whole["background"] <= 0.1])


def test_a_slide_without_any_good_tile_is_a_fault(source, half_blurred):
    (fault,) = source(min_sharpness=0.95).prepare({"a": (half_blurred,)})
    assert "tiles is sharp and full enough: sharpness is 0.0" in fault.message
    assert "min_sharpness 0.95; background is" in fault.message
    assert "max_background None" in fault.message


def test_what_was_rejected_is_noted(source, write_slide, draw, slide_entry):
    image = draw(side=512)[0]
    image[:100] = [40, 90, 160]
    marked = slide_entry(write_slide("c.tif", image, mpp=1.0), "a")
    _, noted = embedded(source(), marked)
    assert noted["ink_share"] == pytest.approx(100 / 512, abs=0.04)  # up to 16 microns around
    assert (noted["fold_share"], noted["tissue_drawn"]) == (0.0, None)
    arrays, noted = embedded(source(reject=("folds",)), marked)
    assert noted["ink_share"] == 0.0
    assert arrays["corner_px"][:, 1].min() == 0


def test_a_drawn_mask_says_which_tiles_there_are(source, entry, tmp_path):
    drawn = np.zeros((8, 8), dtype=np.uint8)
    drawn[1:3, 2:5] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(drawn).save(path)
    arrays, noted = embedded(source(), replace(entry, tissue_mask=path))
    assert arrays["corner_px"].tolist() == [[x * 64, y * 64] for y in (1, 2) for x in (2, 3, 4)]
    assert (noted["tissue_drawn"], noted["tissue_share"]) == ("mask.png", 6 / 64)


def test_another_mask_makes_another_entry(source, entry, tmp_path):
    def draw_box(side):
        ring = [[0, 0], [side, 0], [side, side], [0, side]]
        path = tmp_path / "mask.geojson"
        path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
        return replace(entry, tissue_mask=path)

    assert len(embedded(source(), entry)[0]["features"]) not in (4, 9)
    assert len(embedded(source(), draw_box(128))[0]["features"]) == 4
    assert len(embedded(source(), draw_box(192))[0]["features"]) == 9


def test_a_mask_that_does_not_fit_is_a_fault(source, entry, tmp_path):
    path = tmp_path / "mask.png"
    Image.new("L", (100, 50), 255).save(path)
    (fault,) = source().prepare({"a": (replace(entry, tissue_mask=path),)})
    assert (fault.patient, fault.line) == ("a", 2)
    assert (
        "mask.png: as a tissue mask of a.tif: it is 100 x 50 pixels, the slide 512" in fault.message
    )


@pytest.mark.parametrize(
    "change",
    [
        {"reject": ()},
        {"min_sharpness": 0.01},
        {"max_background": 0.99},
        {"context": (Colour(2.0),)},
    ],
)
def test_whatever_changes_a_bag_makes_another_entry(source, entry, change):
    embedded(source(), entry)
    encoder = Colour()
    embedded(source(encoder, **change), entry)
    assert encoder.seen > 0


def test_texture_takes_its_surroundings(source, entry):
    first, second = (Texture(tile_px=64, mpp=mpp) for mpp in (1.0, 2.0))
    bags = source(first, context=[second])
    assert embedded(bags, entry)[0]["features"].shape[1] == first.dim + second.dim
    assert [e["mpp"] for e in bags.store.made_by()["context"]] == [2.0]
