"""Targets: what is known of the tumour's kind and of how it went."""

import pandas as pd

VOCABULARY: dict[str, dict[str, str]] = {
    "idh": {"WT": "wildtype", "Mutant": "mutant"},
    "codel_1p19q": {"non-codel": "intact", "codel": "codeleted"},
    "mgmt": {"Unmethylated": "unmethylated", "Methylated": "methylated"},
    "grade": {"G2": "G2", "G3": "G3", "G4": "G4"},
    "histology": {
        h: h for h in ("astrocytoma", "oligoastrocytoma", "oligodendroglioma", "glioblastoma")
    },
    "gender": {"female": "female", "male": "male"},
}
"""Raw column -> raw word -> ours. Any other word stops the build."""

WHO2021 = {
    "Glioblastoma, IDH-wildtype": "glioblastoma",
    "Astrocytoma, IDH-mutant": "astrocytoma",
    "Oligodendroglioma, IDH-mutant, 1p/19q-codeleted": "oligodendroglioma",
}
EXPRESSION = ("Classical", "Mesenchymal", "Neural", "Proneural", "G-CIMP")
"""The source's `subtype` holds these for GBM and IDH/1p19q classes for LGG: two things."""


def targets(patients: pd.DataFrame) -> pd.DataFrame:
    """One row per patient, in the order of the table; blank = not known.

    `subtype` is the molecular class from IDH and 1p/19q. A survival target is known only where
    both time and event are. Day 0 stays: alive at the last contact, which was the first.

    Example:
        >>> row = dict.fromkeys(("mgmt", "grade", "subtype", "who2021"), None)
        >>> row |= {"patient": "a", "idh": "Mutant", "codel_1p19q": "codel", "pfi_days": 9.0}
        >>> row |= {"pfi_event": None, "os_days": 30.0, "os_event": 1.0}
        >>> targets(pd.DataFrame([row])).dropna(axis=1).T["a"].tolist()
        ['mutant', 'codeleted', 'idh_mutant_codeleted', 30.0, 1.0]
    """
    raw = patients.set_index("patient").rename_axis("patient_id")
    table = pd.DataFrame(index=raw.index)
    for name in ("idh", "codel_1p19q", "mgmt"):
        table[name] = raw[name].map(VOCABULARY[name])
    both = "idh_mutant_" + table["codel_1p19q"].astype(object)
    table["subtype"] = both.where(table["idh"] == "mutant").mask(
        table["idh"] == "wildtype", "idh_wildtype"
    )
    table["grade"] = raw["grade"]
    table["who2021"] = raw["who2021"].astype(object).str.split(". Grade", regex=False).str[0]
    table["who2021"] = table["who2021"].map(WHO2021)
    table["expression_subtype"] = raw["subtype"].where(raw["subtype"].isin(EXPRESSION))
    for name in ("os", "pfi"):
        pair = raw[[f"{name}_days", f"{name}_event"]].astype(float)
        known = pair.notna().all(axis=1)
        table[f"{name}_time_days"] = pair[f"{name}_days"].where(known)
        table[f"{name}_event"] = pair[f"{name}_event"].where(known)
    return table
