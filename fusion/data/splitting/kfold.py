"""Stratified k-fold, once or repeated."""

from collections.abc import Collection, Sequence

from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.data.splitting.parts import (
    balanced,
    divide,
    eligible,
    generator,
    result,
    shared_out,
    size,
)
from fusion.errors import SplitError
from fusion.types import PatientId


def kfold(
    cohort: Cohort,
    patients: Collection[PatientId],
    *,
    folds: int,
    fold: int,
    repeat: int = 0,
    val_fraction: float,
    stratify: Sequence[str] = (),
    seed: int,
) -> Split:
    """One fold: a k-th of the patients tests, a fraction of the others validates, the rest trains.

    The folds of one seed and repeat test every patient once. Another repeat is another division.

    Args:
        cohort: who there is.
        patients: who takes part; the others of the cohort are `unused`.
        folds: how many, 2 or more.
        fold: which one tests, from 0.
        repeat: which division of a repeated k-fold, from 0.
        val_fraction: of the patients outside the test fold.
        stratify: columns of the targets to balance, and `center`.
        seed: of the whole series of repeats.

    Raises:
        SplitError: for a fold out of range, too few patients, or an unknown column.
    """
    people = eligible(cohort, patients)
    if not 2 <= folds <= len(people):
        raise SplitError(f"{folds} folds of {len(people)} patients; expected 2 to {len(people)}")
    if not 0 <= fold < folds:
        raise SplitError(f"fold {fold} of {folds}; expected 0 to {folds - 1}")
    if repeat < 0:
        raise SplitError(f"repeat {repeat} is below zero; give 0 or more")
    sizes = [len(people) // folds + (i < len(people) % folds) for i in range(folds)]
    test = divide(cohort, people, sizes, stratify, generator(seed, repeat))[fold]
    others = [p for p in people if p not in test]
    val_size = size(len(others), val_fraction, "val_fraction")
    train, val = divide(
        cohort,
        others,
        [len(others) - val_size, val_size],
        stratify,
        generator(seed, repeat, fold),
    )
    division = f" of division {repeat}" if repeat else ""
    scheme = (
        f"Fold {fold}{division} tests, of {folds} counted from 0. Among the others, "
        f"{shared_out(val_fraction, 0.0)}; {balanced(stratify, seed)}."
    )
    return result(cohort, scheme, train=train, val=val, test=test)
