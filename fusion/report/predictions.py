"""The file that every figure of a report is recomputed from: `predictions.parquet`."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.errors import PredictionsError, ReadError
from fusion.report.publish import publish

SCHEMA = pa.schema(
    [pa.field(n, pa.string(), nullable=False) for n in ("model", "patient_id", "center", "cohort")]
    + [pa.field(n, pa.string(), nullable=False) for n in ("part", "task", "class")]
    + [pa.field("value", pa.float64(), nullable=False)]
    + [pa.field(n, pa.float64()) for n in ("target", "event")]
)
"""One row per model, patient, task and class.

`value` is a probability, a log hazard (class `risk`) or the probability to be alive (class
`survival_<days>`). `target` is 1 or 0 for whether this class is the true one, or the time in days;
`event` is for survival only: 1, 0, or 2 for a
competing event, which rules this one out. NaN in `target` or `event`: not known.
"""

PARTS = ("train", "val", "test", "external")
"""What `part` may say."""

_KEY = ["model", "cohort", "patient_id", "task", "class"]


def check(predictions: pd.DataFrame) -> None:
    """Refuse a table that is not what `SCHEMA` says, or that contradicts itself.

    Raises:
        PredictionsError: naming the column, or the first row at fault and how many there are.
    """
    missing = [n for n in SCHEMA.names if n not in predictions.columns]
    unknown = [str(n) for n in predictions.columns if n not in SCHEMA.names]
    if missing or unknown:
        raise PredictionsError(
            f"columns missing: {missing}, unknown: {unknown}; expected {SCHEMA.names}"
        )
    if predictions.empty:
        raise PredictionsError("no rows; expected one per model, patient, task and class")
    for name in SCHEMA.names[:7]:
        text = predictions[name].map(lambda v: isinstance(v, str) and v.strip() != "")
        _refuse(predictions, ~text.to_numpy(bool), f"{name} is blank or not text")
    for name in SCHEMA.names[7:]:
        if predictions[name].dtype != np.float64:
            raise PredictionsError(f"{name} is {predictions[name].dtype}, expected float64")
    for name in ("center", "cohort"):
        _refuse(predictions, (predictions[name] == "all").to_numpy(), f"{name} may not be 'all'")
    known = predictions["part"].isin(PARTS).to_numpy()
    _refuse(predictions, ~known, f"part is none of {', '.join(PARTS)}")
    finite = np.isfinite(predictions["value"].to_numpy())
    _refuse(predictions, ~finite, "value is not finite: a model must predict for every row")
    _refuse(predictions, np.isinf(predictions["target"].to_numpy()), "target is infinite")
    event = predictions["event"]
    coded = (event.isna() | event.isin([0.0, 1.0, 2.0])).to_numpy()
    _refuse(predictions, ~coded, "event is not 0, 1 or 2")
    twice = predictions.duplicated(_KEY).to_numpy()
    _refuse(predictions, twice, "predicted twice; expected one row per model, patient, task, class")
    _refuse(
        predictions,
        _differs(predictions, ["part", "center"], _KEY[1:3]),
        "a patient has one part and one centre, here are two",
    )
    _refuse(
        predictions,
        _differs(predictions, ["target", "event"], _KEY[1:]),
        "the label differs from the one that another model was given",
    )


def save(predictions: pd.DataFrame, path: Path) -> Path:
    """Check, then write in one step: the file is whole or not there.

    Raises:
        PredictionsError: for a table that `check` refuses.
        ReportError: where it cannot be written.
    """
    check(predictions)
    table = pa.Table.from_pandas(predictions, schema=SCHEMA, preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), buffer)
    return publish(path, buffer.getvalue())


def load(path: Path) -> pd.DataFrame:
    """Read and check.

    Raises:
        ReadError: for a file that is absent or no Parquet.
        PredictionsError: for a table that `check` refuses.
    """
    try:
        predictions = pq.read_table(path).to_pandas()
    except FileNotFoundError as error:
        raise ReadError(path, "is not there; training writes it into the run's folder") from error
    except (pa.ArrowException, OSError) as error:
        raise ReadError(path, f"is not a Parquet file that can be read: {error}") from error
    try:
        check(predictions)
    except PredictionsError as error:
        raise PredictionsError(f"{path}: {error}") from error
    return predictions


def _differs(predictions: pd.DataFrame, values: list[str], within: list[str]) -> np.ndarray:
    """Rows that say otherwise than the first row of their group; NaN equals NaN."""
    group = predictions.groupby(within, sort=False).ngroup().to_numpy()
    mine = predictions[values].reset_index(drop=True)
    first = mine.iloc[np.unique(group, return_index=True)[1][group]].reset_index(drop=True)
    return (~((mine == first) | (mine.isna() & first.isna())).all(axis=1)).to_numpy()


def _refuse(predictions: pd.DataFrame, faulty: np.ndarray, message: str) -> None:
    if faulty.any():
        row = predictions.iloc[int(np.flatnonzero(faulty)[0])]
        where = ", ".join(f"{name} {row[name]!r}" for name in ("patient_id", *_KEY[:2], *_KEY[3:]))
        shown = ", ".join(f"{name} {row[name]!r}" for name in ("part", "value", "target", "event"))
        raise PredictionsError(
            f"{message}: {int(faulty.sum())} of {len(predictions)} rows, first {where} ({shown})"
        )
