"""A split that somebody else made: our own JSON, or a table of published folds."""

from collections.abc import Collection
from pathlib import Path

from fusion.data.cohort import Cohort
from fusion.data.identifiers import patient_problem
from fusion.data.sheet import nearest, read_sheet
from fusion.data.split import PARTS, Split
from fusion.data.splitting.parts import eligible
from fusion.errors import Fault, SplitError
from fusion.types import PatientId


def from_file(cohort: Cohort, patients: Collection[PatientId], *, path: Path | str) -> Split:
    """The split in a `.json` (ours) or `.csv` (`patient_id, part`) file.

    Every patient of the cohort stands in the file, with the part `unused` if need be. A patient
    of the file who cannot take part in this run is moved to `unused`.

    Args:
        cohort: must be the one that a JSON file was made for; a CSV file is bound to it.
        patients: who can take part in this run.
        path: of the file.

    Raises:
        SplitError: with all that is wrong in the file, for an unknown or forgotten patient, or a
            changed cohort.
    """
    path = Path(path)
    people = eligible(cohort, patients)
    match path.suffix.lower():
        case ".json":
            split = Split.load(path)
            split.check(cohort)
        case ".csv":
            split = _read_csv(path).bind(cohort)
        case suffix:
            raise SplitError(f"{path}: a split is a .json or .csv file, not {suffix!r}")
    return split.restrict(people)


def _read_csv(path: Path) -> Split:
    if not path.is_file():
        raise SplitError(f"{path}: no such file")
    sheet = read_sheet(path, ("patient_id", "part"), ())
    faults = list(sheet.faults)
    parts: dict[str, set[PatientId]] = {part: set() for part in PARTS}
    lines: dict[str, int] = {}
    for row in sheet.rows if {"patient_id", "part"} <= set(sheet.columns) else ():
        patient, part = row.cells["patient_id"], row.cells["part"]
        problem = patient_problem(patient)
        if part not in parts:
            hint = nearest(part, PARTS) or f"; expected one of {', '.join(PARTS)}"
            problem = problem or f"part {part[:80]!r} does not exist{hint}"
        elif patient in lines:
            problem = problem or f"{patient} has a part on line {lines[patient]} already"
        else:
            parts[part].add(PatientId(patient))
        lines.setdefault(patient, row.line)
        if problem:
            faults.append(Fault(problem, path.name, row.line))
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        noun = "fault" if len(faults) == 1 else "faults"
        raise SplitError(f"{path}: {len(faults)} {noun}\n{listed}")
    train, val, test, external, unused = (frozenset(parts[part]) for part in PARTS)
    return Split(train, val, test, external, scheme=f"As {path.name} says.", unused=unused)
