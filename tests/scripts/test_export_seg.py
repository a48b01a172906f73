"""The command: a NIfTI of labels becomes a DICOM SEG, or a refusal."""

import importlib.util
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from fusion.errors import ConfigError, ReadError
from fusion.report.dicom_seg import read_seg
from fusion.report.dicom_seg_grid import Grid
from fusion.testing.dicom import affine_ras, stored, write_series

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "export_seg.py"
SHAPE = (6, 5, 8)
VALUES = {"PatientID": "P1", "StudyInstanceUID": "1.2.3", "FrameOfReferenceUID": "1.2.4"}


@pytest.fixture
def command(tmp_path, monkeypatch):
    """`command(labels, *arguments)`, on a series and a mask on its grid."""
    spec = importlib.util.spec_from_file_location("export_seg", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    write_series(tmp_path / "series", stored(SHAPE), affine_ras(), values=VALUES)

    def called(labels, *arguments, affine=None):
        mask, out = tmp_path / "mask.nii.gz", tmp_path / "seg.dcm"
        image = nib.Nifti1Image(labels, affine_ras() if affine is None else affine)
        nib.save(image, mask)
        given = [f"mask={mask}", f"series={tmp_path / 'series'}", f"out={out}", *arguments]
        monkeypatch.setattr(sys, "argv", ["export_seg.py", *given])
        module.main()
        return read_seg(out, tmp_path / "series", Grid(SHAPE, affine_ras()))

    return called


def labels(most):
    drawn = np.random.default_rng(0).integers(0, most + 1, SHAPE).astype(np.uint8)
    drawn[..., [0, -1]] = 0
    return drawn


def test_regions_of_the_scheme_are_written(command, capsys):
    drawn = labels(3)
    read = command(drawn, "label_scheme=brats_2023")
    assert read.regions == ("WT", "TC", "ET", "NETC", "SNFH")
    of = dict(zip(read.regions, read.masks, strict=True))
    np.testing.assert_array_equal(of["WT"], drawn > 0)
    np.testing.assert_array_equal(of["TC"], (drawn == 1) | (drawn == 3))
    np.testing.assert_array_equal(of["ET"], drawn == 3)
    assert f"ET    {int((drawn == 3).sum()):>10,} voxels" in capsys.readouterr().out


def test_regions_and_finding_can_be_named(command):
    read = command(labels(4), "label_scheme=brats_ped", "regions=CC,WT", "finding=left")
    assert read.regions == ("CC", "WT")
    assert read.tracking[0][0] == "left/CC"


def test_an_undivided_mask_tells_whole_tumour_alone(command):
    assert command(labels(1), "label_scheme=whole_tumour").regions == ("WT",)


def test_what_the_mask_does_not_tell_is_refused(command):
    with pytest.raises(ConfigError, match="does not tell RC"):
        command(labels(3), "label_scheme=brats_2023", "regions=WT,RC")
    with pytest.raises(ReadError, match=r"labels \{4: \d+\} .* not in brats_2023"):
        command(labels(4), "label_scheme=brats_2023")
    with pytest.raises(ConfigError, match=r"label_scheme=\.\.\. is not given"):
        command(labels(3))


def test_another_grid_is_refused(command):
    with pytest.raises(ReadError, match="grids differ"):
        command(labels(3), "label_scheme=brats_2023", affine=np.eye(4))
