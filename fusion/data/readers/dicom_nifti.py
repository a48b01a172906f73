"""A series as NIfTI: the same values and the same place, and nothing of the header."""

import gzip
import os
from pathlib import Path

import nibabel as nib
import numpy as np

from fusion.data.readers.dicom_series import DicomVolume
from fusion.data.readers.volume import read_volume
from fusion.errors import ReadError


def write_nifti(volume: DicomVolume, path: Path, patient: str) -> None:
    """Write `.nii.gz` with qform and sform code 1 (scanner), atomically; the same bytes each time.

    Whole numbers within 16 bits are stored as such, all else as float32: neither loses anything.
    What was written is read back and compared.

    Raises:
        ReadError: where the file cannot be written, or does not read back as it should.
    """
    whole = (volume.array == np.round(volume.array)) & (np.abs(volume.array) < 2**15)
    kind = np.int16 if whole.all() else np.float32
    image = nib.Nifti1Image(volume.array.astype(kind), volume.affine)
    image.set_qform(volume.affine, code=1)
    image.set_sform(volume.affine, code=1)
    image.header.set_xyzt_units("mm")
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # nibabel would write the temporary's name into the file
        temporary.write_bytes(gzip.compress(image.to_bytes(), compresslevel=6, mtime=0))
        if not np.array_equal(read_volume(temporary, patient).array, volume.array):
            raise ReadError(path, "did not read back as written; check the disk", patient)
        os.replace(temporary, path)
    except OSError as error:
        raise ReadError(
            path, f"cannot be written ({error}); free space or choose another folder", patient
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
