"""Two files that do not go together."""

import gzip

import nibabel as nib
import numpy as np

from fusion.data.prepare import volume_same_grid
from fusion.doctor.across import GRID_TOLERANCE_MM


def test_the_tolerance_is_that_of_the_preparation():
    assert GRID_TOLERANCE_MM == volume_same_grid.GRID_TOLERANCE_MM


def test_sequences_on_different_grids_are_a_fault(mini):
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[0, 3] = 5.0
    mini.volume("mri/P2_FLAIR.nii.gz", affine=affine)
    (fault,) = mini.check().faults
    assert (fault.kind, fault.patient, fault.file) == ("grids", "P2", "mri/P2_FLAIR.nii.gz")
    expected = (
        "its grid is 12 x 14 x 10 voxels of 1 x 1 x 2 mm, RAS, origin at (5, 0, 0), but that of "
        f"mri/P2_T1c.nii.gz (line {mini.line('mri/P2_T1c.nii.gz')}) is"
    )
    assert expected in fault.message


def test_a_grid_without_units_is_another_grid(mini):
    image = nib.load(mini.root / "mri/P2_FLAIR.nii.gz")
    bare = nib.Nifti1Image(image.get_fdata(dtype=np.float32), None)
    bare.header.set_zooms((1.0, 1.0, 2.0))
    bare.header["sform_code"] = bare.header["qform_code"] = 0
    nib.save(bare, mini.root / "mri/P2_FLAIR.nii.gz")
    checkup = mini.check()
    assert "without orientation and spacing" in checkup.faults[0].message
    (warning,) = checkup.warnings
    assert warning.kind == "orientation"
    assert "1 of 12 volumes of 'mri' state neither orientation nor spacing" in warning.message


def test_a_copy_compressed_anew_is_found(mini):
    raw = gzip.decompress((mini.root / "mri/P1_T1c.nii.gz").read_bytes())
    (mini.root / "mri/P6_T1c.nii.gz").write_bytes(gzip.compress(raw, compresslevel=1, mtime=7))
    (fault,) = mini.check().faults
    assert (fault.kind, fault.patient) == ("duplicate", "P6")
    assert "of patient P1" in fault.message


def test_a_copied_slide_is_found(mini):
    copy = (mini.root / "wsi/P2.png").read_bytes()
    (mini.root / "wsi/P3.png").write_bytes(copy)
    (fault,) = mini.check().faults
    assert (fault.kind, fault.file) == ("duplicate", "wsi/P3.png")


def test_a_copied_row_of_genes_is_found_but_not_an_equal_row_of_few_values(mini):
    mini.rna.iloc[4, 1:] = mini.rna.iloc[1, 1:]
    few = mini.rna[["sample"]].assign(TP53=0, IDH1=1)
    few.to_csv(mini.root / "mut.csv", index=False)
    for patient in mini.patients:
        mini.add(patient, "mutations", "mut.csv")
    (fault,) = mini.check().faults
    assert (fault.patient, fault.file) == ("P5", "rna.csv")
    assert "row 'P5' holds the same numbers as rna.csv" in fault.message
    assert "of patient P2" in fault.message


def test_one_patient_s_own_copy_is_a_warning(mini):
    copy = (mini.root / "mri/P1_T1c.nii.gz").read_bytes()
    (mini.root / "mri/P1_FLAIR.nii.gz").write_bytes(copy)
    checkup = mini.check()
    assert checkup.faults == ()
    assert "is one of them the wrong file?" in checkup.warnings[0].message


def test_empty_masks_are_no_copies(mini):
    for patient in mini.patients:
        path = mini.volume(f"mri/{patient}_mask.nii.gz", voxels=np.zeros((12, 14, 10)))
        mini.add(patient, "mri", path, "mask")
    assert mini.check().findings == ()


def test_sequences_that_no_channel_can_take_are_faults(mini):
    mini.add("P1", "mri", mini.volume("mri/P1_again.nii.gz"), "T1c")
    mini.add("P2", "mri", mini.volume("mri/P2_what.nii.gz"))
    mini.add(
        "P3", "ct", mini.volume("ct/P3.nii.gz", voxels=np.eye(12)[:, :, None] * [1, 0]), "mask"
    )
    messages = [f.message for f in mini.check().faults if f.kind == "sequence"]
    assert messages == [
        "a second 'T1c' (the first is on line 2); keep one, or give the other time point or "
        "region a modality of its own",
        "a volume without a `sequence`; name its channel, such as T1c",
        "a mask without any image; add one, or take the mask out",
    ]
