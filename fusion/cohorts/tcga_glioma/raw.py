"""The raw files: where they lie, which columns are needed, and what they hash to."""

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fusion.cohorts.tcga_glioma.molecular import MARKERS
from fusion.errors import ReadError

PATIENTS = "tcga/patients.csv"
CODES = "tcga/tss_codes.csv"
OMICS = "tcga/rna_cnv_mut_clinical.csv.gz"
MUTATIONS = "tcga/mutation_matrix.csv.gz"
CROPS = "tcga/mri3d/manifest.csv"
FOLDS = "tcga/wsi_oof_risk.csv"
REGIONS = "tcga/wsi_roi"

REQUIRED = {
    PATIENTS: (
        "patient",
        "tss",
        "institution",
        "project",
        "histology",
        "idh",
        "codel_1p19q",
        "mgmt",
        "subtype",
        "grade",
        "age",
        "gender",
        "kps",
        "who2021",
        "os_days",
        "os_event",
        "pfi_days",
        "pfi_event",
    ),
    CODES: ("tss_code", "institution"),
    OMICS: (
        "case_id",
        "slide_id",
        "age",
        "survival_months",
        "censorship",
        "is_female",
        "oncotree_code",
        *MARKERS,
    ),
    MUTATIONS: ("patient", "n_nonsilent", "IDH1", "IDH2"),
    CROPS: ("patient", "has_T1pre", "has_FLAIR", "has_T1post"),
    FOLDS: ("patient", "fold"),
}
"""Tables and the columns that are read from each by name."""


@dataclass(frozen=True)
class Raw:
    """The raw tables as they are, one row per line of the file."""

    root: Path
    patients: pd.DataFrame
    codes: pd.DataFrame
    omics: pd.DataFrame
    """One row per *slide*; what is not the slide's name repeats."""
    mutations: pd.DataFrame
    crops: pd.DataFrame
    folds: pd.DataFrame
    """The five folds that MCAT and PORPOISE published; the risks beside them are never read."""

    @staticmethod
    def read(root: Path) -> "Raw":
        """Read every table below `root`, the folder that holds `tcga/`.

        Raises:
            ReadError: for a table that is missing, torn, or lacks a column.
        """
        return Raw(root, *(table(root, name) for name in REQUIRED))

    def crop(self, patient: str) -> Path:
        """Where a patient's MRI crop lies."""
        return (self.root / CROPS).with_name(f"{patient}.npz")

    @property
    def regions(self) -> tuple[Path, ...]:
        """H&E regions, sorted; the drawings of nuclei beside them are left out."""
        files = (self.root / REGIONS).glob("*.png")
        return tuple(sorted(f for f in files if not f.stem.endswith("_nuclei_seg")))

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that a build reads."""
        crops = sorted(self.crop(p) for p in self.crops["patient"])
        return (*(self.root / name for name in REQUIRED), *crops, *self.regions)


def table(root: Path, name: str) -> pd.DataFrame:
    """Read one raw table; codes stay text, so that `02` does not become 2.

    Raises:
        ReadError: where it is missing, torn, empty, or lacks a column.
    """
    path = root / name
    if not path.is_file():
        raise ReadError(
            path, "is missing; give as source the folder that holds tcga/ with all its tables"
        )
    try:
        read = pd.read_csv(path, dtype={"tss": str, "tss_code": str, "site": str})
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise ReadError(path, f"is not a whole CSV table ({error}); copy it again") from error
    except pd.errors.EmptyDataError as error:
        raise ReadError(path, "is empty; copy it again") from error
    if missing := [c for c in REQUIRED[name] if c not in read.columns]:
        raise ReadError(path, f"lacks the columns {missing}; it has {list(read.columns[:12])}, ...")
    return read


def digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        ReadError: where it is missing.
    """
    if not path.is_file():
        raise ReadError(path, "is missing, though a table names it; copy the whole source folder")
    return hashlib.sha256(path.read_bytes()).hexdigest()
