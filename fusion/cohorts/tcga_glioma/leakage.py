"""Which inputs give a target away: patterns of `modality.column`, as `fnmatch` reads them."""

from collections.abc import Mapping

_HISTOLOGY = ("clinical.grade", "clinical.histology_*")

LABEL_DEFINING: Mapping[str, tuple[str, ...]] = {
    # The label is a mutation of IDH1 or IDH2.
    "idh": ("mutations.IDH1", "mutations.IDH2", "markers.IDH1_mut"),
    # The label is copy number of whole arms 1p and 19q; the copy-number table here holds genes
    # of 7p11 and 9p21 only, so nothing in it defines the label.
    "codel_1p19q": (),
    "mgmt": (),
    # IDH and 1p/19q together.
    "subtype": ("mutations.IDH1", "mutations.IDH2", "markers.IDH1_mut"),
    # In these tables a glioblastoma is grade 4 and nothing else is.
    "histology": (*_HISTOLOGY, "markers.glioblastoma"),
    "grade": (*_HISTOLOGY, "markers.glioblastoma"),
    # WHO 2021 types follow from IDH, 1p/19q, histology and grade; EGFR amplification and
    # 9p21 loss are criteria of glioblastoma and of grade 4.
    "who2021": (
        "mutations.IDH1",
        "mutations.IDH2",
        "markers.*",
        "cnv.*",
        *_HISTOLOGY,
    ),
    # Expression clusters: made from expression. The G-CIMP class is the IDH-mutant one.
    "expression_subtype": ("rna.*", "mutations.IDH1", "mutations.IDH2", "markers.*"),
    "os": (),
    "pfi": (),
}
"""Columns that are the target, or from which its definition follows: never an input to it.

A target with no entries has been looked at; a name that is absent here has not.
"""

LABEL_PROXY: Mapping[str, tuple[str, ...]] = {
    # Histology and grade nearly decide IDH: 310 of 336 glioblastomas with a known state are
    # wild type, 204 of 226 oligodendroglial and mixed tumours mutant. Age follows them.
    "idh": ("mutations.ATRX", "mutations.CIC", "mutations.FUBP1", *_HISTOLOGY),
    # CIC lies on 19q and FUBP1 on 1p; IDH is mutant in every codeleted tumour of the cohort.
    "codel_1p19q": (
        "mutations.CIC",
        "mutations.FUBP1",
        "mutations.IDH1",
        "mutations.IDH2",
        *_HISTOLOGY,
    ),
    # IDH-mutant tumours are methylated: IDH alone predicts MGMT with an AUC of .78 to .86.
    "mgmt": ("mutations.IDH1", "mutations.IDH2", *_HISTOLOGY),
    "subtype": ("mutations.ATRX", "mutations.CIC", "mutations.FUBP1", *_HISTOLOGY),
}
"""Columns that do not define the target but come close. Allowed; say so beside any result,
and report it without them as well."""
