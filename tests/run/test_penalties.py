"""All penalties at once, from the command line to the bundle."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file

from fusion import load_bundle

KEY = ["patient_id", "task", "class"]


@pytest.mark.slow
def test_a_run_with_all_penalties_exports_what_predicts_and_nothing_else(
    finish, small_demo, tmp_path
):
    every = "penalties=[orthogonal,contrastive,bottleneck_kl,blending]"
    more = ["penalties.blending.every=1", "trainer.max_epochs=2", "evaluation.singles=true"]
    folder = finish(tmp_path, "glioma_fusion", every, "~modalities.mri", *more)

    history = pd.read_csv(folder / "models" / "fusion" / "history.csv")
    asked = [f"penalty/{n}" for n in ("orthogonal", "contrastive", "bottleneck_kl")]
    assert np.isfinite(history[asked]).all(axis=None)
    shares = history[[f"blending/{m}" for m in ("rna", "wsi", "fused")]]
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-5)
    alone = pd.read_csv(folder / "models" / "rna_alone" / "history.csv")
    assert [c for c in alone if c.startswith(("penalty/", "blending/"))] == [asked[2]]

    split = json.loads((folder / "split.json").read_text())
    notes = {n["what"]: n for n in json.loads((folder / "fitted.json").read_text())}
    assert set(notes["blending weights of fusion"]["patients"]) <= set(split["val"])

    weights = load_file(folder / "bundle" / "weights.safetensors")
    parts = {".".join(name.split(".")[:2]) for name in weights if not name.startswith("tasks.")}
    assert parts == {"model.encoders", "model.head"}
    assert any(name.startswith("model.head.gaussian.") for name in weights)
    found = load_bundle(folder / "bundle").predict(small_demo)
    table = pd.read_parquet(folder / "predictions.parquet")
    both = table[table["model"] == "fusion"].merge(found, on=KEY, suffixes=("", "_found"))
    assert len(both) > 0
    np.testing.assert_allclose(both["value_found"], both["value"], rtol=0, atol=1e-6)
