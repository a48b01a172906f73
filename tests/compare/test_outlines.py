"""Dice of patients over runs, and paired between runs."""

import numpy as np
import pandas as pd
import pytest

from fusion.compare.outlines import compare_outlines, read_outlines
from fusion.errors import ComparisonError


def run(folder, dice, centers=("A", "A", "B")):
    table = pd.DataFrame(
        {
            "modality": "mri",
            "part": "test",
            "center": centers,
            "patient_id": [f"P{i}" for i in range(len(dice))],
            "region": "WT",
            "dice": dice,
        }
    )
    folder.mkdir()
    table.to_csv(folder / "outlines.csv", index=False)
    return folder


def test_a_patient_of_several_runs_counts_once(tmp_path):
    folders = [run(tmp_path / "a", [0.2, 0.4, 0.9]), run(tmp_path / "b", [0.4, 0.6, 0.7])]
    found = compare_outlines(read_outlines(folders), None, draws=200, seed=0)
    assert found["center"].tolist() == ["all", "A", "B"]
    assert found["patients"].tolist() == [3, 2, 1]
    assert found["runs"].tolist() == [2, 2, 2]
    np.testing.assert_allclose(found["dice"], [1.6 / 3, 0.4, 0.8])


def test_the_difference_is_paired(tmp_path):
    """Patients who differ much and models that differ little: only pairs can tell."""
    rng = np.random.default_rng(0)
    dice = rng.uniform(0.1, 0.9, 60)
    one = read_outlines([run(tmp_path / "a", dice, ["A"] * 60)])
    two = read_outlines([run(tmp_path / "b", dice - 0.02 + rng.normal(0, 0.01, 60), ["A"] * 60)])
    row = compare_outlines(one, two, draws=2000, seed=0).iloc[0]
    assert row["low"] < row["dice"] - 0.04
    assert 0.01 < row["minus_low"] < 0.02 < row["minus_high"] < 0.03
    assert row["p"] < 0.01
    same = compare_outlines(one, one, draws=200, seed=0).iloc[0]
    assert (same["minus"], same["p"]) == (0.0, 1.0)


def test_what_cannot_be_compared_is_said(tmp_path):
    one = read_outlines([run(tmp_path / "a", [0.2, 0.4, 0.9])])
    two = read_outlines([run(tmp_path / "b", [0.2, 0.4], ["A", "A"])])
    with pytest.raises(ComparisonError, match=r"1 outlines are not in both.* B P2"):
        compare_outlines(one, two, draws=10, seed=0)
    (tmp_path / "c").mkdir()
    with pytest.raises(ComparisonError, match=r"c: no outlines.csv, so nothing was outlined"):
        read_outlines([tmp_path / "c"])
