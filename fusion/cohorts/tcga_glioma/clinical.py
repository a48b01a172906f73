"""What a clinic has before any molecular test, as numbers."""

import pandas as pd

from fusion.cohorts.tcga_glioma.labels import VOCABULARY

HISTOLOGY_OF_CODE = {
    "GBM": "glioblastoma",
    "ASTR": "astrocytoma",
    "AASTR": "astrocytoma",
    "OAST": "oligoastrocytoma",
    "ODG": "oligodendroglioma",
    "AOAST": "oligodendroglioma",  # sic: all 51 patients with both tables are oligodendrogliomas
}
"""OncoTree code in the omics table -> histology, as all 390 patients with both have it."""


def histology(patients: pd.DataFrame, omics: pd.DataFrame) -> pd.Series:
    """Of each patient, from the omics table where `patients` has none; blank = not known."""
    raw = patients.set_index("patient").rename_axis("patient_id")["histology"].astype(object)
    code = omics.drop_duplicates("case_id").set_index("case_id")["oncotree_code"]
    return raw.fillna(code.reindex(raw.index).map(HISTOLOGY_OF_CODE))


def clinical(patients: pd.DataFrame, omics: pd.DataFrame) -> pd.DataFrame:
    """Age, sex, Karnofsky score, grade and histology; patients with none of these are left out.

    Columns: `age_years`, `female` (0 or 1), `kps` (0 to 100), `grade` (2 to 4, histological,
    before WHO 2021), and one 0/1 column per histology. Where `patients` has no age, sex or
    histology, the omics table's is taken. Grade is not: the code does not say it.
    """
    raw = patients.set_index("patient").rename_axis("patient_id")
    other = omics.drop_duplicates("case_id").set_index("case_id").reindex(raw.index)
    female = raw["gender"].map({"female": 1.0, "male": 0.0})
    kind = histology(patients, omics)
    table = pd.DataFrame(
        {
            "age_years": raw["age"].fillna(other["age"]),
            "female": female.fillna(other["is_female"]),
            "kps": raw["kps"],
            "grade": raw["grade"].astype(object).str.removeprefix("G").astype(float),
        }
    )
    for name in VOCABULARY["histology"]:
        table[f"histology_{name}"] = (kind == name).astype(float).where(kind.notna())
    return table.dropna(how="all")
