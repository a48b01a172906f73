"""Who is in a cohort, which files each patient has, and what is known of the outcome."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from fusion.data.entry import Entry
from fusion.data.identifiers import lookalikes, plain_id
from fusion.data.manifest import Manifest, read_manifest
from fusion.data.targets import Targets, read_targets
from fusion.errors import CohortError, Fault
from fusion.types import Center, Modality, PatientId

Files = Mapping[PatientId, tuple[Entry, ...]]
"""One modality's rows, by patient; a patient without the modality is an absent key."""


@dataclass(frozen=True)
class Cohort:
    """A validated cohort folder."""

    name: str
    root: Path
    """The folder that the manifest's paths are relative to."""
    centers: Mapping[PatientId, Center]
    """Every patient, those with no file at all included, in manifest order."""
    entries: Mapping[PatientId, Mapping[Modality, tuple[Entry, ...]]]
    targets: pd.DataFrame
    """Index patient_id, one row per patient in the order of `centers`; NaN or None = not known.

    Survival is the columns `<name>_time_days` and `<name>_event` (0.0 or 1.0), as floats; every
    other column is text, exactly as written. Without `targets.csv` there is no column."""
    lines: Mapping[PatientId, int] = field(default_factory=dict)
    """Line of each patient in `targets.csv`, for messages."""

    @property
    def patients(self) -> tuple[PatientId, ...]:
        """All patients, in manifest order."""
        return tuple(self.centers)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Every modality that anybody has, sorted."""
        return tuple(sorted({m for rows in self.entries.values() for m in rows}))

    def files(self, modality: str) -> Files:
        """One modality's rows, only for the patients who have it."""
        name = Modality(modality)
        return {p: rows[name] for p, rows in self.entries.items() if name in rows}

    def presence(self) -> pd.DataFrame:
        """Boolean table, patients x modalities."""
        table = {m: [m in self.entries.get(p, {}) for p in self.patients] for m in self.modalities}
        return pd.DataFrame(table, index=pd.Index(self.patients, name="patient_id"), dtype=bool)

    def select(self, patients: Iterable[PatientId]) -> "Cohort":
        """The same cohort with these patients only, order kept.

        Raises:
            KeyError: for a patient that the cohort does not have.
        """
        wanted = set(patients)
        unknown = sorted(wanted - self.centers.keys())
        if unknown:
            more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
            raise KeyError(f"cohort {self.name} has no patient {', '.join(unknown[:5])}{more}")
        kept = [p for p in self.patients if p in wanted]
        return replace(
            self,
            centers={p: self.centers[p] for p in kept},
            entries={p: self.entries[p] for p in kept if p in self.entries},
            targets=self.targets.loc[kept],
            lines={p: self.lines[p] for p in kept if p in self.lines},
        )

    def fingerprint(self) -> str:
        """SHA-256 over patients, centres, manifest rows and targets.

        The order of rows and columns and the place of the folder do not matter; nor does what
        the files hold, which would have to be read.
        """
        targets = self.targets.to_dict("index")
        state = [
            [
                patient,
                self.centers[patient],
                sorted(
                    self._row(e) for rows in self.entries.get(patient, {}).values() for e in rows
                ),
                sorted([c, str(v)] for c, v in targets[patient].items() if not pd.isna(v)),
            ]
            for patient in sorted(self.patients)
        ]
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()

    def _row(self, entry: Entry) -> list[str]:
        """An entry as it stands in the manifest, without its place."""
        path = entry.path.relative_to(self.root).as_posix()
        further = (entry.key, entry.sequence, entry.mpp, entry.region, entry.time_days)
        row = [entry.modality, path, *("" if x is None else str(x) for x in further)]
        if entry.tissue_mask is not None:  # at the end: rows without one stay what they were
            row.append(entry.tissue_mask.relative_to(self.root).as_posix())
        row += [str(told) for told in (entry.region_label, entry.region_mm) if told is not None]
        return row

    @staticmethod
    def from_manifest(
        folder: Path | str, *, data_root: Path | str | None = None, name: str | None = None
    ) -> "Cohort":
        """Read and validate `manifest.csv` and `targets.csv` of a cohort folder.

        Args:
            folder: holds `manifest.csv` and, unless nothing is known of the outcomes,
                `targets.csv`.
            data_root: what the manifest's paths are relative to; the folder itself if not given.
            name: of the cohort in predictions and reports; the folder's name if not given.

        Raises:
            CohortError: with *all* faults, each with file and line.
        """
        folder = Path(folder).resolve()
        root = folder if data_root is None else Path(data_root).resolve()
        for place, what in ((folder, "cohort folder"), (root, "data_root")):
            if not place.is_dir():
                raise CohortError(place, [Fault(f"no such {what}")])
        if not (folder / "manifest.csv").is_file():
            raise CohortError(folder, [Fault("no manifest.csv in the cohort folder")])
        manifest = read_manifest(folder / "manifest.csv", root)
        faults, targets = manifest.faults, None
        if (folder / "targets.csv").is_file():
            targets = read_targets(folder / "targets.csv")
            faults = faults + targets.faults + _unmatched(manifest, targets)
        if faults:
            raise CohortError(folder, faults)
        patients = list(manifest.centers)
        return Cohort(
            name=folder.name if name is None else name,
            root=root,
            centers=manifest.centers,
            entries={
                p: {m: tuple(rows) for m, rows in modalities.items()}
                for p, modalities in manifest.entries.items()
            },
            targets=(targets or Targets(values={p: {} for p in patients})).table(patients),
            lines={p: targets.lines[p] for p in patients} if targets else {},
        )


def _unmatched(manifest: Manifest, targets: Targets) -> list[Fault]:
    """Ids in one table and not in the other; nothing where one of them could not be read."""
    if not manifest.lines or not targets.lines:
        return []
    faults = []
    sides = (("manifest.csv", manifest.lines), ("targets.csv", targets.lines))
    for (here, mine), (there, theirs) in (sides, sides[::-1]):
        similar = lookalikes(theirs)
        for patient, line in mine.items():
            if patient in theirs:
                continue
            twin = similar.get(plain_id(patient))
            hint = (
                f"; line {theirs[twin]} there has {twin!r}: did a spreadsheet change the ids?"
                if twin
                else f"; add a row to {there}, cells may be blank"
            )
            message = f"patient_id {patient[:80]!r} is not in {there}{hint}"
            faults.append(Fault(message, here, line))
    return faults
