"""Traces of scaling over everybody are found; scaling over training patients leaves others."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from fusion.audit.roster import Roster
from fusion.audit.standardised import scaled_over_all

CENTERS = np.repeat(["A", "B", "C", "D"], 30)
PEOPLE = [f"p{i}" for i in range(120)]
PARTS = np.where(CENTERS == "D", "external", np.where(np.arange(120) % 4 == 0, "test", "train"))
ROSTER = Roster(dict(zip(PEOPLE, PARTS, strict=True)), dict(zip(PEOPLE, CENTERS, strict=True)))


@pytest.fixture
def raw():
    random = np.random.default_rng(0)
    shift = {c: random.normal(0, 1, 40) for c in "ABCD"}
    level = random.uniform(3, 10, 40)
    return random.normal(level, 1.5, (120, 40)) + np.stack([shift[c] for c in CENTERS])


def asked(x):
    return scaled_over_all({"rna": pd.DataFrame(x, index=PEOPLE)}, ROSTER).findings


def zscore(x, over, ddof=0):
    return (x - x[over].mean(axis=0)) / x[over].std(axis=0, ddof=ddof)


def test_values_as_measured_are_clean(raw):
    assert asked(raw) == ()
    raw[np.random.default_rng(1).random(raw.shape) < 0.1] = np.nan
    assert asked(raw) == ()


def test_scaled_over_training_patients_is_clean(raw):
    assert asked(zscore(raw, PARTS == "train")) == ()


@pytest.mark.parametrize("ddof", [0, 1])
def test_scaled_over_everybody_is_an_error(raw, ddof):
    for x in (zscore(raw, slice(None), ddof), zscore(raw, slice(None), ddof).round(2)):
        (found,) = asked(x)
        assert found.severity == "error"
        assert "over all patients, external ones included" in found.message


def test_scaled_with_some_columns_left_alone_is_an_error(raw):
    raw[:, :25] = zscore(raw, slice(None))[:, :25]
    (found,) = asked(raw)
    assert found.severity == "error"


def test_scaled_within_each_centre_is_an_error(raw):
    for center in "ABCD":
        raw[center == CENTERS] = zscore(raw[center == CENTERS], slice(None))
    (found,) = asked(raw)
    assert found.severity == "error"


def test_ranks_over_everybody_are_an_error(raw):
    (found,) = asked(rankdata(raw, axis=0))
    assert "ranks over all patients" in found.message


def test_a_range_over_everybody_is_an_error(raw):
    (found,) = asked((raw - raw.min(axis=0)) / (raw.max(axis=0) - raw.min(axis=0)))
    assert "run from exactly 0 to exactly 1 over all patients" in found.message


def test_a_range_over_training_patients_is_clean(raw):
    train = raw[PARTS == "train"]
    assert asked((raw - train.min(axis=0)) / (train.max(axis=0) - train.min(axis=0))) == ()


def test_z_scores_of_unknown_origin_are_a_warning(raw):
    """Made over more patients than are here: nobody can tell who they were."""
    others = np.random.default_rng(2).choice(120, 100, replace=True)
    (found,) = asked(zscore(raw, others))
    assert found.severity == "warning"
    assert "the numbers do not say" in found.message


def test_a_table_of_few_or_repeated_numbers_is_not_asked():
    x = np.random.default_rng(0).integers(0, 2, (120, 40)).astype(float)
    check = scaled_over_all({"mutations": pd.DataFrame(x, index=PEOPLE)}, ROSTER)
    assert check.not_asked == "no table with 10 columns of numbers"
