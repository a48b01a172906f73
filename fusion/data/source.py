"""The contract of what turns one modality's manifest rows into an encoder's input."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from fusion.data.cohort import Entry, Files
from fusion.errors import Fault
from fusion.types import Input, PatientId


@runtime_checkable
class Source(Protocol):
    """One modality on disk. Members: `fusion.data.sources.{volume,bag,vector}`.

    The order of calls: `prepare` on all patients of a run, `fit` on the training patients,
    then `load` for any patient, from any number of worker processes (a source pickles).
    In a bundle, `restore(state)` stands in for `fit`.
    """

    width: int
    """Channels of a volume, features of a tile, columns of a vector; known after `fit`."""

    def prepare(self, files: Files) -> list[Fault]:
        """Do the slow work once, with a progress bar, into the cache; skip what is there.

        Returns the faults, one for each file that cannot be used; never stops at the first.
        """
        ...

    def fit(self, files: Files) -> None:
        """Fit what is fitted (imputation, scaling, selection), on training patients only."""
        ...

    def load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Input:
        """One patient's input: `Volumes` or `Bags` of one, or a vector [1, width].

        Raises:
            ReadError: naming the patient and the file.
        """
        ...

    def size(self, patient: PatientId, rows: tuple[Entry, ...]) -> int:
        """Rows that the patient adds to a batch's budget: tiles of a bag; 1 for everything else."""
        ...

    def state(self) -> Mapping[str, Any]:
        """What `fit` learned, as JSON-able values: travels in the bundle."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`."""
        ...
