"""A bundle's slides are explained, and on the demo the planted tiles are what it looked at."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from fusion.config.compose import compose
from fusion.data.readers.volume import read_volume
from fusion.errors import BundleError, ConfigError
from fusion.run.explain import explain_bundle
from fusion.run.explain_who import Wanted
from fusion.run.main import run
from fusion.testing.demo import write_demo

pytestmark = pytest.mark.slow


def wanted(**other):
    values = {
        "modality": None,
        "tasks": [],
        "answer": None,
        "method": "integrated_gradients",
        "patients": [],
        "limit": 2,
        "draws": 1,
        "truth": None,
    }
    return Wanted(**{**values, **other})


@pytest.fixture
def explained(finished, small_cache, tmp_path):
    def page(**other):
        return explain_bundle(
            bundle=finished / "bundle",
            cohort=None,
            out=tmp_path / "out",
            cache=small_cache,
            wanted=wanted(**other),
        )

    return page


def test_every_task_of_a_fusion_is_explained(explained):
    page = explained()
    text = page.read_text()
    for task in ("subtype", "grade", "survival"):
        assert f"## {task}" in text
        table = pd.read_csv(page.parent / task / "patients.csv")
        assert len(table) == 2
        for name in table["patient_id"]:
            folder = page.parent / task / name
            tiles = pd.read_csv(folder / "tiles.csv")
            row = table.set_index("patient_id").loc[name]
            # completeness: 32 midpoints on the way from average tiles
            assert tiles["score"].sum() == pytest.approx(row["of_the_tiles"], abs=0.02)
            squares = json.loads((folder / "tiles_1.geojson").read_text())["features"]
            assert (
                len(squares) == (tiles["file"] == tiles["file"].iloc[0]).sum()
                or len(tiles["file"].unique()) > 1
            )
            for picture in ("heat_map_1.png", "telling_tiles.png"):
                assert (folder / picture).read_bytes().startswith(b"\x89PNG")
    assert pd.read_csv(page.parent / "survival" / "patients.csv")["answer"].unique() == ["risk"]


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion", "grad_cam"])
def test_a_volume_is_explained_on_the_grid_of_its_files(explained, small_demo, method):
    page = explained(
        modality="mri",
        method=method,
        tasks=["subtype"],
        limit=1,
        truth=small_demo / "truth" / "mri",
    )
    row = pd.read_csv(page.parent / "subtype" / "patients.csv").iloc[0]
    folder = page.parent / "subtype" / row["patient_id"]
    assert (folder / "planes.png").read_bytes().startswith(b"\x89PNG")
    files = sorted((small_demo / "mri" / row["patient_id"]).glob("*.nii.gz"))
    like = read_volume(files[0], "p")
    found = read_volume(folder / "scores.nii.gz", "p")
    np.testing.assert_array_equal(found.affine, like.affine)
    assert found.array.shape == like.array.shape
    assert found.array.min() < 0 or method == "grad_cam"
    assert 0 <= row["planted_voxel_auc"] <= 1
    assert f"![three planes of {row['patient_id']}]" in page.read_text()
    assert ("scores_sum_to" in row) == (method == "integrated_gradients")


def test_what_cannot_be_explained_is_said(explained, finished, small_cache, tmp_path):
    for other, said in (
        (
            {"modality": "rna"},
            "no tiles or volumes of rna; modalities with tiles: wsi; modalities with volumes: mri",
        ),
        (
            {"modality": "mri", "method": "attention"},
            "no method 'attention' for volumes; there are .* and integrated_gradients, occlusion",
        ),
        ({"method": "grad_cam"}, "no method 'grad_cam' for tiles"),
        ({"tasks": ["idh"]}, "no task idh; the model has grade, subtype, survival"),
        ({"patients": ["nobody"]}, "nobody called nobody among the patients"),
        ({"method": "lime"}, "no method 'lime'"),
        ({"tasks": ["subtype"], "answer": "risk"}, "does not answer 'risk'"),
    ):
        with pytest.raises(ConfigError, match=said):
            explained(**other)
    alone = shutil.copytree(finished / "bundle", tmp_path / "bundle")
    with pytest.raises(BundleError, match=r"no split\.json beside it"):
        explain_bundle(
            bundle=alone, cohort=None, out=tmp_path / "o", cache=small_cache, wanted=wanted()
        )


def test_a_model_that_learned_looked_at_the_planted_tiles(small_cache, tmp_path):
    """On test patients and hospitals that training has not seen."""
    write_demo(tmp_path / "demo", patients=80, missing=0.0, volume_mm=5.0, slide_px=768)
    overrides = [
        "+experiment=glioma_subtyping",
        "~modalities.mri",
        f"cohort.root={tmp_path / 'demo'}",
        f"cache={small_cache}",
        "evaluation.draws=20",
        "evaluation.singles=false",
        "trainer.threads=1",
        "progress=false",
        "~baseline",
    ]
    run(compose(overrides), tmp_path / "run", overrides)
    for method, least in (("attention", 0.9), ("integrated_gradients", 0.8)):
        explain_bundle(
            bundle=tmp_path / "run" / "bundle",
            cohort=None,
            out=tmp_path / method,
            cache=small_cache,
            wanted=wanted(
                method=method, limit=16, draws=3, truth=tmp_path / "demo/truth/tiles.csv"
            ),
        )
        table = pd.read_csv(tmp_path / method / "subtype" / "patients.csv")
        assert len(table) == 16
        assert table["planted_auc"].mean() > least
        assert table["insertion_gain"].mean() > 0
        assert table["deletion_gain"].mean() > 0
