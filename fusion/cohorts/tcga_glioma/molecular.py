"""Omics: expression, copy number and mutations, one row per patient."""

import numpy as np
import pandas as pd

NOT_MEASURED = ("TERT", "CDKN2A")
"""Genes of the mutation table that glioma changes in ways an exome does not see (the TERT
promoter; deletion of CDKN2A): their zeros would be read as 'absent', so they are left out."""

MARKERS = ("IDH1_mut", "ATRX_mut", "CIC_mut", "FUBP1_mut", "CDKN2A_cnv", "EGFR_cnv")
"""Columns beside the RNA that `markers` keeps; IDH and 1p/19q follow from them."""


def omics_tables(omics: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """`rna` (z-scores) and `cnv` (GISTIC, -2 to 2), columns named by gene.

    Example:
        >>> row = {"case_id": "a", "slide_id": "s", "EGFR_rnaseq": 0.5, "EGFR_cnv": 2, "x_mut": 0}
        >>> {k: v.to_dict("index") for k, v in omics_tables(pd.DataFrame([row])).items()}
        {'rna': {'a': {'EGFR': 0.5}}, 'cnv': {'a': {'EGFR': 2.0}}}
    """
    rows = omics.drop_duplicates("case_id").set_index("case_id").rename_axis("patient_id")
    tables = {}
    for name, suffix in (("rna", "_rnaseq"), ("cnv", "_cnv")):
        table = rows.loc[:, rows.columns.str.endswith(suffix)].astype(float)
        tables[name] = table.set_axis(table.columns.str.removesuffix(suffix), axis=1)
    return tables


def markers(omics: pd.DataFrame) -> pd.DataFrame:
    """Age, glioblastoma or not, and six genes: what the strongest plain survival model reads.

    Mutations (0 or 1) and copy number (-2 to 2) are those beside the RNA, which the published
    folds come with, not the exome table's.
    """
    rows = omics.drop_duplicates("case_id").set_index("case_id").rename_axis("patient_id")
    table = pd.DataFrame({"age_years": rows["age"]})
    table["glioblastoma"] = (rows["oncotree_code"] == "GBM").astype(float)
    return table.join(rows[list(MARKERS)].astype(float))


def mutations(matrix: pd.DataFrame) -> pd.DataFrame:
    """Genes with a non-silent somatic mutation (0 or 1), and the log10 of 1 + their count.

    The count spans 0 to 6086 (hypermutated tumours), hence the logarithm.
    """
    rows = matrix.set_index("patient").rename_axis("patient_id")
    count = np.log10(1.0 + rows["n_nonsilent"].to_numpy(dtype=float))
    genes = rows.drop(columns=["n_nonsilent", *(g for g in NOT_MEASURED if g in rows)])
    return genes.astype(float).assign(log10_nonsilent=count)
