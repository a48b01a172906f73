"""Volumes of one modality: manifest rows -> cache -> `Volumes`."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fusion.data.cohort import Entry, Files
from fusion.data.harmonise.nyul import NyulScale
from fusion.data.harmonised import Harmoniser
from fusion.data.prepare.cache import Cache
from fusion.data.prepare.cache_key import digest
from fusion.data.prepare.volume_rows import MASK, as_fault, file_faults, read_row, row_faults
from fusion.data.prepare.volumes import VolumePreparation
from fusion.errors import BundleError, ConfigError, Fault, ReadError
from fusion.types import PatientId, Volumes

CODE = 2
"""Raise it when the preparation gives other numbers: every entry is then made again."""


class VolumeSource:
    """MRI or CT sequences as channels; one that a patient lacks is a channel that is masked.

    Args:
        sequences: Names in the manifest's column `sequence`, in the order of the channels.
        spacing_mm: Of the prepared grid, one number or x, y, z; None keeps that of the files.
        shape: Voxels of the prepared box in x (to the right), y (to the front), z (up).
        normalise: `brain_zscore` for skull-stripped MRI, `hu_window` for CT.
        hu_window: Lowest and highest Hounsfield unit, only with `hu_window`.
        crop: Where the box is put: `center` of the image, of the `foreground`, or of the
            `tumour` (the manifest's `mask`; the foreground for a patient without one).
        cache: Folder of the prepared volumes.
        workers: Patients prepared at a time.
        nyul: Brings prepared MRI to the scale of the training patients; None leaves it.

    Raises:
        ConfigError: for a value that does not exist or does not fit.
    """

    def __init__(
        self,
        *,
        sequences: Sequence[str],
        spacing_mm: float | Sequence[float] | None,
        shape: Sequence[int],
        normalise: str,
        hu_window: Sequence[float] | None = None,
        crop: str = "foreground",
        cache: Path,
        workers: int = 2,
        nyul: NyulScale | None = None,
    ) -> None:
        if workers < 1:
            raise ConfigError(f"workers {workers}: give 1 or more")
        if nyul is not None and normalise != "brain_zscore":
            raise ConfigError(f"nyul follows brain_zscore, found normalise {normalise!r}")
        self.width = len(sequences)
        self._preparation = VolumePreparation(
            sequences=tuple(sequences),
            spacing_mm=(spacing_mm,) * 3 if isinstance(spacing_mm, float | int) else spacing_mm,
            shape=tuple(shape),
            normalise=normalise,
            hu_window=hu_window,
            crop=crop,
        )
        self._cache = Cache(Path(cache))
        self._workers = workers
        self._nyul = nyul
        self.harmonisers: Sequence[Harmoniser] = () if nyul is None else (nyul,)

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
            ThreadPoolExecutor(self._workers) as pool,
        ):
            bar = progress.add_task("volumes", total=len(files))
            # `map` cancels what has not begun when Ctrl-C or a full disk ends this loop
            for found in pool.map(self._prepare_one, files.keys(), files.values()):
                faults.extend(found)
                progress.advance(bar)
        return sorted(faults, key=lambda fault: fault.line or 0)

    def fit(self, files: Files) -> None:
        """The standard scale of `nyul`; without it every volume is scaled by itself.

        Raises:
            ReadError: for a file that cannot be used.
            ConfigError: for a sequence that none of these patients has.
        """
        if self._nyul is not None:
            found = (self._prepared(p, rows)[1]["landmarks"] for p, rows in sorted(files.items()))
            self._nyul.fit(self._preparation.sequences, found)

    def load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Volumes:
        """One patient's prepared volume; made now where the cache does not have it.

        Raises:
            ReadError: for the first row or file that cannot be used.
        """
        arrays, meta = self._prepared(patient, rows)
        image, channels = arrays["image"].astype(np.float32), arrays["channels"].copy()
        if self._nyul is not None:
            names = self._preparation.sequences
            image = self._nyul.apply(image, channels, names, meta["landmarks"])
        return Volumes(torch.from_numpy(image)[None], torch.from_numpy(channels)[None])

    def arrays(self, patient: PatientId, rows: tuple[Entry, ...]) -> dict[str, np.ndarray]:
        """`image` as float16, `channels`, and `mask` on the same grid where the patient has one.

        As they are in the cache: before `nyul`.

        Raises:
            ReadError: for the first row or file that cannot be used.
        """
        return self._prepared(patient, rows)[0]

    def size(self, patient: PatientId, rows: tuple[Entry, ...]) -> int:
        """Every volume counts as one."""
        return 1

    def state(self) -> Mapping[str, Any]:
        """What `nyul` learned; else empty."""
        return {} if self._nyul is None else self._nyul.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`.

        Raises:
            BundleError: for a state where nothing is fitted.
        """
        if self._nyul is not None:
            self._nyul.restore(state)
        elif state:
            raise BundleError(
                f"volumes have no fitted state, the bundle gives {sorted(state)}; "
                "it was written for another kind of modality"
            )

    def _prepare_one(self, patient: PatientId, rows: tuple[Entry, ...]) -> list[Fault]:
        faults = row_faults(rows, self._preparation.sequences)
        if faults:
            return faults
        try:
            key = self._key(rows)
            if not self._cache.has(key):
                self._make(key, patient, rows)
        except ReadError as error:
            return file_faults(rows) or [as_fault(error, patient, rows)]
        return []

    def _prepared(
        self, patient: PatientId, rows: tuple[Entry, ...]
    ) -> tuple[dict[str, np.ndarray], Mapping[str, Any]]:
        for fault in row_faults(rows, self._preparation.sequences):
            raise ReadError(f"manifest.csv, line {fault.line}", fault.message, patient)
        key = self._key(rows)
        arrays, meta = self._cache.get(key), self._cache.meta(key)
        return self._make(key, patient, rows) if arrays is None or meta is None else (arrays, meta)

    def _key(self, rows: tuple[Entry, ...]) -> str:
        ordered = sorted(rows, key=lambda entry: entry.sequence or "")
        config = {
            "kind": "volume",
            "code": CODE,
            "rows": [entry.sequence for entry in ordered],
            **asdict(self._preparation),
        }
        return digest(config, [entry.path for entry in ordered])

    def _make(
        self, key: str, patient: PatientId, rows: tuple[Entry, ...]
    ) -> tuple[dict[str, np.ndarray], Mapping[str, Any]]:
        read = {entry.sequence: read_row(entry) for entry in rows}
        images = {name: read[name] for name in self._preparation.sequences if name in read}
        prepared = self._preparation.make(patient, images, read.get(MASK))
        arrays = {"image": prepared.image, "channels": prepared.channels}
        if prepared.mask is not None:
            arrays["mask"] = prepared.mask
        self._cache.put(key, arrays, {**prepared.meta, "file": rows[0].path.name})
        return arrays, prepared.meta
