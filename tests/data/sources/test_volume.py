"""Manifest rows -> cache -> Volumes, and every way in which a patient fails."""

import logging
import pickle
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch

from fusion.data.cohort import Entry
from fusion.data.prepare import volume_store as module
from fusion.data.prepare import volumes as preparation
from fusion.data.sources.volume import VolumeSource
from fusion.errors import BundleError, CacheError, ConfigError, ReadError
from fusion.types import Center, Modality, PatientId, Volumes

REAL = Path(__file__).resolve().parents[3] / "../shared/data/glioma_real/tcga/nifti"
P = PatientId("P-1")


def source(cache: Path, **options) -> VolumeSource:
    values = {
        "sequences": ["T1", "FLAIR"],
        "spacing_mm": 2.0,
        "shape": [8, 8, 8],
        "normalise": "brain_zscore",
        "crop": "tumour",
        "cache": cache,
    }
    return VolumeSource(**{**values, **options})


def entry(path: Path, sequence: str | None, line: int, patient=P) -> Entry:
    return Entry(patient, Center("A"), Modality("mri"), path, line, sequence=sequence)


def write(path: Path, seed: int = 0) -> Path:
    voxels = np.random.default_rng(seed).integers(1, 1000, (20, 18, 16)).astype(np.int16)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)
    return path


@pytest.fixture
def rows(tmp_path):
    mask = np.zeros((20, 18, 16), np.uint8)
    mask[4:8, 4:8, 4:8] = 1
    nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / "mask.nii.gz")
    return (
        entry(write(tmp_path / "t1.nii.gz", 1), "T1", 2),
        entry(write(tmp_path / "flair.nii.gz", 2), "FLAIR", 3),
        entry(tmp_path / "mask.nii.gz", "mask", 4),
    )


def entries(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_prepare_then_load(tmp_path, rows):
    mri = source(tmp_path / "cache")
    assert mri.width == 2
    assert mri.prepare({P: rows}) == []
    assert len(entries(tmp_path / "cache")) == 1
    volumes = mri.load(P, rows)
    assert isinstance(volumes, Volumes)
    assert volumes.image.shape == (1, 2, 8, 8, 8)
    assert volumes.image.dtype == torch.float32
    assert volumes.channels.tolist() == [[True, True]]
    assert mri.arrays(P, rows)["mask"].any()
    assert mri.size(P, rows) == 1


def test_load_makes_what_is_not_there_and_gives_the_same(tmp_path, rows):
    one, two = source(tmp_path / "one"), source(tmp_path / "two")
    one.prepare({P: rows})
    assert torch.equal(one.load(P, rows).image, two.load(P, rows).image)
    assert len(entries(tmp_path / "two")) == 1


def test_the_order_of_rows_never_matters(tmp_path, rows):
    mri = source(tmp_path / "cache")
    assert torch.equal(mri.load(P, rows).image, mri.load(P, rows[::-1]).image)
    assert len(entries(tmp_path / "cache")) == 1


def test_a_missing_sequence_is_a_masked_channel(tmp_path, rows):
    volumes = source(tmp_path / "cache").load(P, rows[1:])
    assert volumes.channels.tolist() == [[False, True]]


def test_what_was_done_is_not_done_again(tmp_path, rows, monkeypatch):
    mri = source(tmp_path / "cache")
    mri.prepare({P: rows})
    monkeypatch.setattr(module, "read_row", lambda entry: pytest.fail("read again"))
    assert mri.prepare({P: rows}) == []
    mri.load(P, rows)


def test_a_stopped_prepare_goes_on_where_it_was(tmp_path, rows, monkeypatch):
    files = {P: rows}
    for n in range(4):
        other = PatientId(f"P-{n + 2}")
        files[other] = (entry(write(tmp_path / f"{n}.nii.gz", n), "T1", 10 + n, other),)
    done = []
    real = preparation.VolumePreparation.make

    def stop_at_the_third(self, patient, images, mask):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(patient)
        return real(self, patient, images, mask)

    mri = source(tmp_path / "cache", workers=1)
    monkeypatch.setattr(preparation.VolumePreparation, "make", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        mri.prepare(files)
    assert len(entries(tmp_path / "cache")) == 2
    monkeypatch.setattr(preparation.VolumePreparation, "make", real)
    assert mri.prepare(files) == []
    assert len(entries(tmp_path / "cache")) == 5


def test_changed_content_or_options_are_made_again(tmp_path, rows, monkeypatch):
    mri = source(tmp_path / "cache")
    before = mri.load(P, rows).image
    write(rows[0].path, seed=9)
    after = mri.load(P, rows).image
    assert not torch.equal(before[:, 0], after[:, 0])
    assert torch.equal(before[:, 1], after[:, 1])
    source(tmp_path / "cache", spacing_mm=1.0).load(P, rows)
    source(tmp_path / "cache", crop="center").load(P, rows)
    source(tmp_path / "cache", sequences=["FLAIR", "T1"]).load(P, rows)
    monkeypatch.setattr(module, "CODE", 99)
    mri.load(P, rows)
    assert len(entries(tmp_path / "cache")) == 6


def test_a_torn_entry_is_made_again(tmp_path, rows, caplog):
    mri = source(tmp_path / "cache")
    before = mri.load(P, rows).image
    path = entries(tmp_path / "cache")[0]
    path.write_bytes(path.read_bytes()[:-10])
    with caplog.at_level(logging.WARNING):
        assert torch.equal(mri.load(P, rows).image, before)
    assert "is torn" in caplog.text


def test_every_failing_file_is_a_fault_and_the_rest_goes_on(tmp_path, rows):
    broken = write(tmp_path / "broken.nii.gz")
    broken.write_bytes(broken.read_bytes()[:-50])
    constant = tmp_path / "constant.nii.gz"
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4), np.int16), np.eye(4)), constant)
    small = tmp_path / "small.nii.gz"
    nib.save(nib.Nifti1Image(np.arange(64, dtype=np.int16).reshape(4, 4, 4), np.eye(4)), small)
    bad, gone, grids = PatientId("bad"), PatientId("gone"), PatientId("grids")
    files = {
        bad: (entry(broken, "T1", 7, bad), entry(constant, "FLAIR", 5, bad)),
        gone: (entry(tmp_path / "gone.nii", "T1", 8, gone),),
        grids: (entry(rows[0].path, "T1", 9, grids), entry(small, "FLAIR", 10, grids)),
        P: rows,
    }
    mri = source(tmp_path / "cache")
    faults = mri.prepare(files)
    assert [(f.file, f.line) for f in faults] == [("manifest.csv", n) for n in (5, 7, 8, 10)]
    assert "constant.nii.gz: every voxel is 1" in faults[0].message
    assert "broken.nii.gz: truncated or damaged" in faults[1].message
    assert "gone.nii: no such file" in faults[2].message
    assert "small.nii.gz: its grid is 4x4x4" in faults[3].message
    assert [f.patient for f in faults] == [bad, bad, gone, grids]
    assert len(entries(tmp_path / "cache")) == 1
    with pytest.raises(ReadError, match=r"patient bad: .*broken\.nii\.gz: truncated"):
        mri.load(bad, files[bad])


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        (("T1", "Flair"), r"unknown sequence 'Flair'; did you mean 'FLAIR'\?"),
        (("T1", None), "no sequence is given; the configuration names .'T1', 'FLAIR'."),
        (("T1", "T1"), r"a second file for 'T1' \(the first is in line 0\)"),
        (("mask",), r"only a mask; give at least one of \['T1', 'FLAIR'\]"),
    ],
)
def test_rows_that_no_configuration_names_are_never_ignored(tmp_path, rows, sequences, message):
    wrong = tuple(entry(rows[0].path, name, line) for line, name in enumerate(sequences))
    mri = source(tmp_path / "cache")
    (fault,) = mri.prepare({P: wrong})
    assert fault.line == len(sequences) - 1
    with pytest.raises(ReadError, match=message) as caught:
        mri.load(P, wrong)
    assert fault.message in str(caught.value)


def test_a_full_disk_stops_everything(tmp_path, rows):
    blocked = tmp_path / "blocked"
    blocked.write_text("not a folder")
    with pytest.raises(CacheError, match="cannot write the cache entry"):
        source(blocked).prepare({P: rows})


def test_the_progress_shows_patients(tmp_path, rows, capsys):
    source(tmp_path / "cache").prepare({P: rows})
    assert "1/1" in capsys.readouterr().err


def test_a_source_travels_to_another_process_and_holds_no_state(tmp_path, rows):
    mri = source(tmp_path / "cache")
    mri.fit({P: rows})
    assert mri.state() == {}
    mri.restore({})
    with pytest.raises(BundleError, match=r"no fitted state, the bundle gives \['mean'\]"):
        mri.restore({"mean": 1.0})
    again = pickle.loads(pickle.dumps(mri))
    assert torch.equal(again.load(P, rows).image, mri.load(P, rows).image)


def test_the_number_of_workers_never_matters(tmp_path):
    files = {
        PatientId(f"P-{n}"): (entry(write(tmp_path / f"{n}.nii.gz", n), "T1", n + 2),)
        for n in range(6)
    }
    one, four = source(tmp_path / "one", workers=1), source(tmp_path / "four", workers=4)
    assert one.prepare(files) == four.prepare(files) == []
    first, second = entries(tmp_path / "one"), entries(tmp_path / "four")
    assert [p.name for p in first] == [p.name for p in second]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    with pytest.raises(ConfigError, match="workers 0: give 1 or more"):
        source(tmp_path, workers=0)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real case is not there: {REAL}")
def test_the_real_four_sequence_case(tmp_path):
    folder = next(p for p in sorted(REAL.iterdir()) if p.is_dir())
    names = {"t1": "T1", "t1c": "T1c", "t2": "T2", "fla": "FLAIR", "predseg_simple": "mask"}
    rows = tuple(
        entry(next(folder.glob(f"*_{stem}.nii.gz")), name, line)
        for line, (stem, name) in enumerate(names.items())
    )
    mri = source(
        tmp_path, sequences=["T1", "T1c", "T2", "FLAIR"], spacing_mm=2.0, shape=[64, 64, 64]
    )
    assert mri.prepare({P: rows}) == []
    volumes = mri.load(P, rows)
    arrays = mri.arrays(P, rows)
    tumour = arrays["mask"] > 0
    assert volumes.channels.all()
    assert np.abs(np.argwhere(tumour).mean(axis=0) - 31.5).max() < 1  # it is in the centre
    assert 500 < tumour.sum() * 8 < 200_000  # mm3, of a tumour
    flair = volumes.image[0, 3].numpy()
    brain = volumes.image[0, 3].numpy() != 0
    assert flair[tumour].mean() > flair[brain & ~tumour].mean() + 1  # T2 hyperintense, in SD
    # skull-stripped once for all sequences: what is brain in one is brain in the others
    inside = volumes.image[0] != 0
    assert inside.all(dim=0).sum() / inside.any(dim=0).sum() > 0.98
