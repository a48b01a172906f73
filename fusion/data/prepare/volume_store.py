"""Prepared volumes of one modality: made once, by several processes or threads, and kept."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fusion.data.cohort import Entry, Files
from fusion.data.prepare.cache import Cache
from fusion.data.prepare.cache_key import digest
from fusion.data.prepare.volume_labels import check_mask, scheme_faults
from fusion.data.prepare.volume_rows import MASK, as_fault, file_faults, read_row, row_faults
from fusion.data.prepare.volumes import VolumePreparation
from fusion.errors import Fault, ReadError
from fusion.types import PatientId

CODE = 3
"""Raise it when the preparation gives other numbers: every entry is then made again."""

Prepared = tuple[dict[str, np.ndarray], Mapping[str, Any]]
"""`image`, `channels` and, where the patient has one, `mask`; and what was noted beside them."""


@dataclass(frozen=True, kw_only=True)
class VolumeStore:
    """The cache, and what fills it."""

    preparation: VolumePreparation
    cache: Cache
    workers: int
    outlined: bool
    """Masks are learned from: each must name its label scheme, and hold its labels only."""

    def prepare(self, files: Files) -> list[Fault]:
        """Fill the cache with a progress bar; a patient who is there already costs a look.

        Raises:
            CacheError: where the cache cannot be written, because that stops every patient.
        """
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("patients, time left"),
            TimeRemainingColumn(),
        )
        faults: list[Fault] = []
        with (
            Progress(*columns, console=Console(stderr=True)) as progress,
            ThreadPoolExecutor(self.workers) as pool,
        ):
            bar = progress.add_task("volumes", total=len(files))
            # `map` cancels what has not begun when Ctrl-C or a full disk ends this loop
            for found in pool.map(self._prepare_one, files.keys(), files.values()):
                faults.extend(found)
                progress.advance(bar)
        return sorted(faults, key=lambda fault: fault.line or 0)

    def get(self, patient: PatientId, rows: tuple[Entry, ...]) -> Prepared:
        """One patient's entry, mapped from the disk; made now where the cache does not have it.

        Raises:
            ReadError: for the first row or file that cannot be used.
        """
        for fault in self._row_faults(rows):
            raise ReadError(f"manifest.csv, line {fault.line}", fault.message, patient)
        key = self._key(rows)
        arrays, meta = self.cache.get(key), self.cache.meta(key)
        return self._make(key, patient, rows) if arrays is None or meta is None else (arrays, meta)

    def _row_faults(self, rows: tuple[Entry, ...]) -> list[Fault]:
        faults = row_faults(rows, self.preparation.sequences)
        return faults + scheme_faults(rows) if self.outlined else faults

    def _prepare_one(self, patient: PatientId, rows: tuple[Entry, ...]) -> list[Fault]:
        faults = self._row_faults(rows)
        if faults:
            return faults
        try:
            key = self._key(rows)
            if not self.cache.has(key):
                self._make(key, patient, rows)
        except ReadError as error:
            return file_faults(rows) or [as_fault(error, patient, rows)]
        return []

    def _key(self, rows: tuple[Entry, ...]) -> str:
        ordered = sorted(rows, key=lambda entry: entry.sequence or "")
        config = {
            "kind": "volume",
            "code": CODE,
            "rows": [entry.sequence for entry in ordered],
            **asdict(self.preparation),
        }
        if self.outlined:  # an entry whose labels nobody has checked will not do
            config["schemes"] = [entry.label_scheme for entry in ordered]
        return digest(config, [entry.path for entry in ordered])

    def _make(self, key: str, patient: PatientId, rows: tuple[Entry, ...]) -> Prepared:
        read = {entry.sequence: read_row(entry) for entry in rows}
        images = {name: read[name] for name in self.preparation.sequences if name in read}
        if self.outlined and MASK in read:
            check_mask(read[MASK], patient, rows)
        prepared = self.preparation.make(patient, images, read.get(MASK))
        arrays = {"image": prepared.image, "channels": prepared.channels}
        if prepared.mask is not None:
            arrays["mask"] = prepared.mask
        self.cache.put(key, arrays, {**prepared.meta, "file": rows[0].path.name})
        return arrays, prepared.meta
