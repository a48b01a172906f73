"""A cohort folder -> another, in which each patient's sequences lie on one grid."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import track

from fusion.data.cohort import Cohort, Files
from fusion.data.entry import Entry
from fusion.data.prepare.mri_brain import check_hd_bet
from fusion.data.prepare.mri_itk import itk
from fusion.data.prepare.mri_settings import HD_BET, MriSettings
from fusion.data.prepare.volume_rows import MASK, row_faults
from fusion.errors import CohortError, ConfigError, Fault, ReadError
from fusion.report.publish import publish, to_csv
from fusion.run.prepare_mri_manifest import write_cohort
from fusion.run.prepare_mri_patient import image_name, prepare_folder
from fusion.types import PatientId


@dataclass(frozen=True)
class PreparedCohort:
    """What there is to look at."""

    manifest: Path
    table: Path
    """A row per patient and sequence that was moved: rotation, shift, mutual information."""
    patients: int
    lost_labels: int
    """Patients whose mask reaches out of the brain."""


def prepare_mri(
    cohort: Cohort, modality: str, settings: MriSettings, out: Path, *, workers: int
) -> PreparedCohort:
    """Prepare every patient, then write the manifest; go on where it stopped.

    A patient that is refused does not keep the others from being prepared, but there is no
    manifest before all are: correct the cohort, and call again.

    Args:
        cohort: whose sequences.
        modality: of the manifest; rows of the others go over as they are.
        settings: what is done.
        out: the new cohort folder.
        workers: patients at a time, a thread each; ITK works without the lock of Python.

    Raises:
        ConfigError: where a library or program is missing, or nobody has the modality.
        CohortError: with the faults of all patients.
        ReportError: where a file cannot be written.
    """
    itk()
    if settings.brain == HD_BET:
        check_hd_bet()
    files = cohort.files(modality)
    if not files:
        raise ConfigError(
            f"no patient of {cohort.root} has {modality}; there are {', '.join(cohort.modalities)}"
        )
    if out.resolve() == cohort.root:
        raise ConfigError(f"out={out} is the cohort itself; name another folder")
    names = {entry.sequence for rows in files.values() for entry in rows if entry.sequence}
    for wanted in {settings.reference, settings.masks_with, settings.brain} - {None, HD_BET}:
        if wanted not in names:
            raise ConfigError(f"nobody has {wanted}; there are {', '.join(sorted(names))}")
    if len({image_name(name) for name in names}) < len(names):
        raise ConfigError(f"two of the sequences {sorted(names)} would get one file name")
    folder = out / f"prepared_{modality}"
    told, faults = _run(cohort, files, names, settings, folder, workers)
    if faults:
        raise CohortError(cohort.root, sorted(faults, key=lambda fault: fault.line or 0))
    table = publish(out / f"prepared_{modality}.csv", to_csv(_table(told)))
    manifest = write_cohort(cohort, modality, settings.brain, folder, out)
    lost = sum(one["labels_outside_brain"] > 0 for one in told.values())
    return PreparedCohort(manifest, table, len(told), lost)


def _run(
    cohort: Cohort,
    files: Files,
    names: set[str],
    settings: MriSettings,
    folder: Path,
    workers: int,
) -> tuple[dict[PatientId, dict[str, Any]], list[Fault]]:
    told: dict[PatientId, dict[str, Any]] = {}
    faults: list[Fault] = []
    work: dict[Future[dict[str, Any]], PatientId] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        for patient, rows in files.items():
            wrong = row_faults(rows, sorted(names - {MASK}))
            faults += wrong
            if not wrong:
                of = {str(entry.sequence): entry for entry in rows}
                job = pool.submit(prepare_folder, of, settings, cohort.root, folder / patient)
                work[job] = patient
        bar = Console(stderr=True)
        for done in track(as_completed(work), "patients", total=len(work), console=bar):
            patient = work[done]
            try:
                told[patient] = done.result()
            except ReadError as error:
                faults.append(_fault(error, patient, files[patient], cohort.root))
    finally:
        pool.shutdown(cancel_futures=True)
    return {patient: told[patient] for patient in files if patient in told}, faults


def _fault(error: ReadError, patient: PatientId, rows: tuple[Entry, ...], root: Path) -> Fault:
    line = next((entry.line for entry in rows if entry.path == error.path), rows[0].line)
    inside = error.path.is_absolute() and error.path.is_relative_to(root)
    place = f"{error.path.relative_to(root).as_posix()}: " if inside else ""
    return Fault(f"{place}{error.message}", "manifest.csv", line, patient)


def _table(told: Mapping[PatientId, Mapping[str, Any]]) -> pd.DataFrame:
    columns = [
        "patient_id", "sequence", "rotation_degrees", "shift_left_mm", "shift_back_mm",
        "shift_up_mm", "mutual_information_before", "mutual_information_after", "resampled",
        "brain_ml", "labels_outside_brain",
    ]  # fmt: skip
    rows = [
        [
            patient, name, motion["rotation_degrees"], *motion["translation_mm"],
            motion["mutual_information_before"], motion["mutual_information_after"],
            motion["resampled"], one["brain_ml"], one["labels_outside_brain"],
        ]
        for patient, one in told.items()
        for name, motion in one["motions"].items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
