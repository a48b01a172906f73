"""The tables of the new cohort folder, and the files of the modalities that nothing was done to."""

import os
import shutil
from pathlib import Path

import pandas as pd

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.data.manifest import OPTIONAL, REQUIRED
from fusion.data.readers.pixels import companions
from fusion.errors import ReportError
from fusion.report.publish import publish
from fusion.run.prepare_mri_patient import image_name


def write_cohort(cohort: Cohort, modality: str, brain: str | None, folder: Path, out: Path) -> Path:
    """Write `manifest.csv`, and bring over `targets.csv` and the files of other modalities.

    Such files are hard links where the disk allows: no bytes are copied.

    Args:
        cohort: the old one.
        modality: whose files are in `folder` now.
        brain: sequence of the mask of the brain, which is no channel and gets no row.
        folder: of the prepared patients.
        out: the new cohort folder.

    Raises:
        ReportError: where something cannot be written.
    """
    rows: list[dict[str, object]] = []
    for patient, center in cohort.centers.items():
        entries = [e for some in cohort.entries.get(patient, {}).values() for e in some]
        if not entries:
            rows.append({"patient_id": patient, "center": center})
        for entry in sorted(entries, key=lambda entry: entry.line):
            if entry.modality == modality:
                if entry.sequence != brain:
                    made = folder / patient / image_name(str(entry.sequence))
                    rows.append(_row(entry, made.relative_to(out).as_posix(), None))
                continue
            mask = entry.tissue_mask
            drawn = None if mask is None else _bring(mask, cohort.root, out)
            rows.append(_row(entry, _bring(entry.path, cohort.root, out), drawn))
    columns = [*REQUIRED, *OPTIONAL]
    table = pd.DataFrame(rows, columns=columns).dropna(axis="columns", how="all")
    table = table.reindex(columns=[c for c in columns if c in table or c in REQUIRED])
    targets = cohort.root / "targets.csv"
    if targets.is_file():
        publish(out / "targets.csv", targets.read_bytes())
    # as in the old one, letter by letter: guards against spreadsheets would change names
    return publish(out / "manifest.csv", table.to_csv(index=False, lineterminator="\n").encode())


def _row(entry: Entry, path: str, tissue_mask: str | None) -> dict[str, object]:
    return {
        "patient_id": entry.patient_id,
        "center": entry.center,
        "modality": entry.modality,
        "path": path,
        "key": entry.key,
        "sequence": entry.sequence,
        "label_scheme": entry.label_scheme,
        "mpp": entry.mpp,
        "tissue_mask": tissue_mask,
        "region": entry.region,
        "time_days": entry.time_days,
    }


def _bring(path: Path, root: Path, out: Path) -> str:
    """Link a file, with what belongs to it, to the same place of the new folder."""
    for part in companions(path):
        there = out / part.relative_to(root)
        try:
            there.parent.mkdir(parents=True, exist_ok=True)
            if there.exists() and there.samefile(part):
                continue
            temporary = there.with_name(f".{os.getpid()}-{there.name}")
            temporary.unlink(missing_ok=True)
            try:
                os.link(part, temporary)
            except OSError:  # another disk, or one without links
                shutil.copyfile(part, temporary)
            os.replace(temporary, there)
        except OSError as error:
            raise ReportError(
                f"{there}: cannot be written ({error}); free space or choose another folder"
            ) from error
    return path.relative_to(root).as_posix()
