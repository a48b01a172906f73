"""Every experiment runs from files to a sealed bundle."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors import safe_open

from fusion.config.compose import CONFIGS, compose
from fusion.config.run import RunConfig
from fusion.data.split import Split
from fusion.report.predictions import SCHEMA
from fusion.run.bundle_files import verify
from fusion.run.main import run

EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))
REAL = Path(__file__).resolve().parents[2] / "../shared/data/glioma_real"

pytestmark = pytest.mark.slow


def holds_a_whole_run(folder, name):
    config = RunConfig.model_validate(yaml.safe_load((folder / "config.yaml").read_text()))
    assert config.name == name
    split = Split.load(folder / "split.json")
    assert split.train
    assert split.external

    table = pd.read_parquet(folder / "predictions.parquet")
    assert list(table.columns) == SCHEMA.names
    assert set(table["part"]) == {"train", "val", "test", "external"}
    assert {"fusion", "clinical"} <= set(table["model"])
    assert set(table["task"]) == set(config.tasks)
    assert np.isfinite(table["value"]).all()
    for part in ("train", "val", "test", "external"):
        found = set(table.loc[(table["part"] == part) & (table["model"] == "fusion"), "patient_id"])
        assert found == getattr(split, part)

    metrics = json.loads((folder / "metrics.json").read_text())
    assert {row["model"] for row in metrics["metrics"]} >= {"fusion", "clinical"}
    assert {row["versus"] for row in metrics["differences"]} >= {"clinical"}
    page = (folder / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert len(list((folder / "figures").glob("*.png"))) >= 3
    assert (folder / "models" / "fusion" / "history.csv").is_file()
    holds_a_bundle(folder / "bundle")


def holds_a_bundle(bundle):
    names = {path.name for path in bundle.iterdir()}
    assert names == {
        "README.md",
        "SHA256SUMS",
        "bundle.json",
        "config.json",
        "preprocessing.json",
        "weights.safetensors",
    }
    verify(bundle)
    for line in (bundle / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest
    for name in names - {"weights.safetensors"}:
        (bundle / name).read_text(encoding="utf-8")  # text, so nothing pickled
    for name in ("bundle.json", "config.json", "preprocessing.json"):
        json.loads((bundle / name).read_text())
    with safe_open(bundle / "weights.safetensors", "pt") as weights:
        assert weights.keys()


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if not n.startswith("tcga")])
def test_an_experiment_on_the_demo(finish, tmp_path, name):
    holds_a_whole_run(finish(tmp_path / "run", name), name)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real gliomas at {REAL}")
def test_the_experiment_on_real_gliomas(tmp_path):
    overrides = [
        "+experiment=tcga_glioma",
        "+debug=fast",
        f"data_root={REAL}",
        f"cohort.root={tmp_path / 'cohort'}",
        f"cache={tmp_path / 'cache'}",
        "loader.patients=32",
        "trainer.threads=1",
    ]
    run(compose(overrides), tmp_path / "run", overrides)
    holds_a_whole_run(tmp_path / "run", "tcga_glioma")


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real gliomas at {REAL}")
@pytest.mark.usefixtures("quick_figures")
def test_real_gliomas_are_outlined_without_millimetres(tmp_path):
    overrides = [
        "+experiment=tcga_outline",
        "+debug=fast",
        f"data_root={REAL}",
        f"cohort.root={tmp_path / 'cohort'}",
        f"cache={tmp_path / 'cache'}",
        "modalities.mri.shape=[64,64,16]",
        "modalities.mri.outline.patch=[32,32,8]",
        "modalities.mri.encoder.layers=[1,1,1]",
        "evaluation.singles=false",
        "trainer.threads=1",
    ]
    run(compose(overrides), tmp_path / "run", overrides)
    scores = pd.read_csv(tmp_path / "run" / "outlines.csv")
    assert len(scores) == 48
    assert set(scores["center"]) == {"Case Western"}
    assert set(scores["region"]) == {"WT"}
    assert scores["dice"].between(0, 1).all()
    assert "hd95_mm" not in scores


@pytest.mark.parametrize("head", ["early", "late", "attention", "single"])
def test_every_head_runs(finish, tmp_path, head):
    more = ["head.modality=mri"] if head == "single" else []
    folder = finish(tmp_path / "run", "glioma_subtyping", f"head={head}", *more, "~baseline")
    table = pd.read_parquet(folder / "predictions.parquet")
    assert set(table["model"]) == {"fusion"}
    holds_a_bundle(folder / "bundle")


@pytest.mark.parametrize(
    "split",
    [
        ["split=kfold", "split.folds=3"],
        ["split=leave_center_out", "split.center=Elm"],
        ["split=fixed"],
    ],
    ids=lambda values: values[0],
)
def test_every_split_runs(finish, tmp_path, split):
    """Without an external centre the report says so."""
    folder = finish(tmp_path / "run", "glioma_subtyping", *split)
    parts = set(pd.read_parquet(folder / "predictions.parquet")["part"])
    assert {"train", "val"} < parts


def test_each_single_modality_is_compared(finish, tmp_path):
    folder = finish(tmp_path / "run", "glioma_subtyping", "evaluation.singles=true")
    table = pd.read_parquet(folder / "predictions.parquet")
    assert set(table["model"]) == {"fusion", "clinical", "mri alone", "wsi alone"}
    rows = json.loads((folder / "metrics.json").read_text())["differences"]
    assert {"clinical", "mri alone", "wsi alone"} <= {row["versus"] for row in rows}
