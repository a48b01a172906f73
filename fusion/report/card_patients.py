"""What the model card says of patients: counts and shares, never one of them."""

from collections.abc import Sequence

import pandas as pd

from fusion.audit.check import Audit
from fusion.report.markdown import grid, plain
from fusion.report.population import Population
from fusion.report.summary import RunSummary
from fusion.report.table_one_layout import written
from fusion.report.who import PART_TITLES, patients_by_center

_FEW = 5
"""Fewer patients than this are not counted in a card, which goes further than a report."""


def training_table(who: Population) -> str:
    """Characteristics and labels of the training patients; small counts are not told."""
    rows = who.table_one[who.table_one["group"] == PART_TITLES["train"]]
    if rows.empty:
        return "The training patients are described in the card of the run that trained the model."
    shown = [[row["variable"], row["level"], _told(row)] for _, row in rows.iterrows()]
    return grid(["Characteristic or label", "", "Training patients"], shown)


def by_center(summary: RunSummary) -> str:
    """Patients of each centre and part."""
    table = patients_by_center(summary)
    rows = [[c["center"], *(c[p] for p in PART_TITLES)] for c in table.to_dict("records")]
    return grid(["Centre", *PART_TITLES.values()], rows)


def factors(summary: RunSummary, modalities: Sequence[str]) -> str:
    """What performance may depend on, and whether it was looked at."""
    shares = ", ".join(f"{m} {100 * summary.presence[m].mean():.0f} %" for m in modalities)
    groups = ", ".join(summary.subgroups)
    asked = (
        f"Performance was measured in groups by {groups}; the report of the run shows it."
        if groups
        else "Performance was not measured in groups by sex, age or the like."
    )
    has = f" Modalities (share of the patients who have each): {shares}." if shares else ""
    return plain(
        f"Centre, and whatever differs between centres: scanner, stain, patients.{has}"
    ) + (f" {plain(asked)}")


def audit_summary(audit: Audit | None) -> str:
    """How many questions, and which of them found something; messages may name patients."""
    if audit is None:
        return "Nobody looked for leakage and shift."
    asked = [c for c in audit.checks if not c.not_asked]
    found = [c.name for c in asked if c.findings]
    text = f"{len(asked)} of {len(audit.checks)} questions about leakage and shift were asked"
    if not found:
        return f"{text}; none found anything."
    return plain(f"{text}; these found something, see the report: {', '.join(found)}.")


def _told(row: pd.Series) -> str:
    known = int(row["known"])
    if known < _FEW:
        return f"known of fewer than {_FEW} patients"
    if not pd.isna(row["count"]):
        count = int(row["count"])
        if not _FEW <= count <= known - _FEW:
            return f"of {known}: too few to tell"
        return f"{100 * count / known:.0f} % of {known}"
    low, middle, high = (
        written(float(row[name])) for name in ("lower_quartile", "median", "upper_quartile")
    )
    return f"median {middle}, quartiles {low} to {high}, of {known}"
