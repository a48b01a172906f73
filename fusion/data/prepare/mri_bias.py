"""The slow shade that coils lay over an image, estimated and divided out."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64
from skimage.filters import threshold_otsu

from fusion.data.prepare.mri_itk import array_of, image_of, itk
from fusion.errors import ReadError

ITERATIONS = (50, 50, 50, 50)
"""Of each fitting level, as the authors' defaults."""


def correct_bias(
    image: Float32[np.ndarray, "x y z"],
    affine: Float64[np.ndarray, "4 4"],
    tissue: Bool[np.ndarray, "x y z"],
    *,
    shrink: int,
    path: Path,
    patient: str,
) -> Float32[np.ndarray, "x y z"]:
    """The image divided by its bias field, which is fitted to the logarithm of the tissue.

    Voxels of 0 and below have no logarithm: they are left out of the fit, and divided too.

    Args:
        image: of one sequence.
        affine: voxel index -> mm.
        tissue: where the field is fitted.
        shrink: the field is slow, so that a coarser image tells as much; of the finest spacing,
            so that thick slices are kept.
        path: of the sequence, for messages.
        patient: likewise.

    Raises:
        ReadError: where no tissue is above 0.

    Source: Tustison 2010 (N4ITK).
    """
    sitk = itk()
    used = tissue & (image > 0)
    if int(used.sum()) < 8**3:
        raise ReadError(
            path,
            f"only {int(used.sum())} voxels of tissue are above 0, too few to fit a bias field; "
            "look at the image and at the mask of the brain, or give n4=no",
            patient,
        )
    full, mask = image_of(image, affine), image_of(used.astype(np.float32), affine)
    mask = sitk.Cast(mask, sitk.sitkUInt8)
    sides = full.GetSpacing()
    factors = [
        max(1, min(round(shrink * min(sides) / side), size // 8))
        for side, size in zip(sides, full.GetSize(), strict=True)
    ]
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetNumberOfThreads(1)
    n4.SetMaximumNumberOfIterations(list(ITERATIONS))
    n4.SetMaskLabel(1)
    try:
        n4.Execute(sitk.Shrink(full, factors), sitk.Shrink(mask, factors))
        field = array_of(n4.GetLogBiasFieldAsImage(full))
    except RuntimeError as error:
        said = str(error).strip().splitlines()[-1]
        raise ReadError(
            path, f"no bias field could be fitted ({said}); give n4=no", patient
        ) from error
    return (image / np.exp(field)).astype(np.float32)


def bright(image: Float32[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    """What is no background, where nobody says where the brain is (Otsu 1979)."""
    return image > threshold_otsu(image)
