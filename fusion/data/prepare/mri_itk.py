"""Volumes as SimpleITK wants them, and back: RAS becomes LPS, x y z becomes z y x."""

from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from fusion.data.readers.volume import VolumeFile
from fusion.errors import ConfigError, ReadError

LPS = np.diag([-1.0, -1.0, 1.0])
"""Left, posterior and superior are positive in ITK; NIfTI counts to the right and the front."""


def itk() -> ModuleType:
    """SimpleITK, with one thread: the same input then gives the same bytes.

    Raises:
        ConfigError: where it is not installed.
    """
    try:
        import SimpleITK
    except ImportError as error:
        raise ConfigError(
            "registration and bias correction need SimpleITK: pip install 'fusion-onco[mri]'"
        ) from error
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return SimpleITK


def to_itk(volume: VolumeFile, patient: str) -> Any:
    """The image of a file, in the place that its affine says.

    Raises:
        ReadError: where the file says neither spacing nor orientation.
    """
    if not volume.units_known:
        raise ReadError(
            volume.path,
            "neither sform_code nor qform_code is set, so that nobody knows where it lies; write "
            "the true affine into the file (export it again from the scanner's DICOM)",
            patient,
        )
    return image_of(volume.array, volume.affine)


def image_of(array: Float32[np.ndarray, "x y z"], affine: Float64[np.ndarray, "4 4"]) -> Any:
    """An array with its affine as an image of ITK; the voxels are copied.

    Example:
        >>> affine = np.diag([-1.0, 2.0, 3.0, 1.0])
        >>> image = image_of(np.zeros((4, 5, 6), dtype=np.float32), affine)
        >>> image.GetSize(), image.GetSpacing(), image.TransformIndexToPhysicalPoint((1, 1, 1))
        ((4, 5, 6), (1.0, 2.0, 3.0), (1.0, -2.0, 3.0))
    """
    sitk = itk()
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin((LPS @ affine[:3, 3]).tolist())
    image.SetDirection((LPS @ affine[:3, :3] / spacing).ravel().tolist())
    return image


def array_of(image: Any) -> Float32[np.ndarray, "x y z"]:
    """The voxels, in the order of the file."""
    array = itk().GetArrayFromImage(image).transpose(2, 1, 0)
    return np.ascontiguousarray(array, dtype=np.float32)
