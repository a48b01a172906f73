"""A cohort of heads like BraTS, written for the benchmarks of volumes: never committed, no patient.

Four sequences of 240 x 240 x 155 voxels of 1 mm, int16, skull-stripped: smooth contrast and noise
inside an ellipsoid of 140 x 175 x 145 mm, 0 outside, which gzip makes 2.6 MB, as BraTS's files are.
A mask of three labels lies in each. Axes are stored as in BraTS (to the left, to the back, up).
"""

import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from fusion.data.entry import Entry
from fusion.types import Center, Modality, PatientId

SEQUENCES = ("T1", "T1c", "T2", "FLAIR")
SHAPE = (240, 240, 155)
RADII = (70.0, 87.0, 72.0)
"""Of the head, in voxels."""

AFFINE = np.array([[-1.0, 0, 0, 0], [0, -1, 0, 239], [0, 0, 1, 0], [0, 0, 0, 1]])
Rows = tuple[Entry, ...]


def write_cohort(folder: Path, patients: int) -> dict[PatientId, Rows]:
    """The rows of a manifest, their files written by two threads."""
    who = [PatientId(f"P-{i:03d}") for i in range(patients)]
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda i: _patient(folder, i, who[i]), range(patients)))
    return dict(zip(who, rows, strict=True))


def _patient(folder: Path, number: int, who: PatientId) -> Rows:
    rng = np.random.default_rng(number)
    centre = np.array(SHAPE) / 2 + rng.uniform(-3, 3, 3)
    head, tumour = (
        sum(((np.arange(n) - c) / r).reshape([-1 if i == a else 1 for i in range(3)]) ** 2
            for a, (n, c, r) in enumerate(zip(SHAPE, middle, radii, strict=True)))
        for middle, radii in ((centre, RADII), (centre + rng.uniform(-25, 25, 3), (22, 20, 18)))
    )  # fmt: skip
    mask = np.select([tumour < 0.15, tumour < 0.4, tumour < 1], [1, 3, 2], 0).astype(np.uint8)
    mask[head > 1] = 0
    rows = []
    for line, name in enumerate((*SEQUENCES, "mask")):
        voxels = mask if name == "mask" else _image(rng, head, mask)
        path = folder / f"{who}_{name}.nii.gz"
        # compresslevel 1 of zlib gives files of BraTS's size out of this much noise
        path.write_bytes(gzip.compress(nib.Nifti1Image(voxels, AFFINE).to_bytes(), 1))
        scheme = "brats_2023" if name == "mask" else None
        entry = Entry(
            who, Center("A"), Modality("mri"), path, line + 2, sequence=name, label_scheme=scheme
        )
        rows.append(entry)
    return tuple(rows)


def _image(rng: np.random.Generator, head: np.ndarray, mask: np.ndarray) -> np.ndarray:
    coarse = gaussian_filter(rng.standard_normal((30, 30, 20)), 1.5)
    smooth = zoom(coarse / coarse.std(), [n / m for n, m in zip(SHAPE, coarse.shape, strict=True)],
                  order=1)  # fmt: skip
    values = 500 + 120 * smooth + 90 * mask + 12 * rng.standard_normal(SHAPE, dtype=np.float32)
    return np.where(head < 1, np.maximum(values, 1), 0).astype(np.int16)
