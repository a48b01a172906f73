"""Where two raw tables say something about the same thing: do they say the same?"""

from collections.abc import Iterable

import pandas as pd

from fusion.cohorts.tcga_glioma.clinical import HISTOLOGY_OF_CODE
from fusion.cohorts.tcga_glioma.raw import Raw

DAYS_PER_MONTH = 365.25 / 12
ROUNDING_DAYS = 1.0
"""Months with two decimals are right to 0.15 days; a month of 30.4 or 30.44 days adds the rest."""


def agreement(raw: Raw) -> list[str]:
    """One line per pair of columns: how many patients have both, how many agree, who does not."""
    a = raw.patients.set_index("patient")
    b = raw.omics.drop_duplicates("case_id").set_index("case_id").reindex(a.index)
    m = raw.mutations.set_index("patient").reindex(a.index)
    days = (a["os_days"] - b["survival_months"] * DAYS_PER_MONTH).abs()
    died = 1 - b["censorship"]  # there, 0 means died
    sex = a["gender"].map({"female": 1.0, "male": 0.0})
    histology = b["oncotree_code"].map(HISTOLOGY_OF_CODE)
    mutated = m[["IDH1", "IDH2"]].max(axis=1).map({1: "Mutant", 0: "WT"})
    return [
        _line("survival event", a["os_event"].notna() & died.notna(), a["os_event"] != died),
        _line("survival time within 1 day", days.notna(), days > ROUNDING_DAYS),
        _line("age", a["age"].notna() & b["age"].notna(), a["age"] != b["age"]),
        _line("sex", sex.notna() & b["is_female"].notna(), sex != b["is_female"]),
        _line("histology", a["histology"].notna() & histology.notna(), a["histology"] != histology),
        _line("IDH label and exome", a["idh"].notna() & mutated.notna(), a["idh"] != mutated),
        _line(
            "survival event without a time (left unknown)",
            a["os_event"].notna() | a["pfi_event"].notna(),
            (a["os_event"].notna() & a["os_days"].isna())
            | (a["pfi_event"].notna() & a["pfi_days"].isna()),
        ),
    ]


def _line(what: str, both: pd.Series, differ: pd.Series) -> str:
    wrong = both & differ
    names: Iterable[str] = wrong.index[wrong][:10]
    who = f": {', '.join(names)}" if wrong.any() else ""
    return f"{what}: {int(both.sum())} patients have both, {int(wrong.sum())} differ{who}"
