"""One fixed split into fractions."""

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


def fractions(
    cohort: Cohort,
    patients: Collection[PatientId],
    *,
    val_fraction: float,
    test_fraction: float,
    stratify: Sequence[str] = (),
    seed: int,
) -> Split:
    """Fractions of the patients validate and test, the rest trains; 0 leaves a part empty.

    Raises:
        SplitError: where a fraction is nobody, nobody trains, or a column is unknown.
    """
    people = eligible(cohort, patients)
    val_size = size(len(people), val_fraction, "val_fraction")
    test_size = size(len(people), test_fraction, "test_fraction")
    train_size = len(people) - val_size - test_size
    if train_size <= 0:
        raise SplitError(
            f"val_fraction {val_fraction} and test_fraction {test_fraction} leave nobody "
            f"of {len(people)} patients to train on"
        )
    sizes = [train_size, val_size, test_size]
    train, val, test = divide(cohort, people, sizes, stratify, generator(seed))
    scheme = f"{shared_out(val_fraction, test_fraction)}; {balanced(stratify, seed)}."
    return result(cohort, scheme, train=train, val=val, test=test)
