"""A tile encoder learns from the training patients, goes on where it was, and tells whom it met."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file

from fusion.config.compose import compose
from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.errors import ConfigError, LeakageError
from fusion.run import pretrain_tiles as module
from fusion.run.prepare import prepare
from fusion.run.pretrain_tiles import Pretraining, channels, pretrain_tiles
from fusion.types import PatientId

pytestmark = pytest.mark.slow


def asked(**other):
    values = {
        "modality": "wsi",
        "network": "resnet18",
        "tile_px": 32,
        "mpp": 4.0,
        "tiles_per_slide": 4,
        "epochs": 3,
        "batch": 32,
        "lr": 1e-3,
        "temperature": 0.1,
        "smallest": 0.6,
        "stain": 0.1,
        "seed": 0,
        "accelerator": "cpu",
    }
    return Pretraining(**{**values, **other})


@pytest.fixture(scope="module")
def cohort(small_demo):
    return Cohort.from_manifest(small_demo)


@pytest.fixture(scope="module")
def split(finished):
    return Split.load(finished / "split.json")


@pytest.fixture(scope="module")
def encoder(cohort, split, once):
    return once("encoder", lambda folder: pretrain_tiles(cohort, split, asked(), folder))


def test_it_learns_to_find_the_other_look(encoder):
    curve = pd.read_csv(encoder / "history.csv")
    assert len(curve) == 3
    assert curve["loss"].iloc[-1] < curve["loss"].iloc[0]
    assert curve["found"].iloc[-1] > 3 / 63  # three times what chance finds


def test_no_tile_is_left_behind(encoder):
    left = {path.name for path in encoder.rglob("*") if path.is_file()}
    assert left == {"card.json", "model.safetensors", "history.csv", "last.ckpt", "begun.json"}


def test_a_stopped_training_goes_on_to_the_same_weights(
    cohort, split, encoder, tmp_path, monkeypatch
):
    step = module.LitContrast.training_step

    def killed(self, batch, batch_idx):
        if self.current_epoch == 2:
            raise KeyboardInterrupt
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(module.LitContrast, "training_step", killed)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            pretrain_tiles(cohort, split, asked(), tmp_path)
    assert not (tmp_path / "card.json").exists()
    pretrain_tiles(cohort, split, asked(), tmp_path)
    again, whole = (load_file(f / "model.safetensors") for f in (tmp_path, encoder))
    for name, value in whole.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


def test_a_run_takes_it_where_it_met_nobody_else(settings, encoder, split, finished, tmp_path):
    def overrides(*more):
        return settings(
            "glioma_fusion",
            "~modalities.mri",
            "patch_encoder@modalities.wsi.patch_encoder=own",
            f"modalities.wsi.patch_encoder.folder={encoder}",
            "modalities.wsi.tile_px=32",
            "modalities.wsi.stride_px=32",
            "modalities.wsi.mpp=4.0",
            *more,
        )

    same = ["split=file", "~split.stratify", f"split.path={finished / 'split.json'}"]
    material = prepare(compose(overrides(*same)), tmp_path / "same")
    assert material.inputs.sources["wsi"].width == 512
    with pytest.raises(LeakageError, match=r"learned from slides of \d+ patients of demo who are"):
        prepare(compose(overrides("split=kfold", "split.folds=3")), tmp_path / "other")


def test_the_card_says_what_it_learned_from_and_hides_who(encoder, split):
    text = (encoder / "card.json").read_text()
    card = json.loads(text)
    assert card["trained_on"]["patients"] <= len(split.train)
    assert card["tiles"] > 32
    assert not any(patient in text for patient in split.train)


def test_nothing_to_learn_from_is_said(cohort, split, tmp_path):
    nobody = Split(frozenset([PatientId("nobody")]), *[frozenset()] * 3)
    with pytest.raises(ConfigError, match="none of 1 patients has wsi"):
        pretrain_tiles(cohort, nobody, asked(), tmp_path)
    with pytest.raises(ConfigError, match=r"tiles, fewer than a batch of 4096; lower batch"):
        pretrain_tiles(cohort, split, asked(batch=4096), tmp_path)


def test_channels_are_those_of_all_pixels():
    tiles = np.random.default_rng(0).integers(0, 256, (300, 4, 4, 3), dtype=np.uint8)
    mean, sd = channels(tiles)
    np.testing.assert_allclose(mean, (tiles / 255).mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(sd, (tiles / 255).std(axis=(0, 1, 2)))
