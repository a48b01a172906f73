"""Six invented patients in the layout of the raw TCGA glioma tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

IDS = [f"FAKE-{c}-000{i}" for i, c in enumerate(["AA", "AA", "AB", "BB", "CC", "CC"])]


@pytest.fixture
def tiny_source(tmp_path: Path) -> Path:
    """Two codes (AA, AB) are one hospital by the list, BB and CC by our own list of names."""
    root = tmp_path / "raw"
    tcga = root / "tcga"
    (tcga / "mri3d").mkdir(parents=True)
    (tcga / "wsi_roi").mkdir()
    names = {"AA": "Here", "AB": "Here", "BB": "UNC", "CC": "University of North Carolina"}
    codes = pd.DataFrame({"tss_code": names.keys(), "institution": names.values()})
    codes.to_csv(tcga / "tss_codes.csv", index=False)
    patients().to_csv(tcga / "patients.csv", index=False)
    omics().to_csv(tcga / "rna_cnv_mut_clinical.csv.gz", index=False)
    mutations = pd.DataFrame({"patient": IDS[:2], "n_nonsilent": [9, 99]})
    mutations = mutations.assign(IDH1=[0, 1], IDH2=0, TP53=[1, 0], TERT=0, CDKN2A=0)
    mutations.to_csv(tcga / "mutation_matrix.csv.gz", index=False)
    crops = pd.DataFrame({"patient": [IDS[0]], "has_T1pre": [True], "has_FLAIR": [True]})
    crops.assign(has_T1post=False).to_csv(tcga / "mri3d" / "manifest.csv", index=False)
    folds = pd.DataFrame({"patient": IDS[:3], "fold": [0, 1, 0], "AMIL_wsi": 0.5})
    folds.to_csv(tcga / "wsi_oof_risk.csv", index=False)
    image, mask = crop()
    present = np.array([True, True, False])
    np.savez(tcga / "mri3d" / f"{IDS[0]}.npz", image=image, mask=mask, channel_present=present)
    for name in ("1", "1_nuclei_seg"):
        picture = Image.new("RGB", (8, 8), (200, 120, 180))
        picture.save(tcga / "wsi_roi" / f"{IDS[1]}-01Z-00-DX1_{name}.png")
    return root


def crop() -> tuple[np.ndarray, np.ndarray]:
    """Three sides of different length, so that a swapped axis shows."""
    image = np.random.default_rng(0).integers(0, 255, (3, 2, 3, 4), dtype=np.uint8)
    mask = np.zeros((2, 3, 4), dtype=np.uint8)
    mask[1, 2, 0] = 1
    return image, mask


def patients() -> pd.DataFrame:
    """The last is known by id only; the third has age, sex and histology in the omics table."""
    x = None
    table = pd.DataFrame(
        {
            "patient": IDS,
            "tss": ["AA", "AA", "AB", "BB", "CC", "CC"],
            "institution": ["Here"] * 3 + ["UNC"] + ["University of North Carolina"] * 2,
            "project": ["GBM", "LGG", "LGG", "LGG", "GBM", x],
            "histology": ["glioblastoma", "oligodendroglioma", x, x, "glioblastoma", x],
            "idh": ["WT", "Mutant", "Mutant", "Mutant", x, x],
            "codel_1p19q": ["non-codel", "codel", "non-codel", x, x, x],
            "mgmt": ["Unmethylated", "Methylated", x, x, x, x],
            "subtype": ["Classical", "IDHmut-codel", "IDHmut-non-codel", x, "G-CIMP", x],
            "grade": ["G4", "G2", x, "G3", "G4", x],
            "age": [60.0, 40.0, x, 30.0, x, x],
            "gender": ["male", "female", x, "male", x, x],
            "kps": [80.0, x, x, x, 0.0, x],
            "who2021": ["Glioblastoma, IDH-wildtype. Grade 4.", x, x, x, x, x],
            "os_days": [100.0, 2000.0, 304.4, 0.0, x, x],
            "os_event": [1.0, 0.0, 1.0, 0.0, 1.0, x],
        }
    )
    return table.assign(pfi_days=table["os_days"], pfi_event=table["os_event"])


def omics() -> pd.DataFrame:
    """Two slides of the first patient, one of the third."""
    slides = [IDS[0], IDS[0], IDS[2]]
    table = pd.DataFrame({"case_id": slides, "slide_id": ["a", "b", "c"]})
    table = table.assign(age=[60.0, 60.0, 35.0], survival_months=[3.29, 3.29, 10.0])
    table = table.assign(censorship=[0.0, 0.0, 0.0], is_female=[0.0, 0.0, 1.0])
    table = table.assign(oncotree_code=["GBM", "GBM", "AASTR"], TP53_rnaseq=[0.5, 0.5, -1.25])
    mutated = {f"{gene}_mut": [0, 0, 1] for gene in ("IDH1", "ATRX", "CIC", "FUBP1")}
    return table.assign(EGFR_cnv=[2, 2, 0], CDKN2A_cnv=[-2, -2, 0], **mutated)
