"""The tables of the cohort: RNA, mutations and the clinical sheet, one row per patient."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.testing.demo.biology import Patient
from fusion.testing.demo.centers import LABS
from fusion.testing.demo.seeds import stream

SIGNATURES: dict[str, tuple[str, ...]] = {
    "metabolism": ("PDGFRA", "OLIG2", "SOX10", "DLL3", "ASCL1", "NKX2-2", "CHI3L1", "TIMP1",
                   "EMP3", "IGFBP2", "RBP1", "G0S2"),
    "proliferation": ("MKI67", "TOP2A", "CCNB1", "CCNB2", "CDK1", "BUB1", "AURKA", "AURKB", "PLK1",
                      "BIRC5", "TPX2", "UBE2C", "RRM2", "MCM2", "MCM6", "PCNA", "CENPF", "FOXM1"),
    "immune": ("CD3E", "CD8A", "CD2", "GZMA", "GZMB", "PRF1", "CXCL9", "CXCL10", "IFNG", "STAT1",
               "LAG3", "PDCD1", "CD274", "TIGIT", "NKG7", "CCL5", "HLA-DRA", "IDO1"),
    "vascularity": ("VEGFA", "KDR", "FLT1", "PECAM1", "CDH5", "ANGPT2", "ESM1", "TEK", "ENG",
                    "VWF", "CLDN5", "PLVAP"),
    "epithelial": ("EPCAM", "KRT8", "KRT18", "KRT19", "CDH1", "MUC1", "CLDN4", "TACSTD2", "ESRP1",
                   "ELF3"),
    "male": ("RPS4Y1", "DDX3Y", "KDM5D"),
    "female": ("XIST",),
}  # fmt: skip
"""Genes that carry a latent, by latent. The signs of metabolism's loadings alternate."""

BACKGROUND = 326
"""How many genes follow nothing but six nuisance factors; 400 in all."""

RATES: dict[str, tuple[float, float, float, float]] = {
    "TP53": (0.30, 0.45, 0.18, 0.55), "ATRX": (0.10, 0.35, 0.10, 0.05),
    "EGFR": (0.30, 0.12, 0.10, 0.15), "PTEN": (0.28, 0.12, 0.12, 0.10),
    "CIC": (0.05, 0.08, 0.28, 0.03), "FUBP1": (0.04, 0.06, 0.20, 0.02),
    "TERT": (0.55, 0.30, 0.50, 0.30), "KRAS": (0.02, 0.02, 0.02, 0.30),
}  # fmt: skip
"""How often a gene is mutated, in the order of `biology.KINDS`."""

PASSENGERS = ("NF1", "PIK3CA", "PIK3R1", "RB1", "NOTCH1", "STAG2", "LZTR1", "SETD2", "ARID1A",
              "PTPN11", "BCOR", "MUC16", "TTN", "RYR2", "FLG", "CSMD3", "LRP1B", "SPTA1",
              "PCLO", "OBSCN")  # fmt: skip
"""Genes mutated at random."""


def factor(patient: Patient, name: str) -> float:
    """A patient's value of what a signature carries."""
    match name:
        case "epithelial":
            return 2.0 if patient.kind == "metastasis" else 0.0
        case "male":
            return 4.0 if patient.sex == "M" else 0.0
        case "female":
            return 4.0 if patient.sex == "F" else 0.0
        case _:
            return float(getattr(patient, name))


def loadings(seed: int) -> pd.DataFrame:
    """Every gene: the latent that it carries ('' = none) and its loading in log2 units."""
    rng = stream(seed, "loadings")
    rows = []
    for name, genes in SIGNATURES.items():
        for i, gene in enumerate(genes):
            # half of metabolism's genes go down: a mean over the panel must not be enough
            sign = -1 if name == "metabolism" and i % 2 == 0 else 1
            low, high = (0.9, 1.1) if name in ("male", "female") else (0.5, 0.9)
            rows.append((gene, name, round(sign * float(rng.uniform(low, high)), 3)))
    rows += [(f"GENE{i + 1:04d}", "", 0.0) for i in range(BACKGROUND)]
    order = rng.permutation(len(rows))
    return pd.DataFrame([rows[i] for i in order], columns=["gene", "factor", "loading"])


def batch_shifts(seed: int, genes: list[str], *, shift: float) -> pd.DataFrame:
    """What each centre (column) adds to each gene (row), log2 units."""
    found = {
        each.name: shift
        * each.batch
        * stream(seed, "batch " + each.name).standard_normal(len(genes))
        for each in LABS
    }
    return pd.DataFrame(found, index=pd.Index(genes, name="gene")).round(4)


def rna(patients: list[Patient], *, shift: float, gaps: float, seed: int) -> pd.DataFrame:
    """Log2 expression, patients x 400 genes: level + latents + nuisance + batch + noise.

    The noise of a gene has standard deviation 0.7; six nuisance factors with loadings N(0, 0.35)
    run through all genes. `gaps` is the fraction of values that are blank.
    """
    genes = loadings(seed)
    rng = stream(seed, "genes")
    level = rng.uniform(3, 10, len(genes))
    nuisance = rng.normal(0, 0.35, (6, len(genes)))
    batch = batch_shifts(seed, list(genes["gene"]), shift=shift)
    rows = []
    for i, patient in enumerate(patients):
        own = stream(seed, "rna", i)
        signal = np.array([factor(patient, name) if name else 0.0 for name in genes["factor"]])
        value: Float[np.ndarray, " genes"] = (
            level
            + signal * genes["loading"].to_numpy()
            + own.standard_normal(6) @ nuisance
            + batch[patient.center].to_numpy()
            + own.normal(0, 0.7, len(genes))
        )
        value[own.random(len(genes)) < gaps] = np.nan
        rows.append(value)
    index = pd.Index([p.patient_id for p in patients], name="patient_id")
    return pd.DataFrame(np.stack(rows), index=index, columns=list(genes["gene"])).round(3)


def mutations(patients: list[Patient], *, gaps: float, seed: int) -> pd.DataFrame:
    """Mutated (1) or not (0), blank where not tested; with two columns that define the label."""
    rows = []
    for i, patient in enumerate(patients):
        rng = stream(seed, "mutations", i)
        column = ("glioblastoma", "astrocytoma", "oligodendroglioma", "metastasis").index(
            patient.kind
        )
        row = {gene + "_mut": int(rng.random() < rate[column]) for gene, rate in RATES.items()}
        row |= {gene + "_mut": int(rng.random() < 0.06) for gene in PASSENGERS}
        tested = {gene: value if rng.random() >= gaps else None for gene, value in row.items()}
        rows.append({"IDH1_mut": patient.idh, "codel_1p19q": patient.codel, **tested})
    index = pd.Index([p.patient_id for p in patients], name="patient_id")
    return pd.DataFrame(rows, index=index).astype("Int64")


def clinical(patients: list[Patient], *, gaps: float, seed: int) -> pd.DataFrame:
    """Age in years, sex, Karnofsky status (blank where nobody noted it), site of the tumour."""
    rows = []
    for i, patient in enumerate(patients):
        noted = stream(seed, "clinical", i).random() >= gaps
        kps = patient.kps if noted else None
        rows.append([patient.age, patient.sex, kps, patient.site, patient.side])
    index = pd.Index([p.patient_id for p in patients], name="patient_id")
    table = pd.DataFrame(rows, index=index, columns=["age", "sex", "kps", "site", "side"])
    return table.astype({"kps": "Int64"})
