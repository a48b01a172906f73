"""Was a table scaled over everybody before it came here, external patients included?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.audit.check import Check, Finding
from fusion.audit.near import continuous
from fusion.audit.roster import Roster

FEWEST_COLUMNS = 10
"""Of numbers that hardly repeat; a pattern in fewer may be chance."""

EXACT = 0.01
"""Largest distance from mean 0 and standard deviation 1, in most columns, that scaling over
just these patients leaves: rounding, and either divisor."""

LOOKS = 0.15
"""The same distance that looks like z-scores made over some other group of patients."""

CENTER_SIZE = 5
"""Patients that a centre needs to be looked at by itself."""


def scaled_over_all(tables: Mapping[str, pd.DataFrame], roster: Roster) -> Check:
    """Look for the traces that z-scores, ranks and ranges over too many patients leave.

    Args:
        tables: modality -> all patients x numbers as measured, NaN = not known.
        roster: who is in which part.
    """
    rows, findings = [], []
    for name, table in sorted(tables.items()):
        x = table.to_numpy(dtype=float)
        columns = continuous(x)
        if columns.sum() < FEWEST_COLUMNS:
            continue
        x = x[:, columns]
        part = np.array([roster.parts.get(p, "") for p in table.index])
        center = np.array([roster.centers.get(p, "") for p in table.index])
        training = x[part == "train"]
        told = {
            "training": _off(training),
            "everybody": min(_off(x), _off(x[part != ""])),
            "each centre": _off_within(x, center),
        }
        rows.append([name, int(columns.sum()), len(x), *told.values()])
        findings += _judge(name, told, x, training)
    return Check(
        name="table normalised over all",
        question="Was a table scaled or ranked over patients who are not training patients?",
        findings=tuple(findings),
        not_asked="" if rows else f"no table with {FEWEST_COLUMNS} columns of numbers",
        table=pd.DataFrame(
            rows,
            columns=["table", "columns", "patients", "off_training", "off_everybody", "off_center"],
        ),
    )


def _judge(
    name: str,
    told: Mapping[str, float],
    x: Float[np.ndarray, "n d"],
    training: Float[np.ndarray, "t d"],
) -> list[Finding]:
    where = min(told, key=lambda group: told[group])
    cure = "Take the values as measured: the run scales them by its training patients"
    if told[where] <= EXACT:
        if where == "training":
            return []
        whom = "all patients" if where == "everybody" else "the patients of each centre"
        what = f"most columns have mean 0 and standard deviation 1 over {whom}"
        return [_finding("error", name, f"{what}, external ones included", cure)]
    if _ranked(x):
        what = "every column holds the same values in another order: ranks over all patients"
        return [_finding("error", name, what, cure)]
    if _ranged(x) and not _ranged(training):
        what = "most columns run from exactly 0 to exactly 1 over all patients"
        return [_finding("error", name, what, cure)]
    if min(told["training"], told["everybody"]) <= LOOKS:
        what = (
            "its columns look like z-scores (mean near 0, standard deviation near 1), made over "
            "other patients than the training patients; whether test patients were among them the "
            "numbers do not say"
        )
        return [_finding("warning", name, what, f"{cure}; or find out, and accept it with that")]
    return []


def _off(x: Float[np.ndarray, "n d"]) -> float:
    """Median over columns of how far mean and standard deviation are from 0 and 1."""
    if len(x) < CENTER_SIZE:
        return float("inf")
    known = np.isfinite(x).sum(axis=0)
    x = x[:, known >= CENTER_SIZE]
    if not x.shape[1]:
        return float("inf")
    mean, sd = np.abs(np.nanmean(x, axis=0)), np.nanstd(x, axis=0)
    other = sd * np.sqrt(known[known >= CENTER_SIZE] / (known[known >= CENTER_SIZE] - 1))
    return float(np.median(np.maximum(mean, np.minimum(abs(sd - 1), abs(other - 1)))))


def _off_within(x: Float[np.ndarray, "n d"], center: np.ndarray) -> float:
    """The worst centre; infinite where there is one only."""
    names, counts = np.unique(center[center != ""], return_counts=True)
    large = names[counts >= CENTER_SIZE]
    return max((_off(x[center == c]) for c in large), default=1.0) if len(large) > 1 else np.inf


def _ranked(x: Float[np.ndarray, "n d"]) -> bool:
    full = x[:, np.isfinite(x).all(axis=0)]
    if full.shape[1] < FEWEST_COLUMNS:
        return False
    ordered = np.sort(full, axis=0)
    same = np.isclose(ordered, np.median(ordered, axis=1, keepdims=True), atol=1e-6).all(axis=0)
    return bool(same.mean() > 0.5)


def _ranged(x: Float[np.ndarray, "n d"]) -> bool:
    known = x[:, np.isfinite(x).any(axis=0)]
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    return bool(((low == 0) & (high == 1)).mean() > 0.5)


def _finding(severity: str, name: str, what: str, cure: str) -> Finding:
    return Finding(
        severity="error" if severity == "error" else "warning",
        message=f"{name}: {what}. {cure}",
        subject=name,
    )
