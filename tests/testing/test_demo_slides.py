"""Slides that OpenSlide opens, that look like tissue, and show the latents where they should."""

from dataclasses import replace

import numpy as np
import openslide
import pytest
from scipy import ndimage
from threadpoolctl import threadpool_limits

from fusion.testing.demo.biology import draw_patient
from fusion.testing.demo.centers import LABS, lab
from fusion.testing.demo.layout import cells, draw_layout
from fusion.testing.demo.pyramid import write_pyramid
from fusion.testing.demo.seeds import stream
from fusion.testing.demo.slides import draw_slide

SIZE = 1024


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As `write_demo` does: the matrix products are too small to be shared out."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def layout():
    return draw_layout(stream(0, "layout"))


@pytest.fixture(scope="module")
def patient():
    return draw_patient("demo-0001", "Aster", "oligodendroglioma", stream(0, "who"))


def picture(patient, layout, *, center="Aster", shift=0.0):
    return draw_slide(
        patient, layout, lab=lab(center), shift=shift, size_px=SIZE, rng=stream(0, "slide")
    )


def in_cells(image, squares, wanted):
    """Pixels of the squares that are nearly all of one part of the slide."""
    chosen = squares[squares[wanted] > 0.95]
    assert len(chosen)
    return np.concatenate(
        [
            image[y : y + s, x : x + s].reshape(-1, 3)
            for x, y, s in chosen[["x_px", "y_px", "size_px"]].to_numpy(int)
        ]
    )


def test_layout_has_the_stated_parts():
    layouts = [draw_layout(stream(i, "layout")) for i in range(30)]
    tissue = np.array([each.tissue.mean() for each in layouts])
    signal = np.array([each.signal.mean() for each in layouts]) / tissue
    assert 0.3 < tissue.min() < tissue.max() < 0.75
    # 20 to 30 %, and the soft edges of the maps
    assert 0.14 < signal.min() < signal.max() < 0.34
    for each in layouts:
        assert (np.minimum(each.signal, each.pale) < 0.6).all()
        assert (each.tissue[0] == 0).all()
        assert (each.tissue[:, -1] == 0).all()


@pytest.mark.parametrize("center", ["Aster", "Dogwood"])
def test_openslide_opens_it_with_its_resolution(tmp_path, patient, layout, center):
    image = picture(patient, layout, center=center)
    write_pyramid(tmp_path / "a.tif", image, mpp=lab(center).mpp)
    with openslide.OpenSlide(tmp_path / "a.tif") as slide:
        assert slide.properties["openslide.vendor"] == "generic-tiff"
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(lab(center).mpp)
        assert float(slide.properties["openslide.mpp-y"]) == pytest.approx(lab(center).mpp)
        assert slide.level_dimensions == ((SIZE, SIZE), (SIZE // 4,) * 2, (SIZE // 16,) * 2)
        found = np.asarray(slide.read_region((0, 0), 0, (SIZE, SIZE)).convert("RGB"))
        small = np.asarray(slide.read_region((0, 0), 1, (SIZE // 4,) * 2).convert("RGB"))
    # JPEG at quality 80: colours stay, to a few grey levels
    assert np.abs(found.astype(int) - image).mean() < 4
    mean = image.reshape(SIZE // 4, 4, SIZE // 4, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - mean).mean() < 4


def test_colours_are_those_of_haematoxylin_and_eosin(patient, layout):
    image = picture(patient, layout)
    squares = cells(layout, size_px=SIZE, mpp=1.0)
    corner = image[:40, :40].reshape(-1, 3)
    assert (corner > 235).all()
    red, green, blue = in_cells(image, squares, "tissue").mean(axis=0)
    assert red > blue > green  # pink to purple


def test_cells_say_what_lies_in_them(patient, layout):
    image = picture(replace(patient, roundness=-3.0, cellularity=1.0), layout)
    squares = cells(layout, size_px=SIZE, mpp=1.0)
    rest = squares.assign(rest=(squares["tissue"] - squares["signal"] - squares["pale"]))
    dark = [(in_cells(image, rest, part)[:, 0] < 130).mean() for part in ("signal", "rest")]
    assert dark[0] > 3 * dark[1]
    assert squares["tissue"].between(0.05, 1).all()
    assert squares["size_px"].eq(128).all()
    assert cells(layout, size_px=SIZE, mpp=0.8)["size_px"].eq(160).all()


def nuclei(image, squares):
    """How many dark spots per square millimetre of the signal's squares."""
    chosen = squares[squares["signal"] > 0.95]
    count = 0
    for x, y, s in chosen[["x_px", "y_px", "size_px"]].to_numpy(int):
        spots = ndimage.label(image[y : y + s, x : x + s, 0] < 150)
        count += int((np.bincount(spots[0].ravel())[1:] > 8).sum())
    return count / (len(chosen) * 0.128**2)


def test_cellularity_is_the_density_of_nuclei(patient, layout):
    squares = cells(layout, size_px=SIZE, mpp=1.0)
    found = [
        nuclei(picture(replace(patient, roundness=4.0, cellularity=c), layout), squares)
        for c in (-1.0, 0.0, 1.0)
    ]
    expected = 2600 * np.exp(0.3 * np.array([-1.0, 0.0, 1.0]))
    # touching nuclei count once, squares have edges
    np.testing.assert_allclose(found, expected, rtol=0.25)
    assert found[0] < found[1] < found[2]


def test_roundness_is_the_part_of_nuclei_with_a_halo(patient, layout):
    squares = cells(layout, size_px=SIZE, mpp=1.0)

    def clear(roundness: float) -> float:
        image = picture(replace(patient, roundness=roundness), layout)
        return float((in_cells(image, squares, "signal")[:, 1] > 205).mean())

    values = [clear(r) for r in (-3.0, -1.0, 1.0, 3.0)]
    assert values == sorted(values)
    # 2,600 rings from 4 to 8 microns cover a third, less what overlaps and the soft edge
    assert values[-1] > 0.1 + values[0]


def test_signal_is_seen_nowhere_else(patient, layout):
    squares = cells(layout, size_px=SIZE, mpp=1.0)
    away = squares.assign(away=(squares["signal"] == 0).astype(float))
    one, other = (
        in_cells(picture(replace(patient, roundness=r), layout), away, "away") for r in (-3.0, 3.0)
    )
    # nuclei on the edge of a square reach 11 microns into the next
    assert (one != other).any(axis=1).mean() < 0.01


def test_necrosis_and_rna_leave_no_trace_on_slides(patient, layout):
    other = replace(patient, necrosis=9.0, proliferation=9.0, immune=9.0, metabolism=9.0)
    np.testing.assert_array_equal(picture(patient, layout), picture(other, layout))


def test_metastasis_has_another_histology(patient, layout):
    squares = cells(layout, size_px=SIZE, mpp=1.0)
    met, glioma = (
        in_cells(picture(replace(patient, kind=k), layout), squares, "signal")
        for k in ("metastasis", "oligodendroglioma")
    )
    assert (met[:, 0] < 150).mean() > 1.5 * (glioma[:, 0] < 150).mean()


def test_stain_differs_between_centers_as_far_as_the_knob_says(patient, layout):
    def colour(center: str, shift: float) -> np.ndarray:
        # the same microns per pixel, or the texture would differ too
        own = replace(lab(center), mpp=1.0)
        image = draw_slide(
            patient, layout, lab=own, shift=shift, size_px=SIZE, rng=stream(0, "slide")
        )
        return image.reshape(-1, 3).mean(axis=0)

    for each in LABS[1:]:
        np.testing.assert_array_equal(colour(each.name, 0.0), colour("Aster", 0.0))
        assert np.abs(colour(each.name, 1.0) - colour("Aster", 1.0)).max() > 2
