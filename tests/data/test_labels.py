"""Cells become labels; what is not known stays not known."""

import numpy as np
import pandas as pd
import pytest
import torch

from fusion.data.labels import class_labeller, label_all, survival_labeller

GRADE = class_labeller("grade", ["G2", "G3", "G4"])
SURVIVAL = survival_labeller("os")


@pytest.mark.parametrize(("cell", "index"), [("G2", 0.0), ("G3", 1.0), ("G4", 2.0)])
def test_a_class_is_its_place_in_the_configuration(cell, index):
    assert GRADE(pd.Series({"grade": cell})).tolist() == [index]


@pytest.mark.parametrize("cell", [None, np.nan])
def test_a_blank_is_no_class(cell):
    assert GRADE(pd.Series({"grade": cell}, dtype=object)) is None


def test_a_column_that_another_cohort_lacks_is_not_known():
    row = pd.Series({"subtype": "x"})
    assert GRADE(row) is None
    assert SURVIVAL(row) is None


def test_a_class_that_nobody_named_is_never_another_one():
    """The cohort is checked before; a slip must not become a label."""
    with pytest.raises(KeyError, match="G5"):
        GRADE(pd.Series({"grade": "G5"}))


def test_survival_is_days_and_event():
    row = pd.Series({"os_time_days": 12.5, "os_event": 0.0})
    assert SURVIVAL(row).tolist() == [12.5, 0.0]


@pytest.mark.parametrize("lost", ["os_time_days", "os_event"])
def test_half_of_survival_is_no_label(lost):
    row = pd.Series({"os_time_days": 12.5, "os_event": 1.0}).drop(lost)
    assert SURVIVAL(row) is None
    row[lost] = np.nan
    assert SURVIVAL(row) is None


def test_every_patient_has_an_entry_though_nothing_is_known():
    targets = pd.DataFrame(
        {"grade": ["G4", None], "os_time_days": [1.0, np.nan], "os_event": [1.0, np.nan]},
        index=["007", "b"],
    )
    found = label_all(targets, {"survival": SURVIVAL, "grade": GRADE})
    assert list(found) == ["007", "b"]
    assert list(found["007"]) == ["grade", "survival"]  # sorted
    assert torch.equal(found["007"]["survival"], torch.tensor([1.0, 1.0]))
    assert found["b"] == {}
