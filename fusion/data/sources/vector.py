"""Rows of tables (RNA, mutations, CNV, methylation, clinic) as one modality."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fusion.data.cohort import Entry, Files
from fusion.data.harmonise.centers import CenterEffects
from fusion.data.prepare.columns import Choice
from fusion.data.prepare.fitted_rows import fitted_rows
from fusion.data.prepare.patient_rows import by_path, patient_rows, row_faults, table_columns
from fusion.data.prepare.vectors import VectorPreprocess
from fusion.data.readers.table import read_table, require_columns
from fusion.data.signatures import Signatures
from fusion.errors import CohortError, ConfigError, Fault, FusionError, ReadError
from fusion.types import PatientId


class VectorSource:
    """One vector per patient, from one table or from one table per centre.

    Tables may lay out their columns in any order and have others beside them. Several rows of a
    patient become their mean, number by number over those known; their categories must agree.

    Args:
        columns: names or patterns to use; None takes all columns of the training tables.
        columns_file: a list of names instead, one a line (a gene signature).
        drop: names or patterns to leave out: what defines the label, what is no input.
        select_variance: keep so many numbers, by variance over training patients.
        log1p: take log(1 + x) first.
        clip: cut standardised numbers at so many training standard deviations.
        categorical: text columns -> their allowed values.
        indicators: add an input for each number with gaps in training.
        harmonise: takes the centre out of standardised numbers, before gaps are filled: a number
            that nobody measured carries no centre. Categories and indicators stay as they are.
        signatures: sets of columns, for an encoder that reads them set by set.

    Raises:
        ConfigError: where both `columns` and `columns_file` are given.
    """

    def __init__(
        self,
        *,
        columns: Sequence[str] | None = None,
        columns_file: Path | str | None = None,
        drop: Sequence[str] = (),
        select_variance: int | None = None,
        log1p: bool = False,
        clip: float | None = None,
        categorical: Mapping[str, Sequence[str]] | None = None,
        indicators: bool = False,
        harmonise: CenterEffects | None = None,
        signatures: Signatures | None = None,
    ) -> None:
        self.categorical = {c: tuple(v) for c, v in (categorical or {}).items()}
        self.choice = Choice(
            columns=None if columns is None else tuple(columns),
            columns_file=columns_file,
            drop=tuple(drop),
            categorical=tuple(self.categorical),
        )
        self.log1p = log1p
        self.harmonisers = () if harmonise is None else (harmonise,)
        self.signatures = signatures
        self._learn = partial(
            VectorPreprocess.fit,
            select_variance=select_variance,
            log1p=log1p,
            clip=clip,
            categorical=self.categorical,
            indicators=indicators,
        )
        self.width = 0
        self.preprocess: VectorPreprocess | None = None
        self._prepared: dict[Path, tuple[str, ...]] = {}
        self._files: Files = {}
        self._loaded: dict[tuple[Entry, ...], Float[Tensor, "1 width"]] = {}

    def prepare(self, files: Files) -> list[Fault]:
        """Read every table and check every patient's row; nothing is cached on disk.

        Raises:
            ConfigError: where a setting names no column of any table.
        """
        paths = by_path(files)
        self._prepared, faults = table_columns(paths, text=self._categorical)
        chosen = () if self.preprocess else self.choice.of(self._prepared.values())
        for path, columns in self._prepared.items():
            # before `fit` nobody knows whether a column that is not here will be needed
            here = self.preprocess.needs if self.preprocess else set(chosen) & set(columns)
            faults += row_faults(
                path, paths[path], sorted(here), categorical=self._categorical, log1p=self.log1p
            )
        for harmoniser in self.harmonisers:
            faults += harmoniser.prepare(files)
        faulty = {fault.patient for fault in faults}
        self._files = {p: rows for p, rows in files.items() if p not in faulty}
        self._loaded = {}
        if self.preprocess is not None and all(fault.patient for fault in faults):
            faults += self._meet(self._files)
        return faults

    def fit(self, files: Files) -> None:
        """Fit on the training patients, and see that every table prepared has the columns.

        Raises:
            ReadError: where a table lacks a column, or holds what it must not.
            ConfigError: where a setting names no column, or none is left.
            CohortError: for patients of a centre that harmonising must not meet.
        """
        tables = {path: read_table(path, text=self.categorical) for path in by_path(files)}
        training = {p: tuple(map(str, t.columns)) for p, t in tables.items()}
        # names of other centres' columns count only for whether a pattern matches any
        chosen = self.choice.of([*training.values(), *self._prepared.values()])
        available = {c for columns in training.values() for c in columns}
        table = patient_rows(
            files,
            [c for c in chosen if c in available],
            categorical=self.categorical,
            log1p=self.log1p,
        )
        self._use(self._learn(table))
        # a column missing at another centre is found now, not after hours of training
        for path in self._prepared:
            require_columns(read_table(path, text=self.categorical), self._fitted().needs, path)
        for harmoniser in self.harmonisers:
            harmoniser.fit(files, self._numbers)
        if faults := self._meet({**self._files, **files}):
            raise CohortError("ComBat", faults)

    def load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Float[Tensor, "1 width"]:
        """The patient's vector; kept in memory, since a wide table is slow to look up.

        Raises:
            ReadError: naming the patient and the table.
        """
        if rows not in self._loaded:
            alone = {patient: rows}
            try:  # everybody at once, or, where somebody's row is at fault, this one
                self._loaded |= self._load(self._files if rows in self._files.values() else alone)
            except FusionError:
                self._loaded |= self._load(alone)
        return self._loaded[rows].clone()

    def size(self, patient: PatientId, rows: tuple[Entry, ...]) -> int:
        """A vector adds one row."""
        return 1

    def state(self) -> Mapping[str, Any]:
        """What was fitted."""
        own, sets = [harmoniser.state() for harmoniser in self.harmonisers], self.signatures
        return {**self._fitted().state(), "harmonise": own, "signatures": sets and sets.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`."""
        self._use(VectorPreprocess.from_state(state))
        for harmoniser, fitted in zip(self.harmonisers, state["harmonise"], strict=True):
            harmoniser.restore(fitted)
        if self.signatures is not None:
            self.signatures.restore(state["signatures"])

    def _load(self, files: Files) -> dict[tuple[Entry, ...], Float[Tensor, "1 width"]]:
        fitted, path = self._fitted(), next(iter(files.values()))[0].path
        try:
            table = fitted_rows(files, fitted)
            numbers = fitted.standardised(table, path=path)
            for harmoniser in self.harmonisers:
                numbers = harmoniser.mapped(numbers, {p: files[p][0].center for p in table.index})
            vectors = fitted.assemble(table, numbers, path=path)
        except ReadError as error:
            who = error.patient or next(iter(files))
            raise ReadError(error.path, error.message, who) from error
        return {files[p]: torch.tensor(v[None]) for p, v in zip(table.index, vectors, strict=True)}

    def _meet(self, files: Files) -> list[Fault]:
        return [f for h in self.harmonisers for f in h.meet(files, self._numbers)]

    def _numbers(self, files: Files) -> Float[np.ndarray, "patients columns"]:
        return self._fitted().standardised(fitted_rows(files, self._fitted()))

    def _fitted(self) -> VectorPreprocess:
        if self.preprocess is None:
            raise ConfigError("the table source is not fitted; call `fit` or `restore` first")
        return self.preprocess

    @property
    def _categorical(self) -> Mapping[str, Sequence[str]]:
        return self.preprocess.categories if self.preprocess else self.categorical

    def _use(self, preprocess: VectorPreprocess) -> None:
        self.preprocess = preprocess
        self.width = len(preprocess.names)
        self._loaded = {}
