"""Volumes of one modality: manifest rows -> cache -> `Volumes`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fusion.data.cohort import Entry, Files
from fusion.data.harmonise.nyul import NyulScale
from fusion.data.harmonised import Harmoniser
from fusion.data.label_scheme import check_regions
from fusion.data.prepare.cache import Cache
from fusion.data.prepare.volume_labels import outlined_regions
from fusion.data.prepare.volume_patch import draw_box
from fusion.data.prepare.volume_store import Prepared, VolumeStore
from fusion.data.prepare.volumes import VolumePreparation
from fusion.errors import BundleError, ConfigError, Fault
from fusion.types import PatientId, Volumes


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
        regions: Of the tumour that a network is to outline; see `fusion.data.label_scheme`. The
            manifest's masks must then name their scheme.
        patch: Voxels of the part that training draws; None takes the whole box.
        foreground: Probability that such a part holds tumour.

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
        regions: Sequence[str] = (),
        patch: Sequence[int] | None = None,
        foreground: float = 0.0,
    ) -> None:
        check_regions(regions)
        if patch is not None and any(p > s for p, s in zip(patch, shape, strict=True)):
            raise ConfigError(
                f"patch {list(patch)} is larger than the shape {list(shape)}; "
                "give no more voxels than the prepared box has, or a larger shape"
            )
        if workers < 1:
            raise ConfigError(f"workers {workers}: give 1 or more")
        if nyul is not None and normalise != "brain_zscore":
            raise ConfigError(f"nyul follows brain_zscore, found normalise {normalise!r}")
        self.sequences = tuple(sequences)
        self.width = len(sequences)
        self._store = VolumeStore(
            preparation=VolumePreparation(
                sequences=tuple(sequences),
                spacing_mm=(spacing_mm,) * 3 if isinstance(spacing_mm, float | int) else spacing_mm,
                shape=tuple(shape),
                normalise=normalise,
                hu_window=hu_window,
                crop=crop,
            ),
            cache=Cache(Path(cache)),
            workers=workers,
            outlined=bool(regions),
        )
        self._nyul = nyul
        self.regions = tuple(regions)
        self._patch = patch
        self._foreground = foreground
        self.harmonisers: Sequence[Harmoniser] = () if nyul is None else (nyul,)

    def prepare(self, files: Files) -> list[Fault]:
        """Fill the cache with a progress bar; a patient who is there already costs a look.

        Raises:
            CacheError: where the cache cannot be written, because that stops every patient.
        """
        return self._store.prepare(files)

    def fit(self, files: Files) -> None:
        """The standard scale of `nyul`; without it every volume is scaled by itself.

        Raises:
            ReadError: for a file that cannot be used.
            ConfigError: for a sequence that none of these patients has.
        """
        if self._nyul is not None:
            found = (self._store.get(p, rows)[1]["landmarks"] for p, rows in sorted(files.items()))
            self._nyul.fit(self._store.preparation.sequences, found)

    def load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Volumes:
        """One patient's prepared volume; made now where the cache does not have it.

        Raises:
            ReadError: for the first row or file that cannot be used.
        """
        return self._volumes(self._store.get(patient, rows), rows, (slice(None),) * 3, whole=True)

    def draw(
        self, patient: PatientId, rows: tuple[Entry, ...], rng: np.random.Generator
    ) -> Volumes:
        """A part of the patient for training; it may still lie on the disk, as half numbers.

        Raises:
            ReadError: as `load`.
        """
        if self._patch is None:
            return self.load(patient, rows)
        found = self._store.get(patient, rows)
        shape, outlined = found[0]["image"].shape[1:], found[0].get("mask")
        box = draw_box(shape, self._patch, rng, outlined=outlined, foreground=self._foreground)
        return self._volumes(found, rows, box, whole=False)

    def _volumes(
        self,
        found: Prepared,
        rows: tuple[Entry, ...],
        box: tuple[slice, ...],
        *,
        whole: bool,
    ) -> Volumes:
        arrays, meta = found
        image, channels = arrays["image"][:, *box], arrays["channels"].copy()
        if whole or self._nyul is not None:
            image = torch.from_numpy(image).float().numpy()  # in a fifth of numpy's time
        if self._nyul is not None:
            names = self._store.preparation.sequences
            image = self._nyul.apply(image, channels, names, meta["landmarks"])
        parts = [image, channels]
        if self.regions:
            parts += outlined_regions(arrays.get("mask"), box, image.shape[1:], rows, self.regions)
        return Volumes(*(torch.from_numpy(part)[None] for part in parts))

    def arrays(self, patient: PatientId, rows: tuple[Entry, ...]) -> dict[str, np.ndarray]:
        """`image` as float16, `channels`, and `mask` on the same grid where the patient has one.

        As they are in the cache: before `nyul`.

        Raises:
            ReadError: for the first row or file that cannot be used.
        """
        return self._store.get(patient, rows)[0]

    def meta(self, patient: PatientId, rows: tuple[Entry, ...]) -> Mapping[str, Any]:
        """Where the prepared box lies, as `fusion.data.prepare.volumes.PreparedVolume` says.

        Raises:
            ReadError: for the first row or file that cannot be used.
        """
        return self._store.get(patient, rows)[1]

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
