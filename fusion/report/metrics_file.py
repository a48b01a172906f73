"""`metrics.json`, for programs and for people, and `metrics.csv`, for spreadsheets."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fusion.errors import ReadError
from fusion.report.added_row import AddedRow
from fusion.report.metric_row import MetricRow
from fusion.report.pooled_row import PooledRow
from fusion.report.publish import publish, to_csv

FORMAT = "fusion-metrics/2"


@dataclass(frozen=True)
class Metrics:
    """All rows of a run, and how their intervals were made."""

    rows: tuple[MetricRow, ...]
    draws: int
    seed: int
    model: str = "fusion"
    baseline: str | None = "clinical"
    """The model that the main one is held against; None where there is none."""
    pooled: tuple[PooledRow, ...] = ()
    """Primary metrics over external centres, with what to expect at a new one."""
    added: tuple[AddedRow, ...] = ()
    """What is added to a clinical offset; none for a model without."""

    def one(self, **fields: str | None) -> MetricRow | None:
        """The row with these fields over all centres, or None; `versus` is None unless given."""
        wanted = {"cohort": "all", "center": "all", "versus": None, **fields}
        for row in self.rows:
            if all(getattr(row, name) == value for name, value in wanted.items()):
                return row
        return None


def save_metrics(metrics: Metrics, folder: Path) -> None:
    """Write `metrics.json`, one row a line and never NaN, and `metrics.csv`.

    Raises:
        ReportError: where a file cannot be written.
    """
    about = {k: v for k, v in vars(metrics).items() if k not in ("rows", "pooled", "added")}
    head = json.dumps({"format": FORMAT, **about, "level": 0.95}, indent=1)[:-2]
    plain = _lines([row for row in metrics.rows if row.versus is None])
    differences = _lines([row for row in metrics.rows if row.versus is not None])
    pooled = ",\n".join(f"  {json.dumps(asdict(r), allow_nan=False)}" for r in metrics.pooled)
    added = ",\n".join(f"  {json.dumps(asdict(r), allow_nan=False)}" for r in metrics.added)
    lists = {"metrics": plain, "differences": differences, "pooled": pooled, "added": added}
    body = ",\n".join(f' "{name}": [\n{lines}\n ]' for name, lines in lists.items())
    text = f"{head},\n{body}\n}}\n"
    publish(folder / "metrics.json", text.encode())
    publish(folder / "metrics.csv", to_csv(pd.DataFrame([asdict(row) for row in metrics.rows])))


def load_metrics(path: Path) -> Metrics:
    """Read `metrics.json`.

    Raises:
        ReadError: for a file that is absent, no JSON, or of another format.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReadError(path, f"is no metrics file: {error}") from error
    if content.get("format") != FORMAT:
        raise ReadError(path, f"has format {content.get('format')!r}, expected {FORMAT!r}")
    rows = tuple(MetricRow(**row) for row in content["metrics"] + content["differences"])
    about = {name: content[name] for name in ("draws", "seed", "model", "baseline")}
    pooled = [PooledRow(**{**r, "left_out": tuple(r["left_out"])}) for r in content["pooled"]]
    added = tuple(AddedRow(**row) for row in content.get("added", ()))
    return Metrics(rows, **about, pooled=tuple(pooled), added=added)


def _lines(rows: Sequence[MetricRow]) -> str:
    return ",\n".join(f"  {json.dumps(_shown(row), allow_nan=False)}" for row in rows)


def _shown(row: MetricRow) -> dict[str, Any]:
    """Without what a plain metric does not have."""
    fields = asdict(row)
    return fields if row.versus else {k: v for k, v in fields.items() if k not in ("versus", "p")}
