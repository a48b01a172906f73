"""Do the most telling voxels lie where the signal is known to be?"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from fusion.data.readers.volume import VolumeFile, read_mask
from fusion.errors import ReadError
from fusion.metrics.auc import auc

_TOLERANCE_MM = 1e-3
"""How far two affines may differ, entry by entry: rounding of the header."""


def read_planted(folder: Path, patient: str, like: VolumeFile) -> Bool[np.ndarray, "x y z"]:
    """Where `<patient>.nii.gz`, such as a demo's in `truth/mri`, is not 0.

    Args:
        folder: of the files.
        patient: who.
        like: one of the patient's own files, whose grid the truth must have.

    Raises:
        ReadError: where there is no such file, or it lies on another grid.
    """
    path = folder / f"{patient}.nii.gz"
    if not path.is_file():
        raise ReadError(
            path, "not there; expected a file of planted voxels for each patient", patient
        )
    found = read_mask(path, patient)
    if found.array.shape != like.array.shape or not np.allclose(
        found.affine, like.affine, rtol=0, atol=_TOLERANCE_MM
    ):
        raise ReadError(
            path,
            f"lies on another grid ({found.array.shape} voxels) than {like.path.name} "
            f"({like.array.shape}); expected planted voxels on the grid of the patient's files",
            patient,
        )
    return found.array > 0


def voxel_auc(
    telling: Float[np.ndarray, "x y z"],
    planted: Bool[np.ndarray, "x y z"],
    asked: Bool[np.ndarray, "x y z"],
) -> float:
    """Probability that a planted voxel is more telling than another one, within the patient.

    Args:
        telling: how much each voxel speaks for what the volume makes of the answer.
        planted: which of them hold the signal.
        asked: which take part: brain that the model was shown.

    Raises:
        UndefinedMetric: where all of those are of one kind.

    Example:
        >>> telling = np.array([[[0.1, 0.9, 0.5, 7.0]]])
        >>> voxel_auc(telling, telling == 0.9, telling < 1)
        1.0
    """
    return auc(telling[asked].astype(np.float64), planted[asked])
