"""Volumes on a scale that training patients gave."""

import copy
import json
import pickle

import nibabel as nib
import numpy as np
import pytest
import torch

from fusion.data.cohort import Entry
from fusion.data.harmonise.nyul import NyulScale
from fusion.data.sources.volume import VolumeSource
from fusion.errors import ConfigError
from fusion.types import Center, Modality, PatientId


def source(cache, nyul=True, **settings):
    values = {
        "sequences": ["T1"],
        "spacing_mm": None,
        "shape": [10, 10, 10],
        "normalise": "brain_zscore",
        "crop": "center",
        "cache": cache,
        "nyul": NyulScale() if nyul else None,
    }
    return VolumeSource(**{**values, **settings})


@pytest.fixture
def files(tmp_path):
    """Six brains; the last one is the first one on a scanner with another gain and offset."""
    found = {}
    for i in range(6):
        voxels = np.random.default_rng(i % 5).gamma(2 + i % 5, 100, (16, 16, 16)) + 20
        voxels = 3 * voxels + 500 if i == 5 else voxels
        voxels[:2] = 0
        path = tmp_path / f"{i}.nii.gz"
        nib.save(nib.Nifti1Image(voxels.astype(np.float32), np.eye(4)), path)
        who = PatientId(f"P{i}")
        found[who] = (Entry(who, Center("A"), Modality("mri"), path, i + 2, sequence="T1"),)
    return found


def test_the_scale_is_learned_from_whole_brains_of_training_patients(tmp_path, files):
    mri = source(tmp_path / "cache")
    assert mri.prepare(files) == []
    training = {p: files[p] for p in list(files)[:4]}
    mri.fit(training)
    state = mri.state()
    marks = state["standard"]["T1"]
    assert state["patients"] == 4
    assert marks == sorted(marks)
    again = copy.deepcopy(mri)
    again.fit(dict(reversed(training.items())))
    assert again.state() == state
    # other patients in the cache, or none, change nothing
    alone = source(tmp_path / "other")
    alone.fit(training)
    assert alone.state() == state


def test_gain_and_offset_never_matter_after_nyul(tmp_path, files):
    mri = source(tmp_path / "cache")
    mri.fit({p: files[p] for p in list(files)[:4]})
    first, last = (mri.load(p, files[p]).image for p in ("P0", "P5"))
    torch.testing.assert_close(first, last, atol=5e-3, rtol=5e-3)  # cached in half precision


def test_the_cache_is_shared_with_a_run_without_nyul(tmp_path, files):
    plain, mri = source(tmp_path / "cache", nyul=False), source(tmp_path / "cache")
    plain.prepare(files)
    before = sorted((tmp_path / "cache").rglob("*.safetensors"))
    mri.prepare(files)
    mri.fit(files)
    assert sorted((tmp_path / "cache").rglob("*.safetensors")) == before
    one, other = (s.load("P1", files["P1"]).image for s in (plain, mri))
    assert not torch.equal(one, other)
    assert bool(((one == 0) == (other == 0)).all())
    np.testing.assert_array_equal(
        mri.arrays("P1", files["P1"])["image"], plain.arrays("P1", files["P1"])["image"]
    )


def test_state_and_pickle_take_the_place_of_fit(tmp_path, files):
    mri = source(tmp_path / "cache")
    mri.fit(files)
    restored = source(tmp_path / "elsewhere")
    restored.restore(json.loads(json.dumps(mri.state())))
    for twin in (restored, pickle.loads(pickle.dumps(mri))):
        assert torch.equal(twin.load("P2", files["P2"]).image, mri.load("P2", files["P2"]).image)


def test_nyul_is_for_mri(tmp_path, files):
    with pytest.raises(ConfigError, match="nyul follows brain_zscore, found normalise 'hu_window'"):
        source(tmp_path, normalise="hu_window", hu_window=[0.0, 100.0])
    with pytest.raises(ConfigError, match="no standard scale yet"):
        source(tmp_path / "cache").load("P0", files["P0"])
