"""First weights of one's own volumes: learned from training patients, resumed, taken whole."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from fusion.cli import guarded
from fusion.config.compose import compose
from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.encoders.weights_names import network_weights
from fusion.errors import ConfigError, LeakageError
from fusion.run import pretrain_volumes as module
from fusion.run.assemble import assemble
from fusion.run.bundle import load_bundle
from fusion.run.prepare import prepare
from fusion.run.pretrain_begun import begin
from fusion.run.pretrain_volumes import MaskedPretraining, pretrain_volumes
from fusion.run.pretrained import bundle_weights, refuse_taught
from fusion.run.start import start
from fusion.types import PatientId

pytestmark = pytest.mark.slow

FILE = "weights@modalities.mri.encoder.weights=file"


def asked(**other):
    values = {
        "modality": "mri",
        "block": 4,
        "ratio": 0.6,
        "draws": 1,
        "epochs": 3,
        "batch": 4,
        "lr": 2e-3,
        "seed": 0,
        "accelerator": "cpu",
        "workers": 0,
    }
    return MaskedPretraining(**{**values, **other})


@pytest.fixture(scope="module")
def configured(settings, small_btsc):
    return lambda *more: compose(settings(*small_btsc, *more))


@pytest.fixture(scope="module")
def cohort(small_demo):
    return Cohort.from_manifest(small_demo)


@pytest.fixture(scope="module")
def first(once, configured):
    """The folder of a run that has its split, and no more."""
    return once("volumes_split", lambda folder: prepare(configured(), folder))


@pytest.fixture(scope="module")
def split(first):
    return Split.load(first / "split.json")


@pytest.fixture(scope="module")
def weights(once, configured, cohort, split):
    return once(
        "volume_weights",
        lambda folder: pretrain_volumes(configured(), cohort, split, asked(), folder),
    )


@pytest.fixture(scope="module")
def taking(configured, weights, first):
    """`taking(...)`: a run on the same split that begins with the weights."""
    same = ["split=file", "~split.stratify", f"split.path={first / 'split.json'}"]
    where = f"modalities.mri.encoder.weights.file={weights}"
    return lambda *more: configured(FILE, where, *same, *more)


def test_it_learns_and_leaves_what_it_promises(weights, split):
    curve = pd.read_csv(weights / "history.csv")
    assert len(curve) == 3
    assert curve["unexplained"].iloc[-1] < min(1.0, curve["unexplained"].iloc[0])
    left = {path.relative_to(weights).as_posix() for path in weights.rglob("*") if path.is_file()}
    files = {"card.json", "model.safetensors", "history.csv", "reconstruction.png"}
    assert left == files | {"work/last.ckpt", "work/history.csv", "work/begun.json"}
    text = (weights / "card.json").read_text()
    assert json.loads(text)["trained_on"]["patients"] <= len(split.train)
    assert not any(patient in text for patient in split.train)


def test_a_stopped_training_goes_on_to_the_same_weights(
    configured, cohort, split, weights, tmp_path, monkeypatch
):
    step = module.LitMasked.training_step

    def killed(self, batch, batch_idx):
        if self.current_epoch == 2:
            raise KeyboardInterrupt
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(module.LitMasked, "training_step", killed)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            pretrain_volumes(configured(), cohort, split, asked(), tmp_path)
    assert not (tmp_path / "card.json").exists()
    others = Split(frozenset(sorted(split.train)[:8]), *[frozenset()] * 3)
    with pytest.raises(ConfigError, match="was begun with other patients; give another out="):
        pretrain_volumes(configured(), cohort, others, asked(), tmp_path)
    pretrain_volumes(configured(), cohort, split, asked(), tmp_path)
    again, whole = (load_file(f / "model.safetensors") for f in (tmp_path, weights))
    assert again.keys() == whole.keys()
    for name, value in whole.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


def test_a_run_takes_every_tensor_and_reports_it(taking, weights, tmp_path):
    config = taking()
    material = prepare(config, tmp_path)
    trained = assemble(config, material.inputs.sources, ("mri",), config.head)
    start(config, trained, material)
    report = json.loads((tmp_path / "weights_mri.json").read_text())
    assert report["share"] == 1
    assert report["not_used"] == []
    assert not any(report["stays_random"].values())
    found = network_weights(trained.model.encoders["mri"], "segresnet")
    for name, value in load_file(weights / "model.safetensors").items():
        assert torch.equal(found[name], value), name


def test_an_encoder_of_one_kind_takes_its_own(configured, cohort, first, split, tmp_path):
    """`encoder=resnet` in place of `tumour`."""
    other = ["encoder@modalities.mri.encoder=resnet", "modalities.mri.outline=null"]
    small = ["modalities.mri.encoder.layers=[1,1]", *other]
    out = pretrain_volumes(configured(*small), cohort, split, asked(epochs=1), tmp_path / "w")
    same = ["split=file", "~split.stratify", f"split.path={first / 'split.json'}"]
    config = configured(*small, FILE, f"modalities.mri.encoder.weights.file={out}", *same)
    material = prepare(config, tmp_path / "run")
    trained = assemble(config, material.inputs.sources, ("mri",), config.head)
    start(config, trained, material)
    assert json.loads((tmp_path / "run/weights_mri.json").read_text())["share"] == 1


def test_a_run_that_would_test_on_whom_they_met_is_refused(taking, configured, weights, tmp_path):
    where = f"modalities.mri.encoder.weights.file={weights}"
    config = configured(FILE, where, "split=kfold", "split.folds=3")
    with pytest.raises(LeakageError, match=r"the first weights of mri, .* learned from volumes of"):
        prepare(config, tmp_path)


def test_a_bundle_needs_no_file_and_still_knows_whom_it_met(
    taking, finish, small_btsc, weights, first, small_demo, split, tmp_path
):
    copied = shutil.copytree(weights, tmp_path / "weights")
    same = ["split=file", "~split.stratify", f"split.path={first / 'split.json'}"]
    where = f"modalities.mri.encoder.weights.file={copied}"
    run = finish(tmp_path / "run", *small_btsc, FILE, where, *same)
    shutil.rmtree(copied)
    bundle = load_bundle(run / "bundle")
    kept = bundle.about["first_weights"]["mri"]
    assert kept["share"] == 1
    assert len(kept["sha256"]) == 64
    rows = bundle.predict(small_demo, name="demo")
    before = pd.read_parquet(run / "predictions.parquet")
    key = ["patient_id", "task", "class"]
    before = before[before["model"] == "fusion"].set_index(key)["value"]
    again = rows.set_index(key)["value"].reindex(before.index)
    np.testing.assert_allclose(again, before, atol=1e-5)  # float32, in other batches
    met = sorted(split.train)[:1]
    with pytest.raises(LeakageError, match="the first weights of mri"):
        refuse_taught(bundle_weights(bundle.about), met, cohort="elsewhere")
    refuse_taught(bundle_weights(bundle.about), [PatientId("new")], cohort="elsewhere")
    assert "tensors of its network segresnet" in (run / "report.html").read_text()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["modalities.mri.spacing_mm=[5,5,5]"], r"read otherwise \(spacing_mm .*\); give the same"),
        (
            ["modalities.mri.encoder.width=16"],
            r"0 of 35 tensors .* another shape .*layers of the file$",
        ),
        (
            ["modalities.mri.sequences=[T1,T1c,T2,FLAIR,PD]"],
            r"conv_init\.weight reads 4 channels, .* has 5",
        ),
        (["modalities.mri.adapt.start=x"], r"encoder\.weights and adapt\.start both say"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_report(taking, tmp_path, more, message):
    config = taking(*more)
    material = prepare(config, tmp_path)
    trained = assemble(config, material.inputs.sources, ("mri",), config.head)
    with pytest.raises(ConfigError, match=message):
        start(config, trained, material)
    if "adapt" not in more[0]:
        assert (tmp_path / "weights_mri.json").exists()


def test_less_than_all_is_taken_where_the_configuration_says_so(taking, weights, tmp_path):
    part = load_file(weights / "model.safetensors")
    part = {name: value for name, value in part.items() if name.startswith("encoder.")}
    save_file(part, tmp_path / "encoder.safetensors")
    given = f"modalities.mri.encoder.weights.file={tmp_path / 'encoder.safetensors'}"
    config = taking(given)
    material = prepare(config, tmp_path)
    trained = assemble(config, material.inputs.sources, ("mri",), config.head)
    with pytest.raises(ConfigError, match=r"are not in the file \(up_layers.*least_share=0\.\d+"):
        start(config, trained, material)
    start(taking(given, "modalities.mri.encoder.weights.least_share=0.5"), trained, material)


def test_nothing_to_learn_from_is_said(configured, taking, cohort, split, tmp_path):
    nobody = Split(frozenset([PatientId("nobody")]), *[frozenset()] * 3)
    with pytest.raises(ConfigError, match="none of 1 patients has mri"):
        pretrain_volumes(configured(), cohort, nobody, asked(), tmp_path)
    with pytest.raises(ConfigError, match=r"are fewer than a batch of 4096; lower batch"):
        pretrain_volumes(configured(), cohort, split, asked(batch=4096), tmp_path)
    with pytest.raises(ConfigError, match="modality=ct: no volumes of this experiment; it has mri"):
        pretrain_volumes(configured(), cohort, split, asked(modality="ct"), tmp_path)
    with pytest.raises(ConfigError, match="begins with weights already"):
        pretrain_volumes(taking(), cohort, split, asked(), tmp_path)


def test_a_checkpoint_that_does_not_say_whom_it_met_is_not_gone_on_with(tmp_path):
    (tmp_path / "last.ckpt").touch()
    with pytest.raises(ConfigError, match="does not say whom it learned from"):
        begin(tmp_path, {}, [])


def test_the_command_line_hands_on_what_stands_behind_the_dashes(
    settings, small_btsc, first, tmp_path, monkeypatch, capsys
):
    script = {}
    text = (Path(__file__).parents[2] / "scripts/pretrain_volumes.py").read_text()
    exec(compile(text, "pretrain_volumes.py", "exec"), script)
    own = [f"split={first / 'split.json'}", "epochs=1", "block=4", f"out={tmp_path}"]
    monkeypatch.setattr(sys, "argv", ["x", *own, "--", *settings(*small_btsc)])
    guarded(script["main"])
    assert f"modalities.mri.encoder.weights.file={tmp_path}" in capsys.readouterr().out
    for wrong, said in ([own[1:], "give split="], [own, "give behind -- what you give"]):
        monkeypatch.setattr(sys, "argv", ["x", *wrong])
        with pytest.raises(SystemExit):
            guarded(script["main"])
        assert said in capsys.readouterr().err
