"""Rows of tables (RNA, mutations, CNV, methylation, clinic) as one modality."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from fusion.data.cohort import Entry, Files
from fusion.data.prepare.columns import choose_columns, read_names
from fusion.data.prepare.patient_rows import by_path, key_problem, patient_rows, table_rows
from fusion.data.prepare.vectors import VectorPreprocess
from fusion.data.readers.table import read_table, require_columns
from fusion.data.sheet import nearest
from fusion.errors import ConfigError, Fault, ReadError
from fusion.types import PatientId


class VectorSource:
    """One vector per patient, from one table or from one table per centre.

    Tables may lay out their columns in any order and have others beside them. A patient with
    several rows (regions, time points) gets their mean, number by number, over those that are
    known; categories of several rows must agree.

    Args:
        columns: names or patterns to use; None takes all columns of the training tables.
        columns_file: a list of names instead, one a line (a gene signature).
        drop: names or patterns to leave out: what defines the label, what is no input.
        select_variance: keep so many numbers, by variance over training patients.
        log1p: take log(1 + x) first.
        clip: cut standardised numbers at so many training standard deviations.
        categorical: text columns -> their allowed values.
        indicators: add an input for each number with gaps in training.

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
    ) -> None:
        if columns is not None and columns_file is not None:
            raise ConfigError("`columns` and `columns_file` both choose the columns; give one")
        self.columns = None if columns is None else tuple(columns)
        self.columns_file = columns_file
        self.drop = tuple(drop)
        self.select_variance = select_variance
        self.log1p = log1p
        self.clip = clip
        self.categorical = {c: tuple(v) for c, v in (categorical or {}).items()}
        self.indicators = indicators
        self.width = 0
        self.preprocess: VectorPreprocess | None = None
        self._prepared: dict[Path, tuple[str, ...]] = {}
        self._loaded: dict[tuple[Entry, ...], Float[Tensor, "1 width"]] = {}

    def prepare(self, files: Files) -> list[Fault]:
        """Read every table and check every patient's row; nothing is cached on disk.

        Raises:
            ConfigError: where a setting names no column of any table.
        """
        faults: list[Fault] = []
        paths = by_path(files)
        self._prepared = {}
        for path in paths:
            try:
                table = read_table(path, text=self._categorical)
            except ReadError as error:
                faults.append(Fault(error.message, str(path)))
            else:
                self._prepared[path] = tuple(map(str, table.columns))
        chosen = () if self.preprocess else self._chosen(self._prepared.values())
        for path, columns in self._prepared.items():
            # before `fit` nobody knows whether a column that is not here will be needed
            here = self.preprocess.needs if self.preprocess else set(chosen) & set(columns)
            faults += self._check(path, paths[path], sorted(here))
        return faults

    def fit(self, files: Files) -> None:
        """Fit on the training patients, and see that every table prepared has the columns.

        Raises:
            ReadError: where a table lacks a column, or holds what it must not.
            ConfigError: where a setting names no column, or none is left.
        """
        tables = {path: read_table(path, text=self.categorical) for path in by_path(files)}
        training = {p: tuple(map(str, t.columns)) for p, t in tables.items()}
        # names of other centres' columns count only for whether a pattern matches any
        chosen = self._chosen([*training.values(), *self._prepared.values()])
        available = {c for columns in training.values() for c in columns}
        table = patient_rows(
            files,
            [c for c in chosen if c in available],
            categorical=self.categorical,
            log1p=self.log1p,
        )
        self._use(
            VectorPreprocess.fit(
                table,
                select_variance=self.select_variance,
                log1p=self.log1p,
                clip=self.clip,
                categorical=self.categorical,
                indicators=self.indicators,
            )
        )
        # a column missing at another centre is found now, not after hours of training
        for path in self._prepared:
            require_columns(read_table(path, text=self.categorical), self._fitted().needs, path)

    def load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Float[Tensor, "1 width"]:
        """The patient's vector; kept in memory, since a wide table is slow to look up.

        Raises:
            ReadError: naming the patient and the table.
        """
        if rows not in self._loaded:
            self._loaded[rows] = self._load(patient, rows)
        return self._loaded[rows].clone()

    def size(self, patient: PatientId, rows: tuple[Entry, ...]) -> int:
        """A vector adds one row."""
        return 1

    def state(self) -> Mapping[str, Any]:
        """What was fitted."""
        return self._fitted().state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`."""
        self._use(VectorPreprocess.from_state(state))

    def _load(self, patient: PatientId, rows: tuple[Entry, ...]) -> Float[Tensor, "1 width"]:
        fitted = self._fitted()
        try:
            table = patient_rows(
                {patient: rows},
                fitted.needs,
                categorical=fitted.categories,
                log1p=fitted.log1p,
            )
            return torch.from_numpy(fitted.transform(table, path=rows[0].path))
        except ReadError as error:
            raise ReadError(error.path, error.message, patient) from error

    def _fitted(self) -> VectorPreprocess:
        if self.preprocess is None:
            raise ConfigError("the table source is not fitted; call `fit` or `restore` first")
        return self.preprocess

    @property
    def _categorical(self) -> Mapping[str, Sequence[str]]:
        return self.preprocess.categories if self.preprocess else self.categorical

    def _check(self, path: Path, rows: Sequence[Entry], wanted: Sequence[str]) -> list[Fault]:
        keys = set(read_table(path, text=self._categorical).index)
        problems = [(row, key_problem(row, keys)) for row in rows]
        faults = [Fault(p, str(path), None, row.patient_id) for row, p in problems if p]
        try:
            table_rows(
                path,
                [row for row, problem in problems if not problem],
                wanted,
                categorical=self._categorical,
                log1p=self.log1p,
            )
        except ReadError as error:
            faults.append(Fault(error.message, str(path), None, error.patient))
        return faults

    def _use(self, preprocess: VectorPreprocess) -> None:
        self.preprocess = preprocess
        self.width = len(preprocess.names)
        self._loaded = {}

    def _chosen(self, tables: Iterable[Sequence[str]]) -> tuple[str, ...]:
        """Columns that the settings choose from those of any table."""
        available = {c for columns in tables for c in columns}
        if not available:
            return ()
        for column in self.categorical:
            if column not in available:
                hint = nearest(column, available)
                raise ConfigError(f"`categorical`: no table has a column {column!r}{hint}")
        listed = self.columns if self.columns_file is None else read_names(self.columns_file)
        return choose_columns(available, columns=listed, drop=self.drop)
