"""What stands out is a warning, and never a fault."""

import numpy as np


def test_mixed_orientations_and_an_outlying_spacing_are_warnings(mini):
    flipped = np.diag([-1.0, -1.0, 5.0, 1.0])
    for sequence in ("T1c", "FLAIR"):
        mini.volume(f"mri/P6_{sequence}.nii.gz", affine=flipped)
    checkup = mini.check()
    assert checkup.faults == ()
    orientation, *spacings = checkup.warnings
    assert "stored in 2 orientations: RAS 10, LPS 2 (this one is LPS)" in orientation.message
    assert [w.file for w in spacings] == ["mri/P6_T1c.nii.gz", "mri/P6_FLAIR.nii.gz"]
    expected = "a spacing of 1 x 1 x 5 mm, 2.5 times the median; the median of 6 volumes of T1c is"
    assert spacings[0].message.startswith(expected)


def test_twice_the_median_does_not_stand_out(mini):
    for sequence in ("T1c", "FLAIR"):
        mini.volume(f"mri/P6_{sequence}.nii.gz", affine=np.diag([1.0, 1.0, 4.0, 1.0]))
    assert mini.check().findings == ()


def test_an_outlying_mpp_is_a_warning(mini):
    mini.rows[mini.line("wsi/P3.png") - 2]["mpp"] = 4.5
    (warning,) = mini.check().warnings
    assert warning.message.startswith("4.5 microns per pixel, 2.2 times the median")
    assert (warning.patient, warning.line) == ("P3", mini.line("wsi/P3.png"))


def test_an_axis_order_of_another_scanner_is_no_outlying_spacing(mini):
    """1 x 1 x 2 mm stored with the 2 mm axis first is the same spacing."""
    sagittal = np.array([[0, 1.0, 0, 0], [0, 0, 1.0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1]])
    for sequence in ("T1c", "FLAIR"):
        mini.volume(f"mri/P6_{sequence}.nii.gz", affine=sagittal)
    assert {w.kind for w in mini.check().findings} == {"orientation"}
