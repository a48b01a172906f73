"""Rows of a table -> vectors without gaps; whatever is fitted is fitted on training patients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.data.prepare.values import check_range, check_values
from fusion.data.readers.table import require_columns
from fusion.errors import ConfigError


@dataclass(frozen=True, eq=False)
class VectorPreprocess:
    """Median imputation, standardising and one-hot coding, as learned from training patients.

    The vector is: standardised numbers, then one 0/1 per declared category (all 0 where the
    category is not known), then one 0/1 per indicator of a missing number.
    """

    columns: tuple[str, ...]
    """Numbers that are kept, sorted."""
    fill: Float[np.ndarray, " columns"]
    """Training median, after log1p; stands where a number is missing."""
    center: Float[np.ndarray, " columns"]
    scale: Float[np.ndarray, " columns"]
    """Standard deviation in training, after imputation; never 0."""
    log1p: bool
    clip: float | None
    """Standardised numbers are cut here, so that one outlier does not rule; None leaves them."""
    categories: Mapping[str, tuple[str, ...]]
    """Categorical column -> its values, in the order of the configuration."""
    indicators: tuple[str, ...]
    """Numbers whose absence is an input of its own."""
    dropped: Mapping[str, str]
    """Column -> why it was left out; what variance selection left out is not listed."""

    @staticmethod
    def fit(
        table: pd.DataFrame,
        *,
        select_variance: int | None = None,
        log1p: bool = False,
        clip: float | None = None,
        categorical: Mapping[str, Sequence[str]] | None = None,
        indicators: bool = False,
    ) -> "VectorPreprocess":
        """Learn from training patients, one row each; every column of the table is an input.

        Args:
            table: index patient; float columns, and text in those that are categorical.
            select_variance: keep so many numbers, those of the largest variance over the
                training patients who have them; ties go by name.
            log1p: take log(1 + x) first, for counts.
            clip: cut standardised numbers at so many standard deviations.
            categorical: column -> allowed values; columns that the table lacks are not used.
            indicators: tell the network which numbers were missing, for each column that has
                gaps in training.

        Raises:
            ReadError: for an undeclared category, or a negative number under log1p.
            ConfigError: where more columns are asked for than there are, or none is left.
        """
        declared = {c: tuple(v) for c, v in (categorical or {}).items() if c in table.columns}
        check_values(table, categorical=declared, log1p=log1p, path="training table")
        names = np.array(sorted(set(table.columns) - set(declared)), dtype=object)
        x = _numbers(table, names, log1p)
        absent = np.isnan(x)
        dropped = {str(c): "missing in every training patient" for c in names[absent.all(axis=0)]}
        names, x, absent = (a[..., ~absent.all(axis=0)] for a in (names, x, absent))
        if select_variance is not None:
            if select_variance > len(names):
                raise ConfigError(
                    f"select_variance is {select_variance}, but the training patients have only "
                    f"{len(names)} columns of numbers"
                )
            # `names` is sorted, and a stable sort leaves ties in that order
            best = np.sort(np.argsort(-np.nanvar(x, axis=0), kind="stable")[:select_variance])
            names, x, absent = (a[..., best] for a in (names, x, absent))
        fill = np.nanmedian(x, axis=0) if len(names) else np.zeros(0)
        x = np.where(absent, fill, x)
        center, scale = x.mean(axis=0), x.std(axis=0)
        varies = (x.max(axis=0) > x.min(axis=0)) & (scale > 0)
        dropped |= {str(c): "the same in every training patient" for c in names[~varies]}
        gaps = absent.any(axis=0) & varies & indicators
        if not varies.any() and not declared:
            raise ConfigError(f"no column is left: {dropped or 'the table has none'}")
        return VectorPreprocess(
            columns=tuple(map(str, names[varies])),
            fill=fill[varies],
            center=center[varies],
            scale=scale[varies],
            log1p=log1p,
            clip=clip,
            categories=declared,
            indicators=tuple(map(str, names[gaps])),
            dropped=dropped,
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns that a table must have."""
        return (*self.columns, *self.categories)

    @property
    def names(self) -> tuple[str, ...]:
        """What each number of the vector means."""
        coded = (f"{c}={value}" for c, values in self.categories.items() for value in values)
        return (*self.columns, *coded, *(f"{c} missing" for c in self.indicators))

    def transform(
        self, table: pd.DataFrame, *, path: Path | str = "table"
    ) -> Float[np.ndarray, "rows width"]:
        """Vectors of any patients, in float32; columns are found by name, others never matter.

        Raises:
            ReadError: as `standardised` and `assemble` do.
        """
        return self.assemble(table, self.standardised(table, path=path), path=path)

    def standardised(
        self, table: pd.DataFrame, *, path: Path | str = "table"
    ) -> Float[np.ndarray, "rows columns"]:
        """The numbers alone, neither cut nor filled in: NaN where they are not known.

        Raises:
            ReadError: for a column that is not there, an undeclared category, or a negative
                number under log1p.
        """
        require_columns(table, self.needs, path)
        check_values(
            table[list(self.needs)], categorical=self.categories, log1p=self.log1p, path=path
        )
        return (_numbers(table, self.columns, self.log1p) - self.center) / self.scale

    def assemble(
        self,
        table: pd.DataFrame,
        numbers: Float[np.ndarray, "rows columns"],
        *,
        path: Path | str = "table",
    ) -> Float[np.ndarray, "rows width"]:
        """Vectors from standardised numbers, which may have been harmonised since.

        Raises:
            ReadError: for a number beyond float32.
        """
        z = np.where(np.isnan(numbers), (self.fill - self.center) / self.scale, numbers)
        if self.clip is not None:
            z = z.clip(-self.clip, self.clip)
        codes = [
            (table[c] == value).to_numpy(np.float64)[:, None]
            for c, values in self.categories.items()
            for value in values
        ]
        gaps = table[list(self.indicators)].isna().to_numpy(np.float64)
        vectors = np.concatenate([z, *codes, gaps], axis=1)
        check_range(vectors, self.names, table.index, path)
        return vectors.astype(np.float32)

    def state(self) -> dict[str, Any]:
        """JSON-able; exact, since JSON keeps every digit of a float64."""
        return {
            "columns": list(self.columns),
            "fill": self.fill.tolist(),
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "log1p": self.log1p,
            "clip": self.clip,
            "categories": {c: list(v) for c, v in self.categories.items()},
            "indicators": list(self.indicators),
            "dropped": dict(self.dropped),
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> "VectorPreprocess":
        """The inverse of `state`."""
        return VectorPreprocess(
            columns=tuple(state["columns"]),
            fill=np.array(state["fill"], dtype=np.float64),
            center=np.array(state["center"], dtype=np.float64),
            scale=np.array(state["scale"], dtype=np.float64),
            log1p=state["log1p"],
            clip=state["clip"],
            categories={c: tuple(v) for c, v in state["categories"].items()},
            indicators=tuple(state["indicators"]),
            dropped=dict(state["dropped"]),
        )


def _numbers(
    table: pd.DataFrame, columns: Sequence[str] | np.ndarray, log1p: bool
) -> Float[np.ndarray, "rows columns"]:
    x = table[list(columns)].to_numpy(np.float64)
    return np.log1p(x) if log1p else x
