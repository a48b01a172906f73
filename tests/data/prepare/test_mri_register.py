"""A motion that was planted is found; what does not move stays; what cannot be is refused."""

import builtins
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fusion.data.prepare.mri_accept import accept, moves
from fusion.data.prepare.mri_itk import array_of, image_of, itk, to_itk
from fusion.data.prepare.mri_register import Rigid, register
from fusion.data.prepare.mri_settings import MriSettings
from fusion.data.readers.volume import VolumeFile
from fusion.errors import ConfigError, ReadError

sitk = pytest.importorskip("SimpleITK")
AFFINE = np.diag([-3.0, 3.0, 3.0, 1.0])
AFFINE[:3, 3] = 70, -80, -60
SETTINGS = MriSettings(reference="T1")


def inverted(tissue):
    """As dark as the other is bright, and bent: no difference of intensities would fit it."""
    return 700 - 500 * tissue**1.5


def planted(fixed, degrees, shift_mm):
    index = [(n - 1) / 2 for n in fixed.GetSize()]
    centre = fixed.TransformContinuousIndexToPhysicalPoint(index)
    return sitk.Euler3DTransform(centre, *np.radians(degrees).tolist(), shift_mm)


def carried(image, motion):
    """What lies at x in the image lies at motion(x) now; nothing leaves the larger grid."""
    larger = sitk.ConstantPad(image, (14,) * 3, (14,) * 3, 0.0)
    return sitk.Resample(image, larger, motion.GetInverse(), sitk.sitkLinear, 0.0)


def far(found, truth, fixed):
    """The largest error of a corner of the head's box, in mm."""
    corners = [
        fixed.TransformIndexToPhysicalPoint([int(i) for i in at])
        for at in np.array(np.meshgrid([6, 41], [6, 49], [6, 37])).reshape(3, -1).T
    ]
    gaps = [np.subtract(found.TransformPoint(p), truth.TransformPoint(p)) for p in corners]
    return max(np.linalg.norm(gap) for gap in gaps)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("degrees", "shift_mm"),
    [
        ((0.0, 0.0, 0.0), (2.0, -1.3, 0.7)),
        ((4.0, -7.0, 3.0), (6.0, -9.0, 4.0)),
        ((-12.0, 9.0, 20.0), (25.0, 10.0, -18.0)),
    ],
)
def test_a_planted_motion_is_found_across_contrasts(head, degrees, shift_mm):
    """Within a tenth of a 3 mm voxel at the corners of the head, and a fifth of a degree."""
    fixed = image_of(head(), AFFINE)
    truth = planted(fixed, degrees, shift_mm)
    moving = carried(image_of(head(inverted, seed=1), AFFINE), truth)
    found = register(fixed, moving, seed=0)
    assert far(found.transform, truth, fixed) < 0.3
    turn = np.array(truth.GetMatrix()).reshape(3, 3)
    whole = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    assert found.degrees == pytest.approx(whole, abs=0.2)
    np.testing.assert_allclose(found.shift_mm, shift_mm, atol=0.2)
    assert found.after < found.before
    assert accept(found, fixed, Path("t2.nii"), "P-1", SETTINGS) is found


def test_identity_stays_identity(head):
    fixed, moving = image_of(head(), AFFINE), image_of(head(inverted, seed=1), AFFINE)
    found = accept(register(fixed, moving, seed=0), fixed, Path("t2.nii"), "P-1", SETTINGS)
    assert found.degrees < 0.5
    assert not moves(found, fixed)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_motion(head):
    fixed = image_of(head(), AFFINE)
    moving = carried(image_of(head(inverted, seed=1), AFFINE), planted(fixed, (3, 2, 1), (4, 5, 6)))
    one, two = (register(fixed, moving, seed=0) for _ in range(2))
    assert one.transform.GetParameters() == two.transform.GetParameters()
    assert (one.before, one.after) == (two.before, two.after)


def test_there_and_back_through_itk_nothing_changes(head):
    """Voxels and places: also where axes are swapped and flipped."""
    turned = np.array([[0, 0, -2.0, 9], [3.0, 0, 0, -4], [0, 1.5, 0, 7], [0, 0, 0, 1]])
    image = image_of(head(), turned)
    np.testing.assert_array_equal(array_of(image), head())
    lps = np.array(image.TransformIndexToPhysicalPoint((5, 6, 7)))
    np.testing.assert_allclose(lps * [-1, -1, 1], (turned @ [5, 6, 7, 1])[:3], atol=1e-9)


@pytest.fixture
def rigid(head):
    small = image_of(head(), AFFINE)
    motion = planted(small, (5.0, 0.0, 0.0), (1.0, 2.0, 3.0))
    return Rigid(motion, 5.0, (1.0, 2.0, 3.0), before=-0.5, after=-0.6, steps=9)


@pytest.fixture
def fixed(head):
    return image_of(head(), AFFINE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"after": -0.4}, r"worse than it began \(mutual information 0.5000 before, 0.4000"),
        ({"after": np.inf}, "worse than it began"),
        ({"degrees": 46.0}, r"it by 46.0 degrees .* beyond 45 degrees or 100 mm; look at"),
        ({"shift_mm": (80.0, 0.0, 80.0)}, r"it by 113.1 mm, beyond 45 degrees or 100 mm"),
    ],
)
def test_a_motion_that_cannot_be_is_refused_with_the_patient_s_name(rigid, fixed, changes, message):
    with pytest.raises(ReadError, match=rf"^patient P-1: t2.nii: registration to T1 .*{message}"):
        accept(replace(rigid, **changes), fixed, Path("t2.nii"), "P-1", SETTINGS)


def test_what_is_no_better_stays_where_it_was(rigid, fixed):
    kept = accept(replace(rigid, degrees=3.0, after=-0.499), fixed, Path("t2.nii"), "P-1", SETTINGS)
    assert (kept.degrees, kept.shift_mm, kept.after) == (0.0, (0.0, 0.0, 0.0), -0.5)


def test_a_file_without_a_place_is_refused(head):
    file = VolumeFile(Path("t1.nii"), head(), np.eye(4), (1.0, 1.0, 1.0), units_known=False)
    with pytest.raises(ReadError, match=r"P-1: t1.nii: neither sform_code nor qform_code is set"):
        to_itk(file, "P-1")


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    real = builtins.__import__

    def absent(name, *rest, **more):
        if name == "SimpleITK":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigError, match=r"pip install 'fusion-onco\[mri\]'"):
        itk()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"register": False}, "nothing to do: give register=yes"),
        ({"reference": "mask"}, "reference 'mask' is a mask"),
        ({"brain": "T1"}, "reference 'T1' is a mask"),
        ({"brain": "mask"}, "`mask` outlines tumour"),
        ({"shrink": 0}, "shrink 0: give 1 or more"),
        ({"most_degrees": 200.0}, "no more than 180 degrees"),
    ],
)
def test_settings_that_do_not_fit(values, message):
    with pytest.raises(ConfigError, match=message):
        MriSettings(**{"reference": "T1", **values})
