"""An array written on the grid of a file that is there already."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
from jaxtyping import Float32, UInt8

from fusion.errors import ReadError


def write_like(
    path: Path,
    values: UInt8[np.ndarray, "x y z"] | Float32[np.ndarray, "x y z"],
    like: Path,
) -> None:
    """Write NIfTI with the affine, its codes and the units of another file.

    The same values give the same bytes.

    Raises:
        ReadError: where the shapes differ.
    """
    first = nib.load(like)
    assert isinstance(first, nib.Nifti1Image)
    if first.shape[:3] != values.shape:
        raise ReadError(like, f"has {first.shape} voxels, what is to be written {values.shape}")
    image = type(first)(values, first.affine, first.header)
    image.set_data_dtype(values.dtype)
    image.header.set_slope_inter(1.0, 0.0)
    image.header["cal_min"] = image.header["cal_max"] = 0
    image.header["descrip"] = b"fusion, research use only"
    path.write_bytes(gzip.compress(image.to_bytes(), compresslevel=1, mtime=0))
