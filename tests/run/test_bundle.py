"""A bundle predicts elsewhere what the run predicted, and refuses what is not its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from fusion import load_bundle
from fusion.errors import BundleError, ConfigError
from fusion.run.bundle_files import read_json, seal, write_json
from fusion.run.export import FORMAT

pytestmark = pytest.mark.slow
KEY = ["patient_id", "task", "class"]


@pytest.fixture
def bundle(finished, tmp_path) -> Path:
    return shutil.copytree(finished / "bundle", tmp_path / "moved" / "bundle")


def resealed(bundle, name, change):
    """A bundle whose maker meant it so."""
    values = read_json(bundle / name)
    change(values)
    write_json(bundle / name, values)
    seal(bundle)


def test_the_same_predictions_on_another_machine(finished, bundle, small_demo, tmp_path):
    """Another process, another working folder, another place of the cohort, an empty cache."""
    cohort = shutil.copytree(small_demo, tmp_path / "elsewhere")
    code = (
        "import sys, fusion\n"
        "rows = fusion.load_bundle(sys.argv[1], cache=sys.argv[2]).predict(sys.argv[3])\n"
        "rows.to_parquet('found.parquet')\n"
    )
    manifest = cohort / "manifest.csv"
    subprocess.run(
        [sys.executable, "-c", code, bundle, tmp_path / "cache", manifest],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    found = pd.read_parquet(tmp_path / "found.parquet")
    assert set(found["cohort"]) == {"elsewhere"}

    table = pd.read_parquet(finished / "predictions.parquet")
    wanted = table[(table["model"] == "fusion") & (table["part"] == "external")]
    both = wanted.merge(found, on=KEY, suffixes=("", "_found"), validate="1:1")
    assert len(both) == len(wanted) > 0
    np.testing.assert_allclose(both["value_found"], both["value"], rtol=0, atol=1e-6)
    for column in ("target", "event"):
        np.testing.assert_array_equal(both[f"{column}_found"], both[column])
    # of training patients too, who are predicted here though an evaluation would refuse them
    np.testing.assert_allclose(
        *(
            t.set_index(KEY)["value"].sort_index()
            for t in (table[table["model"] == "fusion"], found)
        ),
        rtol=0,
        atol=1e-6,
    )


@pytest.mark.parametrize(
    "name",
    ["README.md", "bundle.json", "config.json", "preprocessing.json", "weights.safetensors"],
)
def test_a_changed_byte_in_any_file_is_refused(bundle, name):
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} was changed after export"):
        load_bundle(bundle)


def test_another_format_is_refused(bundle):
    resealed(bundle, "bundle.json", lambda about: about.update(format=1))
    with pytest.raises(
        BundleError, match=rf"format 1, .* reads {FORMAT}; it was made by fusion 0\."
    ):
        load_bundle(bundle)


@pytest.mark.parametrize("key", ["_target_", "callback"])
def test_a_configuration_that_names_code_is_refused(bundle, key):
    resealed(bundle, "config.json", lambda c: c["modalities"]["mri"].update({key: "os.system"}))
    with pytest.raises(ConfigError, match=f"modalities.mri.{key}: there is no such setting"):
        load_bundle(bundle)


def test_preprocessing_of_other_modalities_is_refused(bundle):
    resealed(bundle, "preprocessing.json", lambda states: states.pop("rna"))
    with pytest.raises(BundleError, match="preprocessing of mri, wsi for modalities mri, rna, wsi"):
        load_bundle(bundle)


def test_slide_features_of_another_encoder_are_refused(bundle):
    resealed(bundle, "preprocessing.json", lambda s: s["wsi"]["made_by"]["tiling"].update(mpp=0.5))
    with pytest.raises(BundleError, match="its slide features were made by"):
        load_bundle(bundle)


def test_weights_of_another_model_are_refused(bundle):
    weights = load_file(bundle / "weights.safetensors")
    name = sorted(weights)[0]
    weights["model.other"] = weights.pop(name)
    save_file(weights, bundle / "weights.safetensors")
    seal(bundle)
    with pytest.raises(BundleError, match=r"the weights do not fit .*model\.other"):
        load_bundle(bundle)


def test_what_may_be_said_about_this_machine(bundle, tmp_path):
    model = load_bundle(bundle, cache=tmp_path / "mine", on_fault="exclude")
    assert model.config.cache == str(tmp_path / "mine")
    assert model.config.cohort.on_fault == "exclude"
    with pytest.raises(ConfigError, match="on_fault: 'ignore' does not exist"):
        load_bundle(bundle, on_fault="ignore")
    with pytest.raises(ConfigError, match="patch_encoders: wsi has no transformers model"):
        load_bundle(bundle, patch_encoders={"wsi": "/models/x"})


def test_nothing_of_a_patient_is_in_the_bundle(bundle, small_demo):
    """But for what training fitted."""
    patients = pd.read_csv(small_demo / "manifest.csv")["patient_id"].unique()
    for path in bundle.iterdir():
        content = path.read_bytes()
        assert not [p for p in patients if p.encode() in content], path.name
