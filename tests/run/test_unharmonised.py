"""A run that harmonises is held against the same run without."""

import json

import pandas as pd
import pytest
import torch
from safetensors import safe_open

from fusion.config.compose import compose
from fusion.report.harmonised import NOT_HARMONISED
from fusion.run.bundle import load_bundle
from fusion.run.prepare import prepare
from fusion.run.unharmonised import learn_unharmonised, plain

RNA = ["~modalities.mri", "~modalities.wsi"]
"""Reading RNA takes a second."""


@pytest.fixture(scope="module")
def base(settings):
    return compose(settings("glioma_fusion", "out=here"))


def test_a_run_that_harmonises_nothing_is_plain(base):
    assert plain(base) == base


@pytest.mark.parametrize(
    "override",
    [
        "invariance=coral",
        "invariance=adversarial",
        "modalities.mri.normalise=nyul",
        "stain@modalities.wsi.stain=macenko",
        "harmonise@modalities.wsi.harmonise=combat",
        "harmonise@modalities.rna.harmonise=combat",
    ],
)
def test_everything_that_harmonises_is_taken_out(settings, base, override):
    config = compose(settings("glioma_fusion", "out=here", override))
    assert config != base
    assert plain(config) == base


def test_nothing_is_trained_where_nobody_asks(settings, tmp_path):
    """Neither where nothing is harmonised, nor where the comparison is switched off."""

    def train(*more):
        config = compose(settings("glioma_fusion", *RNA, *more))
        material = prepare(config, tmp_path)
        asked = {"folder": tmp_path, "resume_command": "", "say": pytest.fail}
        return learn_unharmonised(config, material, **asked)

    assert train("evaluation.unharmonised=true") is None
    assert train("invariance=coral", "evaluation.unharmonised=false") is None


@pytest.fixture(scope="session")
def harmonised(once, finish):
    """A run of two modalities with ComBat and an adversary."""
    more = [
        "harmonise@modalities.rna.harmonise=combat",
        "modalities.rna.harmonise.minimum=5",
        "invariance=adversarial",
        "evaluation.unharmonised=true",
    ]
    return once("harmonised", lambda folder: finish(folder, "glioma_response", *more))


@pytest.mark.slow
def test_a_run_shows_before_and_after(harmonised):
    table = pd.read_parquet(harmonised / "predictions.parquet")
    assert set(table["model"]) == {"fusion", "clinical", NOT_HARMONISED}
    ours, plainly = (
        table[table["model"] == name].set_index(["patient_id", "class"])["value"]
        for name in ("fusion", NOT_HARMONISED)
    )
    assert set(ours.index) == set(plainly.index)
    assert not ours.equals(plainly)
    rows = json.loads((harmonised / "metrics.json").read_text())["differences"]
    assert NOT_HARMONISED in {row["versus"] for row in rows}
    told = pd.read_csv(harmonised / "harmonisation.csv")
    assert told["modality"].tolist() == ["mri tokens"] * 2 + ["rna"] * 2 + ["rna tokens"] * 2
    assert told["when"].tolist() == ["before", "after"] * 3
    assert ((told["low"] <= told["auc"]) & (told["auc"] <= told["high"])).all()
    assert (harmonised / "figures" / "harmonisation.png").is_file()
    assert "Harmonising changed the external" in (harmonised / "report.html").read_text()


@pytest.mark.slow
def test_the_adversary_is_in_the_checkpoint_and_not_in_the_bundle(harmonised):
    checkpoint = harmonised / "models" / "fusion" / "checkpoints" / "last.ckpt"
    names = torch.load(checkpoint, weights_only=True)["state_dict"]
    assert any(name.startswith("invariance.classifiers") for name in names)
    with safe_open(harmonised / "bundle" / "weights.safetensors", "pt") as weights:
        assert {name.split(".")[0] for name in weights.keys()} == {"model", "tasks"}  # noqa: SIM118
    assert load_bundle(harmonised / "bundle").config.invariance.name == "adversarial"
