"""What is known of patients beside a modality, so that harmonising does not take it away."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from fusion.data.cohort import Files
from fusion.data.source import Source
from fusion.errors import ConfigError, Fault
from fusion.types import PatientId


class Covariates:
    """Rows of another table of the cohort, as numbers around their training mean.

    A patient who has no row there counts with the training mean: zeros.

    Args:
        modality: that table's name in the manifest.
        columns: for messages.
        table: reads it.
    """

    def __init__(self, *, modality: str, columns: Sequence[str], table: Source) -> None:
        self.modality = modality
        self.columns = tuple(columns)
        self._table = table
        self._files: Files = {}
        self._mean: Float[np.ndarray, " covariates"] | None = None

    def accompany(self, files: Files) -> None:
        """Say where the table's rows lie, for all patients of a run; nothing is read."""
        self._files = files

    def prepare(self, patients: Iterable[PatientId]) -> list[Fault]:
        """What is wrong with the rows of these patients."""
        return self._table.prepare(self._of(patients))

    def fit(self, patients: Iterable[PatientId]) -> None:
        """Coding and mean, from these patients alone.

        Raises:
            ConfigError: where none of them has a row.
            ReadError: for a row that cannot be used.
        """
        files = self._of(patients)
        if not files:
            raise ConfigError(
                f"preserve: no training patient has a row of {self.modality!r}, whose "
                f"{', '.join(self.columns)} should be kept; name a table of the manifest"
            )
        self._table.fit(files)
        self._mean = np.mean([self._row(p) for p in sorted(files)], axis=0)

    def rows(self, patients: Sequence[PatientId]) -> Float[np.ndarray, "patients covariates"]:
        """One row each; zeros for a patient without any.

        Raises:
            ReadError: for a row that cannot be used.
        """
        mean = self._fitted()
        found = [self._row(p) - mean if p in self._files else np.zeros_like(mean) for p in patients]
        return np.stack(found) if found else np.zeros((0, len(mean)))

    def without(self, patients: Iterable[PatientId]) -> int:
        """How many of them count with the training mean."""
        return sum(p not in self._files for p in patients)

    def state(self) -> dict[str, Any]:
        """As JSON-able values, exact."""
        return {"table": dict(self._table.state()), "mean": self._fitted().tolist()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`."""
        self._table.restore(state["table"])
        self._mean = np.asarray(state["mean"], dtype=float)

    def _of(self, patients: Iterable[PatientId]) -> Files:
        return {p: self._files[p] for p in sorted(patients) if p in self._files}

    def _row(self, patient: PatientId) -> Float[np.ndarray, " covariates"]:
        vector = self._table.load(patient, self._files[patient])
        return np.asarray(vector, dtype=float)[0]

    def _fitted(self) -> Float[np.ndarray, " covariates"]:
        if self._mean is None:
            raise ConfigError("the covariates are not fitted; call `fit` or `restore` first")
        return self._mean
