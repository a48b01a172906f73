"""A cohort folder, or as much of it as can be read."""

from pathlib import Path

from fusion.data.cohort import Cohort
from fusion.data.manifest import read_manifest
from fusion.data.targets import Targets, read_targets
from fusion.errors import CohortError, Fault


def open_folder(
    folder: Path, data_root: Path | None = None
) -> tuple[Cohort | None, tuple[Fault, ...]]:
    """The cohort, and every fault of its tables.

    With faults, the cohort holds what is left, so that one run of the doctor finds the faults of
    the files too; it is None where there is no patient. Such a cohort is for looking at only.
    """
    try:
        return Cohort.from_manifest(folder, data_root=data_root), ()
    except CohortError as error:
        return _rest(folder.resolve(), data_root), error.faults


def _rest(folder: Path, data_root: Path | None) -> Cohort | None:
    root = folder if data_root is None else data_root.resolve()
    if not root.is_dir() or not (folder / "manifest.csv").is_file():
        return None
    manifest = read_manifest(folder / "manifest.csv", root)
    if not manifest.centers:
        return None
    there = (folder / "targets.csv").is_file()
    targets = read_targets(folder / "targets.csv") if there else Targets()
    patients = list(manifest.centers)
    for patient in patients:
        targets.values.setdefault(patient, dict.fromkeys(targets.columns))
    return Cohort(
        name=folder.name,
        root=root,
        centers=manifest.centers,
        entries={p: {m: tuple(r) for m, r in rows.items()} for p, rows in manifest.entries.items()},
        targets=targets.table(patients),
        lines={p: targets.lines[p] for p in patients if p in targets.lines},
    )
