"""Numbers of regions: by hand, and by patients."""

import numpy as np
import pandas as pd
import pytest

from fusion.report.region_section import read_regions, region_rows, save_regions


def table(shares, labels, patients, center="A"):
    rows = {"patient_id": patients, "center": center, "cohort": "c", "part": "external"}
    rows |= {"modality": "wsi", "region": [str(i) for i in range(len(labels))], "label": labels}
    shares = np.array(shares)
    return pd.DataFrame(rows | {"p_core": 1 - shares, "p_edge": shares})


def test_rows_are_of_regions_and_count_patients():
    found = table([0.1, 0.6, 0.4, 0.9], ["core", "core", "edge", "edge"], ["a", "a", "b", "c"])
    rows = {(row.group, row.measure): row for row in region_rows(found, draws=200, seed=0)}
    auc = rows["all", "AUC"]
    assert auc.value == pytest.approx(0.75)
    assert (auc.n, auc.events) == (3, 4)  # patients, regions
    assert rows["all", "balanced accuracy"].value == pytest.approx(0.5)


def test_regions_of_a_patient_stay_together():
    """Copies of each region make no patient: the interval stays as wide."""
    rng = np.random.default_rng(0)
    labels = np.repeat(["core", "edge"], 20)
    shares = np.clip(0.3 + 0.2 * (labels == "edge") + rng.normal(0, 0.2, 40), 0, 1)
    people = [f"p{i}" for i in range(40)]
    one = table(shares, labels, people)
    many = table(np.tile(shares, 5), np.tile(labels, 5), np.tile(people, 5))
    wide, same = (next(region_rows(t, draws=2000, seed=0)) for t in (one, many))
    assert same.high - same.low == pytest.approx(wide.high - wide.low, rel=0.15)


def test_what_was_saved_is_read_again(tmp_path):
    found = table([0.1, 0.6], ["core", None], ["001", "002"])
    save_regions(found, tmp_path)
    again = read_regions(tmp_path)
    assert again["patient_id"].tolist() == ["001", "002"]
    assert again["label"].isna().tolist() == [False, True]
    assert read_regions(tmp_path / "elsewhere") is None
