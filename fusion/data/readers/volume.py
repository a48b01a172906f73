"""NIfTI on disk -> an array with its grid, or a refusal that says why."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip
from isal.igzip_lib import IsalError
from jaxtyping import Float32, Float64
from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError

from fusion.data.readers.volume_header import checked_header, data_bytes
from fusion.errors import ReadError

MAX_SPACING_MM = 50.0
"""A voxel above this is a wrong unit, not a scan."""

MAX_TRAILING_BYTES = 1 << 20
"""Padding behind the voxels; more is not an image (or a decompression bomb)."""

MM = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}


@dataclass(frozen=True)
class VolumeFile:
    """One 3-D image as stored: no axis is flipped, nothing is resampled."""

    path: Path
    array: Float32[np.ndarray, "x y z"]
    affine: Float64[np.ndarray, "4 4"]
    """Voxel index -> millimetres in RAS+ space; the identity where `units_known` is False."""
    spacing_mm: tuple[float, float, float]
    units_known: bool
    """False where neither sform_code nor qform_code is set: no spacing, no orientation."""

    @property
    def orientation(self) -> str:
        """Where the axes run to, such as `RAS` or `LPS`; as true as `units_known`."""
        return "".join(nib.aff2axcodes(self.affine))


def read_volume(path: Path, patient: str) -> VolumeFile:
    """Read one image of intensities.

    Units that are not set count as millimetres, as is the custom, provided that the file has an
    sform or a qform; the sform wins, as in nibabel. A fourth axis of length 1 is dropped.

    Raises:
        ReadError: for a file that is torn, not NIfTI, not 3-D, too large, without a usable
            grid, with voxels that are not finite, or constant.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "t1.nii.gz"
        >>> voxels = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
        >>> nib.save(nib.Nifti1Image(voxels, np.diag([1, 1, 2.5, 1])), path)
        >>> volume = read_volume(path, "p1")
        >>> volume.array.shape, volume.spacing_mm, volume.units_known
        ((2, 3, 4), (1.0, 1.0, 2.5), True)
    """
    volume = _read(path, patient)
    low, high = float(volume.array.min()), float(volume.array.max())
    if low == high:
        raise ReadError(
            path, f"every voxel is {low:g}: the image is empty; export it again", patient
        )
    return volume


def read_mask(path: Path, patient: str) -> VolumeFile:
    """Read one map of labels; it may be empty.

    Raises:
        ReadError: as `read_volume`, and for a label that is not a whole number from 0 to 255.
    """
    volume = _read(path, patient)
    array = volume.array
    if array.min() < 0 or array.max() > 255 or (array != np.rint(array)).any():
        wrong = (array != np.rint(array)) | (array < 0) | (array > 255)
        raise ReadError(
            path,
            f"{int(wrong.sum())} voxels of the mask are no label (the first is "
            f"{array[wrong][0]:g}); a mask holds whole numbers from 0 to 255: save labels, "
            "not probabilities",
            patient,
        )
    return volume


def _read(path: Path, patient: str) -> VolumeFile:
    try:
        raw = _bytes(path, patient)
        kind = nib.Nifti2Image if raw[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c") else nib.Nifti1Image
        with np.errstate(all="ignore"):  # what overflows is counted below
            image = kind.from_bytes(raw)
            array = np.asarray(image.get_fdata(dtype=np.float32, caching="unchanged"))
            affine = np.asarray(image.affine, dtype=np.float64)
        units = image.header.get_xyzt_units()[0]
    except FileNotFoundError as error:
        raise ReadError(path, "no such file; correct the manifest's path", patient) from error
    except (EOFError, zlib.error, IsalError, OSError) as error:  # type: ignore[misc]  # its stub
        raise ReadError(
            path, f"truncated or damaged ({error}); copy or export it again", patient
        ) from error
    except (ImageFileError, HeaderDataError, KeyError, ValueError, ArithmeticError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(
            path, f"the NIfTI header is damaged ({error!r}); export it again", patient
        ) from error
    array = array.reshape(array.shape[:3])
    if not (np.isfinite(array.min()) and np.isfinite(array.max())):  # both pass a NaN on
        bad = int(array.size - np.isfinite(array).sum())
        raise ReadError(
            path,
            f"{bad:,} of {array.size:,} voxels are NaN or infinite; find out why, then export "
            "again with a real value there (0 outside the brain)",
            patient,
        )
    if not int(image.header["sform_code"]) and not int(image.header["qform_code"]):
        return VolumeFile(path, array, np.eye(4), (1.0, 1.0, 1.0), units_known=False)
    affine[:3] *= MM[units]
    pixdim_mm = np.asarray(image.header["pixdim"][1:4], dtype=np.float64) * MM[units]
    spacing_mm = _spacing(affine, pixdim_mm, path, patient)
    return VolumeFile(path, array, affine, spacing_mm, units_known=True)


def _bytes(path: Path, patient: str) -> bytes:
    """Header and voxels, read to the end of the file, because gzip's checksum stands there."""
    open_file: Callable[..., Any] = igzip.open if path.suffix.lower() == ".gz" else open
    with open_file(path, "rb") as file:
        block = file.read(540)
        total = data_bytes(checked_header(block, path, patient))
        raw = block[:total] + file.read(max(0, total - len(block)))
        if len(raw) < total:
            raise EOFError(f"{len(raw):,} bytes, the header asks for {total:,}")
        file.read(MAX_TRAILING_BYTES)
        if file.read(1):
            raise ReadError(
                path,
                f"more than {MAX_TRAILING_BYTES:,} bytes follow the voxels; export it again",
                patient,
            )
    return raw


def _spacing(
    affine: Float64[np.ndarray, "4 4"],
    pixdim_mm: Float64[np.ndarray, "3"],
    path: Path,
    patient: str,
) -> tuple[float, float, float]:
    shown = np.array2string(affine, precision=4, suppress_small=True).replace("\n", "")
    fix = "give the file a valid sform or qform (export it again from the scanner's DICOM)"
    if not np.isfinite(affine).all():
        raise ReadError(path, f"the affine is not finite: {shown}; {fix}", patient)
    axes = affine[:3, :3]
    with np.errstate(over="ignore"):
        spacing = np.linalg.norm(axes, axis=0)
    if not (spacing > 1e-6).all():
        raise ReadError(path, f"the affine is singular: {shown}; {fix}", patient)
    if (spacing > MAX_SPACING_MM).any():
        raise ReadError(
            path,
            f"a spacing of {spacing.round(3).tolist()} mm is above {MAX_SPACING_MM:g} mm; "
            "check the units of the header (xyzt_units)",
            patient,
        )
    unit = axes / spacing
    if np.abs(unit.T @ unit - np.eye(3)).max() > 1e-3:
        raise ReadError(
            path,
            f"the affine is sheared or singular: {shown}; resample the image to a grid with right "
            "angles (a tilted gantry, or a registration stored in the sform)",
            patient,
        )
    if np.abs(spacing / pixdim_mm - 1).max() > 0.01:
        raise ReadError(
            path,
            f"the header says a spacing of {pixdim_mm.round(3).tolist()} mm (pixdim) and of "
            f"{spacing.round(3).tolist()} mm (affine); correct whichever is wrong",
            patient,
        )
    x, y, z = (float(value) for value in spacing)
    return x, y, z
