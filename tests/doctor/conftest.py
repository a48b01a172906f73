"""A cohort folder of six patients at two centres, small enough to be opened in a second."""

from contextlib import nullcontext
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fusion.doctor.checkup import Checkup, check_cohort

SEQUENCES = ("T1c", "FLAIR")
GENES = 30


class Mini:
    """The folder, and its tables as frames that a test changes before it writes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rng = np.random.default_rng(0)
        self.patients = [f"P{i}" for i in range(1, 7)]
        self.centers = {p: "Aachen" if i < 3 else "Bergen" for i, p in enumerate(self.patients)}
        self.rows: list[dict[str, object]] = []
        for patient in self.patients:
            for sequence in SEQUENCES:
                self.add(patient, "mri", self.volume(f"mri/{patient}_{sequence}.nii.gz"), sequence)
            self.add(patient, "wsi", self.slide(f"wsi/{patient}.png"), mpp=2.0)
            self.add(patient, "rna", "rna.csv")
        genes = {f"G{i}": self.rng.normal(5, 1, 6).round(4) for i in range(GENES)}
        self.rna = pd.DataFrame({"sample": self.patients, **genes})
        self.targets = pd.DataFrame(
            {
                "patient_id": self.patients,
                "idh": ["mutant", "wildtype"] * 3,
                "os_time_days": [100, 900, 300, 1200, 500, 800],
                "os_event": [1, 0, 1, 0, 1, 0],
            }
        )

    def add(self, patient, modality, path, sequence=None, mpp=None) -> None:
        center = self.centers[patient]
        row = {"patient_id": patient, "center": center, "modality": modality, "path": path}
        self.rows.append({**row, "sequence": sequence, "mpp": mpp})

    def line(self, path: str) -> int:
        """Line of the manifest that names a file."""
        return 2 + next(i for i, row in enumerate(self.rows) if row["path"] == path)

    def volume(self, path: str, *, affine=None, voxels=None) -> str:
        voxels = self.rng.normal(100, 20, (12, 14, 10)) if voxels is None else voxels
        affine = np.diag([1.0, 1.0, 2.0, 1.0]) if affine is None else affine
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(np.asarray(voxels, np.float32), affine), self.root / path)
        return path

    def slide(self, path: str) -> str:
        pixels = np.full((320, 320, 3), 244, np.uint8)
        pixels[60:260, 60:260] = [200, 110, 170]
        pixels[60:260, 60:260] += self.rng.integers(0, 30, (200, 200, 3), dtype=np.uint8)
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(self.root / path)
        return path

    def write(self) -> Path:
        pd.DataFrame(self.rows).to_csv(self.root / "manifest.csv", index=False)
        self.targets.to_csv(self.root / "targets.csv", index=False)
        self.rna.to_csv(self.root / "rna.csv", index=False)
        return self.root

    def check(self, workers: int = 2) -> Checkup:
        return check_cohort(
            self.write(),
            data_root=None,
            workers=workers,
            progress=lambda files, size: nullcontext(lambda done: None),
        )


@pytest.fixture
def mini(tmp_path: Path) -> Mini:
    root = tmp_path / "mini"
    root.mkdir()
    return Mini(root)
