"""Labels are spread evenly, at sizes that are exact."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from fusion.data.splitting.exchange import exchange
from fusion.data.splitting.stratification import iterative_stratification
from fusion.errors import SplitError


def one_hot(classes: np.ndarray, count: int) -> np.ndarray:
    return np.eye(count, dtype=bool)[classes]


def table(labels: np.ndarray, parts: np.ndarray, count: int) -> np.ndarray:
    """Patients of each label (rows) in each part (columns)."""
    return np.stack([labels[parts == part].sum(axis=0) for part in range(count)], axis=1)


def several(rng: np.random.Generator, patients: int) -> np.ndarray:
    """Three targets with missing labels, and a centre."""
    columns = []
    for shares, missing in (((3, 5, 2), 0.1), ((2, 3, 5), 0.3), ((6, 4), 0.2), ((4, 3, 2, 1), 0)):
        share = np.array(shares) / sum(shares)
        column = one_hot(rng.choice(len(share), patients, p=share), len(share))
        column[rng.random(patients) < missing] = False
        columns.append(column)
    return np.hstack(columns)


@pytest.mark.parametrize("seed", range(20))
def test_one_label_is_spread_as_well_as_by_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    patients, classes, folds = int(rng.integers(25, 200)), int(rng.integers(2, 6)), 5
    truth = rng.permutation(np.resize(np.repeat(np.arange(classes), 5 + 3 * rng.integers(6)), 200))
    truth = truth[:patients]
    sizes = [patients // folds + (i < patients % folds) for i in range(folds)]
    labels = one_hot(truth, classes)
    parts = iterative_stratification(labels, sizes, rng)
    ours = table(labels, parts, folds)
    theirs = np.zeros(patients, dtype=int)
    oracle = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for fold, (_, test) in enumerate(oracle.split(truth, np.zeros(patients))):
        theirs[test] = fold
    assert np.bincount(parts, minlength=folds).tolist() == sizes
    assert np.ptp(ours, axis=1).max() <= max(np.ptp(table(labels, theirs, folds), axis=1).max(), 1)


@pytest.mark.parametrize("shares", [(0.2,) * 5, (0.7, 0.15, 0.15), (0.8, 0.2)])
def test_several_labels_are_within_two_patients_of_even(shares):
    # 1.5 patients of rounding: no exact solution need exist for 12 labels in parts of fixed size
    deviations = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        labels = several(rng, 160)
        sizes = [round(share * 160) for share in shares]
        parts = iterative_stratification(labels, sizes, rng)
        even = np.outer(labels.sum(axis=0), np.array(sizes) / 160)
        counts = table(labels, parts, len(sizes))
        deviations.append(np.abs(counts - even))
        assert np.bincount(parts).tolist() == sizes
        assert counts.min() >= 1
    assert np.max(deviations) < 1.5
    assert np.mean(deviations) < 0.4


def test_a_rare_label_reaches_every_part():
    labels = np.zeros((100, 2), dtype=bool)
    labels[:3, 0] = True
    labels[3:, 1] = True
    for seed in range(20):
        parts = iterative_stratification(labels, [80, 10, 10], np.random.default_rng(seed))
        assert sorted(parts[:3].tolist()) == [0, 1, 2]


def test_an_empty_part_stays_empty_and_unlabelled_patients_fill_up():
    labels = np.zeros((10, 1), dtype=bool)
    labels[:4] = True
    parts = iterative_stratification(labels, [5, 0, 5], np.random.default_rng(0))
    assert np.bincount(parts).tolist() == [5, 0, 5]
    assert np.bincount(parts[:4]).tolist() == [2, 0, 2]
    none = iterative_stratification(np.zeros((6, 0), dtype=bool), [4, 2], np.random.default_rng(0))
    assert np.bincount(none).tolist() == [4, 2]


def test_an_exchange_keeps_sizes_and_never_makes_it_worse():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = several(rng, 60)
        before = rng.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
        after = exchange(labels, before, rng)
        even = np.outer(labels.sum(axis=0), [0.5, 1 / 3, 1 / 6])
        old, new = table(labels, before, 3), table(labels, after, 3)
        assert np.bincount(after).tolist() == [30, 20, 10]
        assert ((new - even) ** 2).sum() <= ((old - even) ** 2).sum()
        assert (new[old > 0] > 0).all()


def test_sizes_must_add_up():
    with pytest.raises(SplitError, match=r"parts of \[2, 2\] patients, expected 5 in all"):
        iterative_stratification(np.ones((5, 1), dtype=bool), [2, 2], np.random.default_rng(0))
