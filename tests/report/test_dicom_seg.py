"""Outlines as DICOM SEG: voxels, places, codes and names survive; what does not fit is refused."""

import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from fusion.errors import ConfigError, ReadError
from fusion.report.dicom_seg import read_seg, write_seg
from fusion.report.dicom_seg_codes import NECROSIS, TYPES
from fusion.report.dicom_seg_grid import Grid, regrid
from fusion.report.dicom_seg_segment import Algorithm
from fusion.testing.dicom import affine_ras, stored, write_series

SHAPE = (6, 5, 8)
REGIONS = ("WT", "TC", "ET")
MOMENT = datetime(2026, 1, 2, 3, 4, 5)
STUDY, FRAME = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
VALUES = {"PatientID": "P1", "StudyInstanceUID": STUDY, "FrameOfReferenceUID": FRAME}
GRID = Grid(SHAPE, affine_ras())
"""As `write_series` lays the array out: oblique, and anisotropic."""


def series(folder, edit=lambda place, data: None, **values):
    write_series(folder, stored(SHAPE), affine_ras(), values=VALUES | values, edit=edit)
    return folder


@pytest.fixture
def source(tmp_path):
    return series(tmp_path / "series")


def nested(seed=0):
    """Whole tumour around core around enhancing tumour; first and last slices are empty."""
    drawn = np.random.default_rng(seed).random(SHAPE)
    drawn[..., :2] = drawn[..., -1:] = 0
    return np.stack([drawn > 0.4, drawn > 0.6, drawn > 0.8])


def write(masks, source, path, regions=REGIONS, **values):
    given = {
        "grid": GRID,
        "algorithm": Algorithm("net", "1.2"),
        "finding": "tumour",
        "moment": MOMENT,
    }
    return write_seg(masks, regions, source, path, **(given | values))


def test_overlapping_masks_read_back_identical_with_empty_slices(source, tmp_path):
    masks = nested()
    read = read_seg(write(masks, source, tmp_path / "seg.dcm"), source, GRID)
    np.testing.assert_array_equal(read.masks, masks)
    assert read.regions == REGIONS
    file = pydicom.dcmread(tmp_path / "seg.dcm")
    assert file.NumberOfFrames == int(masks.any((1, 2)).sum()) < 3 * SHAPE[2]  # the trap is there


def test_each_slice_lies_where_its_source_lies(source, tmp_path):
    """The place of a frame, read without our own code: a voxel's centre in millimetres."""
    masks = nested()
    file = pydicom.dcmread(write(masks, source, tmp_path / "seg.dcm"))
    uids = {
        str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)
        for path in source.iterdir()
    }
    shared = file.SharedFunctionalGroupsSequence[0]
    axes = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    down, along = (float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    found = set()
    for frame, pixels in zip(file.PerFrameFunctionalGroupsSequence, file.pixel_array, strict=True):
        number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        first = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
        image = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert image.ReferencedSOPInstanceUID in uids
        for row, column in np.argwhere(pixels):
            lps = first + column * along * axes[:3] + row * down * axes[3:]
            found.add((number, *np.round(lps * [-1, -1, 1], 3)))
    planted = {
        (region + 1, *np.round((GRID.affine @ [x, y, z, 1])[:3], 3))
        for region, x, y, z in np.argwhere(masks)
    }
    assert len(found) == len(planted)
    apart = np.array(sorted(found)) - np.array(sorted(planted))
    assert np.abs(apart).max() < 0.002  # both are rounded to a micrometre


@pytest.mark.parametrize("empty", [[1], [0, 1, 2]], ids=["one region", "all"])
def test_empty_regions_read_back(source, tmp_path, empty):
    masks = nested()
    masks[empty] = False
    read = read_seg(write(masks, source, tmp_path / "seg.dcm"), source, GRID)
    np.testing.assert_array_equal(read.masks, masks)
    assert read.regions == REGIONS


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1), (1, -1, 1)])
def test_axes_may_run_in_any_order_and_direction(source, tmp_path, order, flips):
    masks = nested()
    turned = masks.transpose(0, *(axis + 1 for axis in order))
    turned = turned[:, :: flips[0], :: flips[1], :: flips[2]]
    move = np.eye(4)
    move[:3] = 0
    for axis, old in enumerate(order):
        move[old, axis] = flips[axis]
        move[old, 3] = SHAPE[old] - 1 if flips[axis] < 0 else 0
    grid = Grid(turned.shape[1:], GRID.affine @ move)
    path = write(turned, source, tmp_path / "seg.dcm", grid=grid)
    np.testing.assert_array_equal(read_seg(path, source, GRID).masks, masks)
    np.testing.assert_array_equal(read_seg(path, source, grid).masks, turned)


def test_codes_are_those_of_cid_7159(source, tmp_path):
    """Codes as in the standard; a region of whole tumour holds oedema, so it is a lesion."""
    regions = tuple(TYPES)
    masks = np.repeat(nested()[:1], len(regions), axis=0)
    file = pydicom.dcmread(write(masks, source, tmp_path / "seg.dcm", regions))
    assert (file.SegmentationType, file.SegmentsOverlap) == ("BINARY", "YES")
    found = {}
    for item in file.SegmentSequence:
        category = item.SegmentedPropertyCategoryCodeSequence[0]
        assert (category.CodeValue, category.CodingSchemeDesignator) == ("49755003", "SCT")
        assert item.SegmentAlgorithmType == "AUTOMATIC"
        drawn = item.SegmentationAlgorithmIdentificationSequence[0]
        assert (drawn.AlgorithmName, drawn.AlgorithmVersion) == ("net", "1.2")
        kind = item.SegmentedPropertyTypeCodeSequence[0]
        found[item.SegmentLabel] = (kind.CodeValue, kind.CodingSchemeDesignator)
    assert found == {
        "WT": ("52988006", "SCT"),
        "TC": ("108369006", "SCT"),
        "ET": ("C113842", "NCIt"),
        "NETC": ("C81175", "NCIt"),
        "SNFH": ("79654002", "SCT"),
        "RC": ("resection-cavity", "99FUSION"),
        "CC": ("367643001", "SCT"),
    }


def test_published_codes_agree_with_pydicoms_dictionary():
    from pydicom.sr.codedict import codes

    kept = {(code.value, code.scheme_designator, code.meaning) for code in _cid7159(codes)}
    own = TYPES["RC"]
    assert {tuple(code) for code in (*TYPES.values(), NECROSIS)} - {tuple(own)} <= kept
    assert own.scheme.startswith("99")  # PS3.16 8.2: private schemes


def _cid7159(codes):
    return [getattr(codes.cid7159, name) for name in codes.cid7159.dir()]


def test_necrosis_alone_can_be_said(source, tmp_path):
    path = write(
        nested()[:1], source, tmp_path / "a.dcm", ("NETC",), types={**TYPES, "NETC": NECROSIS}
    )
    kind = pydicom.dcmread(path).SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodeMeaning) == ("6574001", "Necrosis")


def test_tracking_is_unique_and_stable(source, tmp_path):
    def tracked(name, source=source, **values):
        return read_seg(write(nested(), source, tmp_path / name, **values), source).tracking

    first = tracked("a.dcm")
    assert [name for name, _ in first] == ["tumour/WT", "tumour/TC", "tumour/ET"]
    later = series(tmp_path / "later", StudyInstanceUID=STUDY + ".9")
    assert tracked("b.dcm", later, moment=datetime(2027, 1, 1), algorithm=Algorithm("x", "2")) == (
        first
    )
    other = tracked("c.dcm", finding="left frontal")
    someone = tracked("d.dcm", series(tmp_path / "other", PatientID="P2"))
    uids = [uid for segments in (first, other, someone) for _, uid in segments]
    assert len(set(uids)) == 9
    assert all(pydicom.uid.UID(uid).is_valid for uid in uids)


def test_same_input_and_moment_same_bytes(source, tmp_path):
    a, b = (write(nested(), source, tmp_path / name) for name in ("a.dcm", "b.dcm"))
    assert a.read_bytes() == b.read_bytes()
    c = write(nested(1), source, tmp_path / "c.dcm")
    assert pydicom.dcmread(c).SOPInstanceUID != pydicom.dcmread(a).SOPInstanceUID


def test_patient_and_study_are_the_sources(source, tmp_path):
    file = pydicom.dcmread(write(nested(), source, tmp_path / "seg.dcm"))
    assert (file.PatientID, file.StudyInstanceUID, file.FrameOfReferenceUID) == ("P1", STUDY, FRAME)


def off(**change):
    affine = affine_ras()
    if "shift" in change:
        affine[:3, 3] += 0.5 * affine[:3, 2]
    if "turn" in change:
        affine = affine_ras((25.0, -10.0, 35.0))
    if "spacing" in change:
        affine = affine_ras(spacing_mm=(0.8, 1.2, 3.2))
    return affine


@pytest.mark.parametrize("change", ["shift", "turn", "spacing"])
def test_another_grid_is_refused_with_both(source, tmp_path, change):
    with pytest.raises(
        ReadError, match=r"(?s)grids differ: the masks have 6 x 5 x 8 .*wanted are"
    ) as e:
        write(nested(), source, tmp_path / "seg.dcm", grid=Grid(SHAPE, off(**{change: 1})))
    assert str(e.value).count("mm RAS") == 2
    assert not (tmp_path / "seg.dcm").exists()


def test_another_shape_is_refused(source, tmp_path):
    with pytest.raises(ReadError, match=r"6 x 5 x 7 .* 6 x 5 x 8"):
        write(nested()[..., 1:], source, tmp_path / "s.dcm", grid=Grid((6, 5, 7), GRID.affine))


def test_rounding_of_a_header_is_no_other_grid():
    rounded = Grid(SHAPE, GRID.affine.astype(np.float32).astype(float).round(4))
    np.testing.assert_array_equal(regrid(nested(), rounded, GRID, Path()), nested())


def test_without_highdicom_it_says_what_to_install(source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(ConfigError, match=r"pip install 'fusion-onco\[dicom\]'"):
        write(nested(), source, tmp_path / "seg.dcm")
    with pytest.raises(ConfigError, match=r"pip install 'fusion-onco\[dicom\]'"):
        read_seg(tmp_path / "seg.dcm", source)


def test_an_empty_patient_id_asks_for_a_name(tmp_path):
    folder = series(tmp_path / "s", PatientID="")
    with pytest.raises(ConfigError, match="PatientID is empty"):
        write(nested(), folder, tmp_path / "seg.dcm")
    assert write(nested(), folder, tmp_path / "seg.dcm", patient="P1").exists()


def test_regions_that_do_not_fit_are_refused(source, tmp_path):
    with pytest.raises(ConfigError, match="name each once"):
        write(nested(), source, tmp_path / "seg.dcm", ("WT", "TC", "oedema"))
    with pytest.raises(ConfigError, match="3 masks were given"):
        write(nested(), source, tmp_path / "seg.dcm", ("WT", "TC"))


def test_a_seg_of_another_series_is_refused(source, tmp_path):
    path = write(nested(), source, tmp_path / "seg.dcm")
    with pytest.raises(ReadError, match="8 images that are not in"):
        read_seg(path, series(tmp_path / "other"))
    with pytest.raises(ReadError, match="not a sound DICOM SEG"):
        read_seg(next(source.iterdir()), source)
