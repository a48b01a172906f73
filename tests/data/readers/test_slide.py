import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openslide
import pytest
from PIL import Image

from fusion.data.readers import picture
from fusion.data.readers.pixels import companions
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (300, 420, 3), dtype=np.uint8)


def block_mean(image, by):
    h, w = image.shape[0] // by, image.shape[1] // by
    return image[: h * by, : w * by].reshape(h, by, w, by, 3).mean(axis=(1, 3))


def test_a_pyramid_states_its_own_pixel_size(write_slide, noise):
    path = write_slide("a.tif", noise, mpp=0.25, compression="jpeg", levels=3)
    assert float(openslide.OpenSlide(path).properties["openslide.mpp-x"]) == pytest.approx(0.25)
    with SlideFile.open(path) as slide:
        assert slide.mpp == pytest.approx(0.25, rel=1e-6)
        assert slide.dimensions == (420, 300)
        assert slide.pixels.downsamples == pytest.approx((1, 2, 4), rel=0.01)
        assert slide.size_um == pytest.approx((105.0, 75.0))


def test_level_0_is_read_as_it_is(write_slide, noise):
    with SlideFile.open(write_slide("a.tif", noise)) as slide:
        np.testing.assert_array_equal(slide.read(37, 51, 128, 128), noise[51:179, 37:165])


def test_jpeg_tiles_are_what_openslide_decodes(write_slide, noise):
    path = write_slide("a.tif", noise, compression="jpeg")
    theirs = openslide.OpenSlide(path).read_region((10, 20), 0, (100, 100)).convert("RGB")
    with SlideFile.open(path) as slide:
        np.testing.assert_array_equal(slide.read(10, 20, 100, 100), np.asarray(theirs))


@pytest.mark.parametrize("by", [2, 3, 4])
def test_a_whole_ratio_is_the_mean_of_its_pixels(write_slide, noise, by):
    path = write_slide("a.tif", noise, levels=1)
    with SlideFile.open(path) as slide:
        found = slide.read(0, 0, 60 * by, 60)
    np.testing.assert_allclose(found, block_mean(noise, by)[:60, :60], atol=0.6)  # rounding


def test_a_coarser_level_gives_what_level_0_gives(write_slide, noise):
    """The nearest finer level: rounding of every level (half a grey value each) is all it costs."""
    paths = [write_slide(f"{n}.tif", noise, levels=n) for n in (1, 3)]
    flat, pyramid = [SlideFile.open(path).read(8, 16, 256, 64) for path in paths]
    assert np.abs(flat.astype(int) - pyramid).max() <= 1


@pytest.mark.parametrize("mpp", [0.25, 0.3, 0.5, 0.8, 1.0, 2.0, 3.3])
@pytest.mark.parametrize("levels", [1, 3])
def test_100_microns_are_100_microns_at_any_resolution(write_slide, mpp, levels):
    image = np.full((1000, 1200, 3), 255, dtype=np.uint8)
    image[280:680, 400:800] = 0  # 100 x 100 um at 0.25, its corner at (100, 70) um
    with SlideFile.open(write_slide("a.tif", image, mpp=0.25, levels=levels)) as slide:
        out_px = round(200 / mpp)
        tile = slide.read_um(50, 20, out_px * mpp, out_px)
    dark = (255 - tile[..., 0].astype(float)) / 255
    assert dark.sum() * mpp**2 == pytest.approx(1e4, rel=0.01)
    y, x = (np.average(np.arange(out_px) + 0.5, weights=dark.sum(axis)) * mpp for axis in (1, 0))
    assert (x, y) == pytest.approx((100, 100), abs=0.25)  # one pixel of level 0


def test_levels_whose_sides_were_rounded_do_not_shift_the_place(write_slide):
    """OpenSlide says 4.004 for a level of 4 here, one pixel of level 0 at the far edge."""
    image = np.full((640, 1002, 3), 255, dtype=np.uint8)
    image[:, 800:] = 0
    with SlideFile.open(write_slide("a.tif", image, levels=3)) as slide:
        assert slide.pixels.downsamples == (1, 2, 4)
        edge = slide.read(640, 0, 320, 80)[0, :, 0].astype(float)
    assert (edge / 255).sum() * 4 == pytest.approx(160, abs=0.5)  # an eighth of a level's pixel


def test_outside_the_slide_is_white(write_slide, noise):
    with SlideFile.open(write_slide("a.tif", noise)) as slide:
        tile = slide.read(-10, 290, 20, 20)
    np.testing.assert_array_equal(tile[:10, 10:], noise[290:300, :10])
    assert (tile[:, :10] == 255).all()
    assert (tile[10:] == 255).all()


@pytest.mark.parametrize(("levels", "width"), [(1, 1002), (3, 1008)])
def test_a_thumbnail_has_pixels_of_exactly_that_size(write_slide, levels, width, monkeypatch):
    image = np.full((640, width, 3), 255, dtype=np.uint8)
    image[320:, 480:960] = 0
    path = write_slide("a.tif", image, mpp=0.5, levels=levels)
    with SlideFile.open(path) as slide:
        whole = slide.thumbnail(8.0)
        monkeypatch.setattr("fusion.data.readers.slide._BLOCK_PX", 64)
        blocks = slide.thumbnail(8.0)
    assert whole.shape == (40, 63, 3)  # 1002 px are 62.6 pixels of 8 um; the rest is white
    np.testing.assert_array_equal(whole, blocks)
    expected = np.full((40, 63), 255)
    expected[20:, 30:60] = 0
    np.testing.assert_array_equal(whole[..., 0], expected)


def test_threads_read_the_same_as_one_after_the_other(write_slide, noise):
    corners = np.random.default_rng(1).integers(0, 300, (60, 2)).tolist()
    with SlideFile.open(write_slide("a.tif", noise, compression="jpeg")) as slide:
        single = [slide.read(x, y, 100, 50) for x, y in corners]
        with ThreadPoolExecutor(4) as pool:
            threaded = list(pool.map(lambda c: slide.read(*c, 100, 50), corners))
    np.testing.assert_array_equal(single, threaded)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_plain_image_reads_like_a_slide(tmp_path, write_slide, noise, suffix):
    path = tmp_path / f"region.{suffix}"
    Image.fromarray(noise).save(path)
    with (
        SlideFile.open(path, mpp=0.5) as plain,
        SlideFile.open(write_slide("a.tiff", noise, levels=1)) as slide,
    ):
        assert plain.mpp == 0.5
        for place in [(37, 51, 128, 128), (-10, 250, 80, 40), (3.5, 4.25, 100.7, 64)]:
            np.testing.assert_array_equal(plain.read(*place), slide.read(*place))
        np.testing.assert_array_equal(plain.thumbnail(8.0), slide.thumbnail(8.0))


def test_transparent_pixels_are_empty_glass(tmp_path):
    image = np.zeros((32, 32, 4), dtype=np.uint8)
    image[:, :16] = [200, 0, 0, 255]
    Image.fromarray(image).save(tmp_path / "a.png")
    with SlideFile.open(tmp_path / "a.png", mpp=0.5) as slide:
        tile = slide.read(0, 0, 32, 32)
    assert (tile[:, :16] == [200, 0, 0]).all()
    assert (tile[:, 16:] == 255).all()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.svs", None, "patient p1: .*gone.svs: no such file"),
        ("zero.svs", b"", r"the file is empty \(0 bytes\)"),
        ("text.svs", b"not a slide at all" * 99, "neither a slide .* nor a PNG.*damaged, cut off"),
        ("junk.tif", b"II*\0" + bytes(200), "damaged|cut off|neither a slide"),
    ],
)
def test_what_is_no_slide_is_refused(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=message):
        SlideFile.open(tmp_path / name, "p1", 0.5)


@pytest.mark.parametrize("kind", ["tif", "png", "jpg"])
def test_a_file_that_is_cut_off_never_opens(tmp_path, write_slide, noise, kind):
    if kind == "tif":
        whole = write_slide("a.tif", noise, compression="jpeg", levels=3).read_bytes()
    else:
        Image.fromarray(noise).save(tmp_path / f"a.{kind}")
        whole = (tmp_path / f"a.{kind}").read_bytes()
    cut = tmp_path / f"cut.{kind}"
    for share in np.linspace(0.02, 0.99, 25):
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ReadError, match=r"damaged|cut off"):
            SlideFile.open(cut, "p1", 0.5)


def test_a_tile_that_is_damaged_is_named_when_it_is_read(write_slide, noise):
    path = write_slide("a.tif", noise, compression="jpeg", levels=1)
    content = bytearray(path.read_bytes())
    start = content.find(b"\xff\xd8")  # the first JPEG tile
    content[start : start + 400] = bytes(400)
    path.write_bytes(content)
    with (
        pytest.raises(ReadError, match=r"patient p1: .*level 0 cannot be read at x 0, y 0|damaged"),
        SlideFile.open(path, "p1") as slide,
    ):
        slide.read(0, 0, 64, 64)


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        ({"mpp": None}, None, "patient p1: .*a.tif: .*states no microns per pixel"),
        ({"mpp": 0.5, "mpp_y": 0.6}, None, "pixels are not square"),
        ({"mpp": 352.8}, None, "expected 0.05 to 20"),
        ({"mpp": 0.5}, 0.25, "manifest gives 0.25 .*file states 0.5"),
        (
            {"mpp": None, "description": "Aperio Image\r\n256x256|AppMag = 40|MPP = 1.0"},
            None,
            "1 microns per pixel contradict the 40x objective",
        ),
    ],
)
def test_a_pixel_size_that_cannot_be_is_refused(write_slide, noise, settings, given, message):
    path = write_slide("a.tif", noise, **settings)
    with pytest.raises(ReadError, match=message):
        SlideFile.open(path, "p1", given)


def test_an_aperio_slide_states_its_pixel_size_and_its_objective(write_slide, noise):
    text = "Aperio Image Library\r\n420x300|AppMag = 20|MPP = 0.4990"
    with SlideFile.open(write_slide("a.svs", noise, mpp=None, description=text)) as slide:
        assert slide.mpp == pytest.approx(0.499)


def test_a_missing_pixel_size_is_given_by_the_manifest(write_slide, noise):
    with SlideFile.open(write_slide("a.tif", noise, mpp=None), mpp=0.5) as slide:
        assert slide.mpp == 0.5


def test_a_plain_image_needs_its_pixel_size(tmp_path, noise):
    Image.fromarray(noise).save(tmp_path / "a.png", dpi=(300, 300))
    with pytest.raises(ReadError, match="states no microns per pixel"):
        SlideFile.open(tmp_path / "a.png", "p1")


def test_a_grey_image_is_refused(tmp_path, noise):
    Image.fromarray(noise[..., 0]).save(tmp_path / "mask.png")
    with pytest.raises(ReadError, match="pixels of mode L, expected 8-bit colour"):
        SlideFile.open(tmp_path / "mask.png", "p1", 0.5)


def test_an_image_of_several_pages_is_refused(tmp_path, noise):
    pages = [Image.fromarray(noise), Image.fromarray(noise)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ReadError, match="2 pages, expected one"):
        SlideFile.open(tmp_path / "stack.tif", "p1", 0.5)


def test_a_decompression_bomb_is_refused_unread(tmp_path, monkeypatch):
    for side in (10_000, 20_000):  # Pillow warns at the first and refuses the second
        header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
        (tmp_path / "bomb.png").write_bytes(
            b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + bytes(64)
        )
        with pytest.raises(ReadError, match=r"too large for a plain image.*pyramidal TIFF"):
            SlideFile.open(tmp_path / "bomb.png", "p1", 0.5)
    Image.new("RGB", (200, 100)).save(tmp_path / "large.png")
    monkeypatch.setattr(picture, "LARGEST_PICTURE_PX", 10_000)
    with pytest.raises(ReadError, match=r"200 x 100 pixels\), expected at most 10,000 pixels"):
        SlideFile.open(tmp_path / "large.png", "p1", 0.5)


def test_the_content_of_a_mirax_slide_is_in_the_folder_beside_it(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a.mrxs", "a/Data0000.dat", "a/Slidedat.ini", "b.svs"):
        (tmp_path / name).write_bytes(b"x")
    names = [path.name for path in companions(tmp_path / "a.mrxs")]
    assert names == ["a.mrxs", "Data0000.dat", "Slidedat.ini"]
    assert companions(tmp_path / "b.svs") == (tmp_path / "b.svs",)


def test_real_slide(real_slides):
    path = real_slides / "wsi_fixtures/CMU-1-Small-Region.svs"
    with SlideFile.open(path) as slide:
        assert (slide.mpp, slide.dimensions) == (0.499, (2220, 2967))
        theirs = openslide.OpenSlide(path).read_region((700, 900), 0, (512, 512)).convert("RGB")
        np.testing.assert_array_equal(slide.read(700, 900, 512, 512), np.asarray(theirs))
    with pytest.raises(ReadError, match=r"the file states 0\.499"):
        SlideFile.open(path, mpp=0.25)
