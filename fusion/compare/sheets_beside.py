"""Tables beside the comparison: within strata, and what training took."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from fusion.compare.sheets import TITLES
from fusion.compare.within import Within
from fusion.report.numbers import number
from fusion.report.sheet import Sheet
from fusion.report.tables import Block, Cell, Line, Table
from fusion.run.resources import Resources

_MB = 1_000_000


def strata_sheet(task: str, found: Sequence[Within]) -> Sheet | None:
    """Every stratum and model; those with too few are counted."""
    blocks = []
    for part in ("external", "test"):
        here = [w for w in found if w.part == part]
        for place in dict.fromkeys((w.characteristic, w.group) for w in here):
            lines = [_stratum(w) for w in here if (w.characteristic, w.group) == place]
            blocks.append(Block(f"{TITLES[part]}, {place[0]}: {place[1]}", tuple(lines)))
    if not blocks:
        return None
    head = ("Model", "Patients", "Events or positive", "Value", "Minus clinical")
    note = (
        "Mean over folds weighted by patients; 95 % intervals over patients, not corrected: "
        "nothing is claimed of strata. Below ten patients, or ten of a class or events, there is "
        "no number."
    )
    table = Table(f"{task}: within strata", head, tuple(blocks))
    data = pd.DataFrame([asdict(w) for w in found])
    return Sheet(f"strata_{task}", table, data, note, folded=True)


def resources_sheet(found: Mapping[str, Sequence[Resources]]) -> Sheet | None:
    """What each model took, on average over its trainings."""
    rows, lines = [], []
    for name, each in found.items():
        peaks = [r.peak_bytes for r in each if r.peak_bytes is not None]
        row = {
            "model": name,
            "trainings": len(each),
            "parameters": each[0].parameters,
            "trainable": each[0].trainable,
            "seconds": float(np.mean([r.seconds for r in each])),
            "epochs": float(np.mean([r.epochs for r in each])),
            "peak_mb": max(peaks) / _MB if peaks else None,
            "memory": "; ".join(sorted({r.memory for r in each})),
            "device": "; ".join(sorted({r.device for r in each})),
        }
        rows.append(row)
        peak = "not known" if row["peak_mb"] is None else f"{row['peak_mb']:,.0f} MB"
        lines.append(
            Line(
                name,
                tuple(
                    Cell(t)
                    for t in (
                        str(len(each)),
                        f"{row['parameters']:,}",
                        f"{row['trainable']:,}",
                        f"{row['seconds']:,.0f} s",
                        f"{row['epochs']:.1f}",
                        peak,
                    )
                ),
            )
        )
    if not rows:
        return None
    head = ("Model", "Trainings", "Parameters", "Trainable", "Seconds", "Epochs", "Peak memory")
    kinds = "; ".join(sorted({str(r["memory"]) for r in rows}))
    devices = "; ".join(sorted({str(r["device"]) for r in rows}))
    note = (
        f"Means over trainings, the largest peak ({kinds}; {devices}). Seconds are of the training "
        "loop, validation included, on a machine that may have done other work. In one process the "
        "later models of a sweep grow less, since memory is used again."
    )
    return Sheet(
        "resources",
        Table("What training took", head, (Block("", tuple(lines)),)),
        pd.DataFrame(rows),
        note,
    )


def _stratum(found: Within) -> Line:
    events = "–" if found.events is None else str(found.events)
    if found.value is None:
        cells = [Cell(found.reason), Cell("–")]
    elif found.gap is None or found.low is None or found.high is None:
        cells = [Cell(number(found.value)), Cell("–")]
    else:
        around = f"{number(found.low, signed=True)} to {number(found.high, signed=True)}"
        cells = [Cell(number(found.value)), Cell(number(found.gap, signed=True), around)]
    return Line(found.model, (Cell(str(found.n)), Cell(events), *cells))
