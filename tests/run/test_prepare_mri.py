"""From a cohort to a cohort: images on one grid, nothing outside the brain, faults by name."""

import json
import runpy
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from fusion.data.cohort import Cohort
from fusion.data.prepare.mri_itk import array_of, image_of
from fusion.data.prepare.mri_settings import MriSettings
from fusion.data.readers.volume import read_mask, read_volume
from fusion.data.sources.volume import VolumeSource
from fusion.errors import CohortError, ConfigError
from fusion.run.prepare_mri import prepare_mri

sitk = pytest.importorskip("SimpleITK")
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "prepare_mri.py"
SHAPE = (30, 34, 28)
AFFINE = np.diag([-5.0, 5.0, 5.0, 1.0])
AFFINE[:3, 3] = 72, -82, -67
FAKE = """#!{python}
import sys
import nibabel as nib, numpy as np
def option(name): return sys.argv[sys.argv.index(name) + 1]
assert "--save_bet_mask" in sys.argv and option("-device") == "cpu"
image = nib.load(option("-i"))
if {fails}:
    sys.exit("RuntimeError: no CUDA device")
mask = (image.get_fdata() > 0).astype(np.uint8)
mask[:10] = 0
nib.save(nib.Nifti1Image(mask, image.affine), option("-o")[:-7] + "_bet.nii.gz")
"""


def tissue():
    """A head with a skull, in [0, 1]; where the brain is; a tumour with two labels."""
    rng = np.random.default_rng(3)
    x, y, z = np.meshgrid(*[np.linspace(-1.2, 1.2, n) for n in SHAPE], indexing="ij")
    radius = np.sqrt(x**2 + y**2 + (z * 1.1) ** 2 + 0.25 * x * y)
    inside = ndimage.gaussian_filter(rng.normal(size=SHAPE), 2)
    inside = (inside - inside.min()) / (inside.max() - inside.min())
    values = np.where(radius < 0.8, inside, np.where((radius > 0.9) & (radius < 1), 1.0, 0))
    mask = np.zeros(SHAPE, np.uint8)
    mask[12:18, 12:18, 12:18], mask[14:16, 14:16, 14:16] = 2, 3
    return values, radius < 0.8, mask


def saved(path, array, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)


def planted(array, motion, how=sitk.sitkLinear):
    """On a grid of its own, shifted by half a voxel."""
    affine = AFFINE.copy()
    affine[:3, 3] += 2.5
    there = image_of(np.zeros(SHAPE, np.float32), affine)
    moved = sitk.Resample(
        image_of(array.astype(np.float32), AFFINE), there, motion.GetInverse(), how, 0.0
    )
    return array_of(moved), affine


MOTION = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.08, -0.05, 0.1, (4.0, -6.0, 3.0))


@pytest.fixture
def cohort(tmp_path):
    """A: FLAIR moved, mask on FLAIR. B: all on one grid. C: no MRI. A slide for B."""
    root = tmp_path / "old"
    values, brain, mask = tissue()
    noise = np.random.default_rng(0).normal(0, 0.01, SHAPE)
    t1 = (values * 400 + np.where(values > 0, 50, 0) + noise).astype(np.float32)
    flair = np.where(values > 0, 500 - 350 * values**1.5, 0).astype(np.float32)
    rows = []
    for patient in ("A", "B"):
        saved(root / f"mri/{patient}_T1.nii.gz", t1 + (patient == "B"))
        if patient == "A":
            for name, array, how in (
                ("FLAIR", flair, sitk.sitkLinear),
                ("mask", mask, sitk.sitkNearestNeighbor),
                ("brain_mask", brain, sitk.sitkNearestNeighbor),
            ):
                moved, affine = planted(array, MOTION, how)
                kind = np.float32 if name == "FLAIR" else np.uint8
                saved(root / f"mri/A_{name}.nii.gz", moved.astype(kind), affine)
        else:
            saved(root / "mri/B_FLAIR.nii.gz", flair)
            saved(root / "mri/B_mask.nii.gz", mask)
            saved(root / "mri/B_brain_mask.nii.gz", brain.astype(np.uint8))
        for name in ("T1", "FLAIR", "mask", "brain_mask"):
            scheme = "brats_2023" if name == "mask" else None
            rows.append([patient, "Bonn", "mri", f"mri/{patient}_{name}.nii.gz", name, scheme])
    (root / "wsi").mkdir()
    (root / "wsi/B.png").write_bytes(b"a slide")
    rows += [["B", "Bonn", "wsi", "wsi/B.png", None, None], ["C", "Kiel", *[None] * 4]]
    columns = ["patient_id", "center", "modality", "path", "sequence", "label_scheme"]
    pd.DataFrame(rows, columns=columns).to_csv(root / "manifest.csv", index=False)
    (root / "targets.csv").write_text("patient_id,idh\nA,mutant\nB,wildtype\nC,\n")
    return root


def prepared(root, *, workers=1, **options):
    settings = MriSettings(**{"reference": "T1", "drawn_on": "FLAIR", **options})
    old = Cohort.from_manifest(root)
    return prepare_mri(old, "mri", settings, root.parent / "new", workers=workers)


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.slow
def test_a_cohort_is_written_that_the_framework_reads(cohort, tmp_path):
    """Both patients on the reference's grid, labels kept, and nothing outside of the brain."""
    done = prepared(cohort, brain="brain_mask", n4=True, shrink=2, workers=2)
    assert (done.patients, done.lost_labels) == (2, 0)
    new = Cohort.from_manifest(tmp_path / "new")
    assert new.patients == ("A", "B", "C")
    assert new.targets["idh"].tolist()[:2] == ["mutant", "wildtype"]
    assert (tmp_path / "new/wsi/B.png").read_bytes() == b"a slide"
    mri = VolumeSource(
        sequences=["T1", "FLAIR"], spacing_mm=5.0, shape=SHAPE, normalise="brain_zscore",
        cache=tmp_path / "cache", regions=["WT", "ET"],
    )  # fmt: skip
    assert mri.prepare(new.files("mri")) == []
    _, brain, mask = tissue()
    for patient in ("A", "B"):
        rows = {e.sequence: e for e in new.files("mri")[patient]}
        assert set(rows) == {"T1", "FLAIR", "mask"}  # the mask of the brain is no channel
        folder = rows["T1"].path.parent
        inside = read_mask(folder / "brain_mask.nii.gz", patient).array > 0
        for name in ("T1", "FLAIR"):
            volume = read_volume(rows[name].path, patient)
            np.testing.assert_allclose(volume.affine, AFFINE, atol=1e-5)
            assert not volume.array[~inside].any()
        drawn = read_mask(rows["mask"].path, patient).array
        assert set(np.unique(drawn)) == {0, 2, 3}
        # nearest neighbour twice moves borders by up to half a voxel of 5 mm, of 6 voxels
        assert dice(drawn > 0, mask > 0) > (0.8 if patient == "A" else 0.999)
        assert dice(inside, brain) > (0.9 if patient == "A" else 0.999)
        assert (folder / "overview.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_motion_and_provenance_are_beside_the_images(cohort, tmp_path):
    prepared(cohort)
    folder = tmp_path / "new/prepared_mri/A"
    written = sitk.ReadTransform(str(folder / "FLAIR.tfm"))
    for point in ((40.0, 30, 20), (-40.0, 50, -30)):
        gap = np.subtract(written.TransformPoint(point), MOTION.TransformPoint(point))
        assert np.linalg.norm(gap) < 1.0  # a fifth of a voxel
    told = json.loads((folder / "FLAIR.json").read_text())
    turn = np.array(MOTION.GetMatrix()).reshape(3, 3)
    whole = np.degrees(np.arccos((np.trace(turn) - 1) / 2))
    assert told["rotation_degrees"] == pytest.approx(whole, abs=0.5)
    assert told["mutual_information_after"] > told["mutual_information_before"]
    assert told["resampled"] is True
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["settings"]["reference"] == "T1"
    assert provenance["inputs"]["FLAIR"]["path"] == "mri/A_FLAIR.nii.gz"
    assert set(provenance["versions"]) >= {"fusion", "SimpleITK", "ITK"}
    kept = tmp_path / "new/prepared_mri/B"
    assert json.loads((kept / "FLAIR.json").read_text())["resampled"] is False
    one = read_volume(kept / "FLAIR.nii.gz", "B").array
    np.testing.assert_array_equal(one, read_volume(cohort / "mri/B_FLAIR.nii.gz", "B").array)


def still(root):
    """Only B, whose sequences lie on one grid: nothing needs to be registered."""
    table = pd.read_csv(root / "manifest.csv")
    table[table["patient_id"] != "A"].to_csv(root / "manifest.csv", index=False)
    (root / "targets.csv").unlink()
    return {"register": False, "brain": "brain_mask"}


@pytest.mark.slow
def test_it_goes_on_where_it_was_and_sees_changes(cohort, tmp_path, monkeypatch):
    options = still(cohort)
    prepared(cohort, **options)
    images = tmp_path / "new/prepared_mri/B"
    first = {p.name: p.stat().st_mtime_ns for p in images.iterdir()}
    content = {p.name: p.read_bytes() for p in images.iterdir()}
    prepared(cohort, **options)
    assert {p.name: p.stat().st_mtime_ns for p in images.iterdir()} == first
    (images / "T1.nii.gz").unlink()
    prepared(cohort, **options)
    assert {p.name: p.read_bytes() for p in images.iterdir()} == content  # the same bytes
    changed = read_volume(cohort / "mri/B_FLAIR.nii.gz", "B").array + 1
    saved(cohort / "mri/B_FLAIR.nii.gz", changed)
    prepared(cohort, **options)
    assert (images / "FLAIR.nii.gz").read_bytes() != content["FLAIR.nii.gz"]
    assert not list(tmp_path.rglob(".*"))  # nothing half-written is left


def test_bad_patients_are_all_named_and_the_good_ones_are_kept(cohort, tmp_path):
    options = still(cohort)
    table = pd.read_csv(cohort / "manifest.csv")
    more = []
    for name in ("T1", "FLAIR", "brain_mask"):
        for patient in ("torn", "empty", "alone", "grid"):
            path = f"mri/{patient}_{name}.nii.gz"
            (cohort / path).write_bytes((cohort / f"mri/B_{name}.nii.gz").read_bytes())
            more.append([patient, "Bonn", "mri", path, name])
    (cohort / "mri/torn_FLAIR.nii.gz").write_bytes(b"\x1f\x8b" + bytes(50))
    saved(cohort / "mri/empty_brain_mask.nii.gz", np.zeros(SHAPE, np.uint8))
    grid = AFFINE.copy()
    grid[0, 3] += 3
    saved(cohort / "mri/grid_FLAIR.nii.gz", tissue()[0].astype(np.float32), grid)
    added = pd.DataFrame(more, columns=["patient_id", "center", "modality", "path", "sequence"])
    added = added[(added["patient_id"] != "alone") | (added["sequence"] != "T1")]
    pd.concat([table, added]).to_csv(cohort / "manifest.csv", index=False)
    with pytest.raises(CohortError) as caught:
        prepared(cohort, **{**options, "drawn_on": "T1"})
    found = {fault.patient: fault.message for fault in caught.value.faults}
    assert set(found) == {"torn", "empty", "alone", "grid"}
    assert "mri/torn_FLAIR.nii.gz: truncated or damaged" in found["torn"]
    assert "the mask of the brain is empty" in found["empty"]
    assert "no T1, the reference; the patient has FLAIR, brain_mask" in found["alone"]
    assert found["grid"].endswith("give register=yes")
    assert (tmp_path / "new/prepared_mri/B/T1.nii.gz").is_file()
    assert not (tmp_path / "new/manifest.csv").exists()


def test_labels_outside_of_the_brain_are_cut_and_counted(cohort, tmp_path):
    options = still(cohort)
    mask = tissue()[2]
    mask[:2, 0, 0] = 2
    saved(cohort / "mri/B_mask.nii.gz", mask)
    assert prepared(cohort, **options).lost_labels == 1
    told = json.loads((tmp_path / "new/prepared_mri/B/provenance.json").read_text())
    assert told["labels_outside_brain"] == 2
    volume = np.count_nonzero(tissue()[1]) * 125 / 1000
    assert told["brain_ml"] == pytest.approx(volume, rel=1e-6)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`program(fails=...)`: a stand-in for HD-BET, which takes away the first ten sheets."""

    def made(fails=False):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "hd-bet").write_text(FAKE.format(python=sys.executable, fails=fails))
        (folder / "hd-bet").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return made


def test_hd_bet_is_called_and_its_mask_is_used(cohort, tmp_path, program):
    options = still(cohort) | {"brain": "hd-bet", "device": "cpu"}
    program()
    drop_brain(cohort)
    prepared(cohort, **options)
    image = read_volume(tmp_path / "new/prepared_mri/B/FLAIR.nii.gz", "B").array
    expected = read_volume(cohort / "mri/B_FLAIR.nii.gz", "B").array.copy()
    expected[read_volume(cohort / "mri/B_T1.nii.gz", "B").array <= 0] = 0
    expected[:10] = 0
    np.testing.assert_array_equal(image, expected)


def test_what_hd_bet_says_when_it_fails_is_told(cohort, program):
    options = still(cohort) | {"brain": "hd-bet", "device": "cpu"}
    program(fails=True)
    drop_brain(cohort)
    with pytest.raises(CohortError, match=r"hd-bet left no mask \(exit code 1\): .*no CUDA device"):
        prepared(cohort, **options)


def test_without_hd_bet_nothing_begins(cohort, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"no program `hd-bet` on the PATH; install it .*or give"):
        prepared(cohort, brain="hd-bet")


def drop_brain(root):
    table = pd.read_csv(root / "manifest.csv")
    table[table["sequence"] != "brain_mask"].to_csv(root / "manifest.csv", index=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "T1c"}, "nobody has T1c; there are FLAIR, T1, brain_mask, mask"),
        ({"brain": "skull"}, "nobody has skull"),
        ({"drawn_on": "T2"}, "nobody has T2"),
    ],
)
def test_sequences_that_nobody_has(cohort, options, message):
    with pytest.raises(ConfigError, match=message):
        prepared(cohort, **options)


def test_a_mask_on_another_grid_than_it_was_said_to_be_drawn_on(cohort):
    with pytest.raises(CohortError, match=r"A_mask.nii.gz: its grid is .*name the sequence that"):
        prepared(cohort, drawn_on="T1", register=False, n4=True)


def test_the_command(cohort, tmp_path, monkeypatch, capsys):
    still(cohort)
    given = [f"cohort={cohort}", f"out={tmp_path / 'new'}", "reference=T1", "register=no"]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *given, "brain=brain_mask", "workers=1"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert "1 patients; motions:" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *given, "n4=true"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert stop.value.code == 1
    assert "n4=true: expected yes or no" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert "reference=..." in capsys.readouterr().out
