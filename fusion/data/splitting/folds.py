"""Folds that somebody else published: one tests, the rest is divided here."""

from collections.abc import Collection, Sequence
from pathlib import Path

from fusion.data.cohort import Cohort
from fusion.data.identifiers import patient_problem
from fusion.data.sheet import read_sheet
from fusion.data.split import Split, named
from fusion.data.splitting.parts import balanced, divide, eligible, generator, result, size
from fusion.errors import Fault, SplitError
from fusion.types import PatientId


def published_folds(
    cohort: Cohort,
    patients: Collection[PatientId],
    *,
    path: Path | str,
    fold: int,
    val_fraction: float,
    stratify: Sequence[str] = (),
    seed: int,
) -> Split:
    """One published fold tests, a fraction of the others validates, the rest trains.

    A patient whom the file does not name is `unused`; so is one of the file who cannot take part.

    Args:
        cohort: who there is.
        patients: who can take part in this run.
        path: CSV of `patient_id` and `fold`, folds counted as the publisher did.
        fold: which one tests.
        val_fraction: of the patients outside the test fold.
        stratify: columns of the targets to balance validation on, and `center`.
        seed: of the validation part, which nobody publishes.

    Raises:
        SplitError: with all that is wrong in the file, for a fold that it does not have, or a
            patient whom the cohort does not have.
    """
    path = Path(path)
    fold_of = _read(path)
    if strangers := fold_of.keys() - cohort.centers.keys():
        raise SplitError(f"{path} names {named(strangers)}, whom cohort {cohort.name} lacks")
    if fold not in fold_of.values():
        found = ", ".join(map(str, sorted(set(fold_of.values()))))
        raise SplitError(f"{path}: no fold {fold}; expected one of {found}")
    people = [p for p in eligible(cohort, patients) if p in fold_of]
    test = frozenset(p for p in people if fold_of[p] == fold)
    others = [p for p in people if p not in test]
    val_size = size(len(others), val_fraction, "val_fraction")
    sizes = [len(others) - val_size, val_size]
    train, val = divide(cohort, others, sizes, stratify, generator(seed, fold))
    scheme = (
        f"Fold {fold} of {path.name} tests. Among the others, {100 * val_fraction:g} % choose the "
        f"epoch (validation), the rest trains; {balanced(stratify, seed)}."
    )
    return result(cohort, scheme, train=train, val=val, test=test)


def _read(path: Path) -> dict[PatientId, int]:
    if not path.is_file():
        raise SplitError(f"{path}: no such file; expected a CSV of patient_id and fold")
    sheet = read_sheet(path, ("patient_id", "fold"), ())
    faults = list(sheet.faults)
    fold_of: dict[PatientId, int] = {}
    for row in sheet.rows if {"patient_id", "fold"} <= set(sheet.columns) else ():
        patient, fold = row.cells["patient_id"], row.cells["fold"]
        problem = patient_problem(patient)
        if not fold.isdecimal():
            problem = problem or f"fold {fold[:80]!r} is no whole number"
        elif patient in fold_of:
            problem = problem or f"{patient} is there twice"
        else:
            fold_of[PatientId(patient)] = int(fold)
        if problem:
            faults.append(Fault(problem, path.name, row.line))
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise SplitError(f"{path}: {len(faults)} fault{'s' if faults[1:] else ''}\n{listed}")
    return fold_of
