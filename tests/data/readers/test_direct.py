"""The direct path gives OpenSlide's pixels, and leaves to OpenSlide what it cannot give."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openslide
import pytest
import tifffile

from fusion.data.readers.direct import Direct
from fusion.data.readers.pyramid import Pyramid
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

APERIO = "Aperio Image Library v11.2.1 \r\n46000x32914 [0,100 46000x32914] (256x256) JPEG/RGB Q=70"


def write(
    path,
    image,
    *,
    tile=64,
    downs=(1, 2, 4),
    colours="ycbcr",
    aperio=False,
    big=False,
    **settings,
):
    """A pyramid of JPEG tiles, each level an average."""
    coding = {"compression": "jpeg", "photometric": colours}
    coding["compressionargs"] = {"level": 80, "outcolorspace": colours.upper()}
    if aperio:
        coding["description"] = f"{APERIO}|AppMag = 20|MPP = 0.5"
    with tifffile.TiffWriter(path, bigtiff=big) as file:
        for down in downs:
            h, w = (side // down for side in image.shape[:2])
            cut = image[: h * down, : w * down].reshape(h, down, w, down, 3)
            file.write(
                np.rint(cut.mean(axis=(1, 3))).astype(np.uint8),
                tile=(tile, tile),
                subfiletype=0 if aperio else min(down - 1, 1),
                metadata=None,
                software=False,
                resolution=(2e4 / down, 2e4 / down),
                resolutionunit="CENTIMETER",
                **{**coding, **settings},
            )
    return path


@pytest.fixture(scope="module")
def image():
    """Soft structure with colour and some grain, as tissue has; sides that no tile divides."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:716, :908] / 40
    planes = [np.sin(x + k) + np.cos(y * (1 + k / 3)) for k in range(3)]
    grain = random.normal(0, 6, (716, 908, 3))
    return np.clip(170 + 30 * np.stack(planes, -1) + grain, 0, 255).astype(np.uint8)


KINDS = {
    "generic": {},
    "one level": {"downs": (1,)},
    "big, large tiles": {"big": True, "tile": 256},
    "RGB within the JPEG": {"colours": "rgb"},
    "chroma at half size": {"subsampling": (2, 2)},
    "Aperio": {"aperio": True, "tile": 240, "downs": (1, 4), "colours": "rgb"},
}


def theirs(handle, level, x, y, width, height):
    down = round(handle.level_downsamples[level])
    rgba = np.asarray(handle.read_region((x * down, y * down), level, (width, height)))
    return np.where(rgba[..., 3:] == 0, 255, rgba[..., :3])  # outside is transparent


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_has_openslides_pixels(tmp_path, image, kind):
    path = write(tmp_path / "a.svs", image, **KINDS[kind])
    random = np.random.default_rng(1)
    with SlideFile.open(path) as slide, openslide.OpenSlide(path) as handle:
        assert isinstance(slide.pixels, Direct)
        assert slide.dimensions == handle.dimensions
        for level, (w, h) in enumerate(handle.level_dimensions):
            corners = [(0, 0), (w - 30, h - 20), (-25, -10), (w + 5, 3)]
            corners += random.integers(-40, (w, h), (12, 2)).tolist()
            for x, y in corners:
                width, height = random.integers(1, 200, 2).tolist()
                found = slide.pixels.region(level, x, y, width, height)
                np.testing.assert_array_equal(found, theirs(handle, level, x, y, width, height))


@pytest.mark.parametrize("mpp", [0.5, 0.7, 1.0, 2.0, 3.3])
def test_tiles_and_thumbnails_are_those_of_openslide(tmp_path, image, mpp):
    path = write(tmp_path / "a.tif", image)
    pyramid = Pyramid.open(path, None)
    with SlideFile.open(path) as slide:
        other = SlideFile(path, None, slide.mpp, pyramid)
        for x, y in ((0.0, 0.0), (31.7, 12.2), (300.0, 200.0)):
            ours = slide.read_um(x, y, 64 * mpp, 64)
            np.testing.assert_array_equal(ours, other.read_um(x, y, 64 * mpp, 64))
        np.testing.assert_array_equal(slide.thumbnail(mpp), other.thumbnail(mpp))
    other.close()


def test_a_real_slide_is_openslides(real_slides):
    path = real_slides / "wsi_fixtures/CMU-1-Small-Region.svs"
    with SlideFile.open(path) as slide, openslide.OpenSlide(path) as handle:
        assert isinstance(slide.pixels, Direct)
        w, h = slide.dimensions
        found = slide.pixels.region(0, -3, -3, w + 6, h + 6)
        np.testing.assert_array_equal(found, theirs(handle, 0, -3, -3, w + 6, h + 6))


@pytest.mark.parametrize(
    "settings",
    [
        {"compression": "lzw", "photometric": "rgb", "compressionargs": None},
        {"compression": None, "photometric": "rgb", "compressionargs": None},
    ],
    ids=["lzw", "raw"],
)
def test_other_codings_are_openslides_to_read(tmp_path, image, settings):
    path = write(tmp_path / "a.tif", image, **settings)
    with SlideFile.open(path) as slide, openslide.OpenSlide(path) as handle:
        assert isinstance(slide.pixels, Pyramid)
        found = slide.pixels.region(1, 5, 7, 90, 80)
        np.testing.assert_array_equal(found, theirs(handle, 1, 5, 7, 90, 80))


def empty_tile(path, page, number):
    """As Aperio's scanners leave out what they did not scan."""
    with tifffile.TiffFile(path, mode="r+") as file:
        tag = file.pages[page].tags["TileByteCounts"]
        counts = list(tag.value)
        counts[number] = 0
        tag.overwrite(counts)


def test_a_slide_with_tiles_left_out_is_openslides_to_read(tmp_path, image):
    path = write(tmp_path / "a.svs", image, **KINDS["Aperio"])
    empty_tile(path, 1, 0)
    pyramid = Pyramid.open(path, None)
    assert Direct.of(pyramid, half_size_decode=False) is None
    pyramid.close()


def test_half_the_size_is_within_a_grey_level_of_the_mean(tmp_path, image):
    """JPEG's own low frequencies, rounded once; the mean rounds four pixels and their sum."""
    path = write(tmp_path / "a.svs", image, **KINDS["Aperio"])
    with SlideFile.open(path) as whole, SlideFile.open(path, half_size_decode=True) as half:
        assert half.pixels.downsamples == (1, 2, 4, 8)
        a, b = (slide.read(10, 20, 512, 256).astype(int) for slide in (whole, half))
        assert 0 < np.abs(a - b).mean() < 1
        assert abs((a - b).mean()) < 0.2  # no cast of colour
        same = [slide.read(10, 20, 128, 128) for slide in (whole, half)]
        np.testing.assert_array_equal(*same)  # asked at a level, nothing is halved


def test_a_level_is_better_than_half_of_the_one_above(tmp_path, image):
    path = write(tmp_path / "a.tif", image)
    with SlideFile.open(path) as whole, SlideFile.open(path, half_size_decode=True) as half:
        assert half.pixels.downsamples == (1, 2, 4, 8)
        np.testing.assert_array_equal(whole.read(8, 8, 256, 128), half.read(8, 8, 256, 128))


def test_threads_read_what_one_reads(tmp_path, image, monkeypatch):
    monkeypatch.setattr("fusion.data.readers.direct._ROWS_KEPT", 0)  # tiles are dropped at once
    path = write(tmp_path / "a.tif", image)
    places = np.random.default_rng(2).integers(0, 600, (60, 2)).tolist()
    with SlideFile.open(path) as slide, ThreadPoolExecutor(4) as pool:
        alone = [slide.read(x, y, 100, 100) for x, y in places]
        together = list(pool.map(lambda p: slide.read(*p, 100, 100), places))
    np.testing.assert_array_equal(alone, together)


def place_of(path, number):
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        return page.dataoffsets[number], page.databytecounts[number]


def spoil(path, number, how):
    start, count = place_of(path, number)
    raw = bytearray(path.read_bytes())
    raw[start : start + count] = how(raw[start : start + count])
    path.write_bytes(raw)


@pytest.mark.parametrize(
    "how",
    [
        lambda tile: bytes(len(tile)),
        lambda tile: tile[: len(tile) // 2] + bytes(len(tile) - len(tile) // 2),
    ],
    ids=["zeros", "half of it"],
)
def test_a_tile_that_does_not_decode_is_told_with_its_place(tmp_path, image, how):
    path = write(tmp_path / "a.tif", image)
    spoil(path, 16, how)  # the second of the second row
    with SlideFile.open(path, "p7") as slide:
        slide.read(128, 0, 64, 64)
        message = r"p7.*cannot be decoded at x 64, y 64 of the level at 1/1.*copy it again"
        with pytest.raises(ReadError, match=message):
            slide.read(70, 70, 20, 20)


def test_what_stands_behind_the_last_marker_of_a_tile_is_harmless(tmp_path, image):
    """Some scanners pad; libjpeg warns, and OpenSlide reads on."""
    path = write(tmp_path / "a.tif", image)
    clean = SlideFile.open(path).read(64, 64, 64, 64)
    raw = path.read_bytes()
    start, count = place_of(path, 16)
    with tifffile.TiffFile(path, mode="r+") as file:
        for name, value in (("TileOffsets", len(raw)), ("TileByteCounts", count + 8)):
            tag = file.pages[0].tags[name]
            tag.overwrite([*tag.value[:16], value, *tag.value[17:]])
    with path.open("ab") as file:
        file.write(raw[start : start + count] + bytes(8))
    np.testing.assert_array_equal(SlideFile.open(path).read(64, 64, 64, 64), clean)


def test_a_file_that_is_cut_off_is_refused_when_it_is_opened(tmp_path, image):
    path = write(tmp_path / "a.tif", image)
    raw = path.read_bytes()
    path.write_bytes(raw[:-2000])
    with pytest.raises(ReadError, match="damaged or cut off; copy it again"):
        SlideFile.open(path)
