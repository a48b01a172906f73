"""Real external predictions, where they are at hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

CSV = Path(__file__).resolve().parents[2] / "../shared/data/external_predictions/mri_gnp.csv"


@pytest.fixture
def idh_external():
    """Probability of IDH mutation and the truth; only rows of `External` are genuine."""
    if not CSV.exists():
        pytest.skip("external predictions are not at hand (../shared/data/external_predictions)")
    table = pd.read_csv(CSV, encoding="utf-8-sig")
    table = table[(table["data_split"] == "External") & (table["task"] == "IDH")]
    # the file gives the probability of the class that was predicted
    p = table["prediction_probability"].to_numpy(dtype=float)
    p = np.where(table["prediction"] == "yes", p, 1 - p).round(3)
    return p, (table["label"] == "yes").to_numpy(dtype=bool)
