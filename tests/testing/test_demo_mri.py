"""A brain that is bent, a tumour that shows its latents, a scanner that shows its centre."""

from dataclasses import replace
from itertools import pairwise

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage
from threadpoolctl import threadpool_limits

from fusion.testing.demo.atlas import load_atlas
from fusion.testing.demo.biology import draw_patient
from fusion.testing.demo.centers import lab
from fusion.testing.demo.fields import smooth_volume, spline
from fusion.testing.demo.head import bend
from fusion.testing.demo.mri import TISSUES, scan
from fusion.testing.demo.nifti import write_nifti
from fusion.testing.demo.seeds import stream
from fusion.testing.demo.tumour import CENTRES_MM, CORE, OEDEMA, RIM, grow

STEP = 3.0


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As `write_demo` does: the matrix products are too small to be shared out."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def head():
    return bend(load_atlas(), (STEP, STEP, STEP), stream(0, "head"))


@pytest.fixture(scope="module")
def patient():
    who = draw_patient("demo-0001", "Aster", "glioblastoma", stream(0, "who"))
    return replace(who, lesions=1, site="frontal", side="right")


def test_brain_has_the_size_of_a_brain(head):
    litres = head.brain.sum() * STEP**3 / 1e6
    assert 1.2 < litres < 2.4  # the MNI brain mask has 1.9 litres; 3 % stretch (sd) an axis
    assert head.white.mean() == pytest.approx(0.35, abs=0.1)
    assert np.all(head.grey + head.white < 1.05)


def test_heads_differ_and_repeat(head):
    again = bend(load_atlas(), (STEP, STEP, STEP), stream(0, "head"))
    other = bend(load_atlas(), (STEP, STEP, STEP), stream(1, "head"))
    np.testing.assert_array_equal(head.t1, again.t1)
    both, either = (head.brain & other.brain).sum(), (head.brain | other.brain).sum()
    assert 0.75 < both / either < 0.99


def test_necrosis_makes_core_and_enhancement(head, patient):
    tumours = [
        grow(replace(patient, necrosis=value), head, stream(0, "grow"))
        for value in (-2.0, -0.5, 0.5, 2.0)
    ]
    part = [(t.labels == CORE).sum() / np.isin(t.labels, [CORE, RIM]).sum() for t in tumours]
    assert all(a < b for a, b in pairwise(part))
    assert part[0] < 0.02
    assert part[-1] > 0.2
    assert all(a.enhancement < b.enhancement for a, b in pairwise(tumours))
    solid = [np.isin(t.labels, [CORE, RIM]).sum() for t in tumours]
    assert len(set(solid)) == 1  # the size of the tumour knows nothing


def test_vascularity_makes_oedema(head, patient):
    extent = [
        (grow(replace(patient, vascularity=v), head, stream(0, "grow")).labels == OEDEMA).sum()
        for v in (-1.5, 0.0, 1.5)
    ]
    assert extent[0] < extent[1] < extent[2]


def test_roundness_and_rna_leave_no_trace_in_mri(head, patient):
    one = grow(patient, head, stream(0, "grow"))
    other = grow(
        replace(patient, roundness=9.0, proliferation=9.0, immune=9.0, cellularity=9.0),
        head,
        stream(0, "grow"),
    )
    for name in ("core", "rim", "oedema"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("site", sorted(CENTRES_MM))
def test_tumour_lies_where_the_clinical_sheet_says(head, patient, site, side):
    tumour = grow(replace(patient, site=site, side=side), head, stream(0, "grow"))
    solid = np.isin(tumour.labels, [CORE, RIM])
    centre = head.mni_mm[:, solid].mean(axis=1)
    expected = np.array(CENTRES_MM[site]) * [1 if side == "right" else -1, 1, 1]
    # 5 mm (sd) an axis, the nearest white matter, and a tumour cut off by the brain's surface
    assert np.linalg.norm(centre - expected) < 25


def test_metastases_are_several_round_lesions(head):
    who = draw_patient("demo-0001", "Aster", "metastasis", stream(0, "who"))
    tumour = grow(replace(who, lesions=4), head, stream(0, "grow"))
    image = np.zeros(head.brain.shape, dtype=int)
    image[head.brain] = np.isin(tumour.labels, [CORE, RIM])
    assert 2 <= ndimage.label(image)[1] <= 4  # two may touch


def test_background_is_zero_and_brain_is_not(head, patient):
    tumour = grow(patient, head, stream(0, "grow"))
    for sequence in TISSUES:
        image = scan(head, tumour, sequence, lab=lab("Birch"), shift=1.0, rng=stream(0, sequence))
        assert image.dtype == np.int16
        assert (image[~head.brain] == 0).all()
        assert (image[head.brain] > 0).all()


def test_sequences_have_their_contrast(head, patient):
    tumour = grow(replace(patient, necrosis=2.5), head, stream(0, "grow"))
    healthy = tumour.labels == 0
    white, grey = healthy & (head.white > 0.9), healthy & (head.grey > 0.9)
    fluid = healthy & (head.white + head.grey < 0.1)
    flat = {
        s: scan(head, tumour, s, lab=lab("Aster"), shift=0.0, rng=stream(0, s))[head.brain]
        for s in TISSUES
    }
    assert flat["T1"][white].mean() > flat["T1"][grey].mean() > flat["T1"][fluid].mean()
    assert flat["T2"][fluid].mean() > flat["T2"][grey].mean() > flat["T2"][white].mean()
    assert flat["FLAIR"][grey].mean() > flat["FLAIR"][white].mean() > flat["FLAIR"][fluid].mean()
    rim, core, oedema = (tumour.labels == k for k in (RIM, CORE, OEDEMA))
    assert flat["T1c"][rim].mean() > 1.1 * flat["T1c"][white].mean()
    assert flat["T1c"][core].mean() < 0.6 * flat["T1c"][white].mean()
    assert flat["FLAIR"][oedema].mean() > 1.3 * flat["FLAIR"][white].mean()


def test_centers_differ_only_as_far_as_the_knob_says(head, patient):
    tumour = grow(patient, head, stream(0, "grow"))

    def middle(name: str, shift: float) -> float:
        image = scan(head, tumour, "T1", lab=lab(name), shift=shift, rng=stream(0, "scan"))
        return float(np.median(image[head.brain]))

    assert middle("Dogwood", 0.0) == pytest.approx(middle("Cedar", 0.0), rel=0.01)
    assert middle("Dogwood", 1.0) > 2 * middle("Cedar", 1.0)


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "LAS"])
def test_orientation_is_only_how_the_file_is_stored(tmp_path, orientation):
    image = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = [-10, 20, 5]
    write_nifti(tmp_path / "a.nii.gz", image, affine, orientation=orientation)
    found = nib.load(tmp_path / "a.nii.gz")
    assert "".join(nib.aff2axcodes(found.affine)) == orientation
    assert int(found.header["sform_code"]) == int(found.header["qform_code"]) == 1
    assert found.header.get_xyzt_units()[0] == "mm"
    back = nib.as_closest_canonical(found)
    np.testing.assert_array_equal(np.asarray(back.dataobj), image)
    np.testing.assert_allclose(back.affine, affine)


def test_fields_have_unit_spread():
    volumes = [smooth_volume(stream(i, "field"), (20, 22, 24), terms=5) for i in range(40)]
    # the standard deviation of one field varies by 10 %; of the mean over forty by 2 %
    assert np.sqrt(np.mean(np.square(volumes))) == pytest.approx(1, abs=0.08)


def test_spline_weights_sum_to_one():
    np.testing.assert_allclose(spline(50, 6).sum(axis=1), 1, atol=1e-6)
