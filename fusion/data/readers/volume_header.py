"""A NIfTI header is judged before a byte of its voxels is read or allocated."""

import math
from pathlib import Path

import nibabel as nib
import numpy as np

from fusion.errors import ReadError

MAX_BYTES = 2 << 30
"""Largest volume, as float32 or as stored: 512 x 512 x 2048 voxels of CT."""

MAX_OFFSET_BYTES = 64 << 20
"""Header extensions before the voxels."""

Header = nib.Nifti1Header | nib.Nifti2Header


def checked_header(block: bytes, path: Path, patient: str) -> Header:
    """The header in the first bytes of a file.

    Raises:
        ReadError: where they are no NIfTI header, or one of something that is not a 3-D image
            of numbers that fits the memory.
    """
    header = _parse(block, path, patient)
    dims = [int(n) for n in header["dim"][1 : int(header["dim"][0]) + 1]]
    if not 1 <= int(header["dim"][0]) <= 7 or min(dims) < 1:
        found = header["dim"].tolist()
        raise ReadError(path, f"the header's dimensions are {found}; export it again", patient)
    while len(dims) > 3 and dims[-1] == 1:
        dims.pop()
    if len(dims) > 3:
        raise ReadError(
            path,
            f"{len(dims)}-D of shape {tuple(dims)} where one 3-D image is expected; give each "
            "sequence or time point a file and a row of its own",
            patient,
        )
    if len(dims) < 3 or min(dims) < 2:
        raise ReadError(
            path,
            f"a picture of shape {tuple(dims)} where a 3-D image is expected; "
            "stack the slices of the series into one volume",
            patient,
        )
    try:
        dtype = header.get_data_dtype()
    except KeyError as error:
        raise ReadError(path, f"unknown data type ({error}); export it again", patient) from error
    if dtype.kind not in "iuf":
        raise ReadError(
            path,
            f"voxels of type {_name(dtype)} where one number per voxel is expected; "
            "save the intensities as int16 or float32",
            patient,
        )
    size = math.prod(dims) * max(4, dtype.itemsize)
    if size > MAX_BYTES:
        raise ReadError(
            path,
            f"the header claims {tuple(dims)} voxels, {size:,} bytes, above the cap of "
            f"{MAX_BYTES:,}; crop or resample it first",
            patient,
        )
    offset = float(header["vox_offset"])
    if not int(header["sizeof_hdr"]) <= offset <= MAX_OFFSET_BYTES:
        raise ReadError(
            path,
            f"the voxels would start at byte {offset:g}, expected {int(header['sizeof_hdr'])} to "
            f"{MAX_OFFSET_BYTES:,}; export it again as one .nii or .nii.gz file",
            patient,
        )
    pixdim = np.asarray(header["pixdim"][1:4], dtype=np.float64)
    if not (np.isfinite(pixdim) & (pixdim > 0)).all():
        raise ReadError(
            path,
            f"a spacing of {pixdim.tolist()} mm, expected numbers above 0; "
            "export it again from the scanner's DICOM",
            patient,
        )
    return header


def data_bytes(header: Header) -> int:
    """Bytes from the start of the file to the end of its voxels."""
    dims = header["dim"][1 : int(header["dim"][0]) + 1]
    voxels = math.prod(int(n) for n in dims)
    return int(header["vox_offset"]) + voxels * int(header.get_data_dtype().itemsize)


def _parse(block: bytes, path: Path, patient: str) -> Header:
    if path.name.lower().endswith((".nii", ".nii.gz")):
        for kind in (nib.Nifti1Header, nib.Nifti2Header):
            if len(block) >= kind.sizeof_hdr and kind.may_contain_header(block):
                return kind(block[: kind.sizeof_hdr], check=False)
    raise ReadError(
        path, "not a NIfTI file; convert it to .nii.gz (dcm2niix does so from DICOM)", patient
    )


def _name(dtype: np.dtype) -> str:
    return "RGB" if dtype.fields else str(dtype)
