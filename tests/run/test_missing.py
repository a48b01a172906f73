"""A run in which the nearest training patients stand for what is missing, and its bundle."""

import json

import numpy as np
import pandas as pd
import pytest

from fusion.report.predictions import load
from fusion.run.bundle import load_bundle

pytestmark = pytest.mark.slow
KEY = ["patient_id", "task", "class"]


def test_the_bank_travels_in_the_bundle_which_says_so(finish, small_demo, small_cache, tmp_path):
    run = finish(
        tmp_path / "run",
        "glioma_fusion",
        "~modalities.mri",
        "head=attention",
        "missing=knn",
        "evaluation.singles=false",
        "evaluation.draws=50",
    )
    bundle = load_bundle(run / "bundle", cache=small_cache)
    parts = json.loads((run / "split.json").read_text())
    fill = bundle.trained.model.fitted_fill
    assert len(fill.bank) == len(parts["train"])  # validation patients are not in it
    assert json.loads((run / "bundle" / "bundle.json").read_text())["holds_patient_vectors"]
    assert "a vector of each training patient" in (run / "bundle" / "README.md").read_text()
    assert "are to be passed on as data of patients are" in (run / "report.html").read_text()

    table = load(run / "predictions.parquet")
    told = table[table["model"] == "fusion"].set_index(KEY)["value"]
    found = bundle.predict(small_demo).set_index(KEY)["value"]
    both = pd.concat([told, found], axis=1, join="inner", keys=["told", "found"])
    assert len(both) == len(told) > 0
    np.testing.assert_allclose(both["found"], both["told"], rtol=0, atol=1e-6)
