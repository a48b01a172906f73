"""NIfTI files whose bytes depend on the image and on nothing else."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
from jaxtyping import Float, Int16, UInt8


def write_nifti(
    path: Path,
    image: Int16[np.ndarray, "x y z"] | UInt8[np.ndarray, "x y z"],
    affine: Float[np.ndarray, "4 4"],
    *,
    orientation: str,
) -> None:
    """Write a volume given in RAS as compressed NIfTI-1, stored along other axes if asked.

    `orientation` is what nibabel calls axis codes, such as LPS. Both qform and sform are set,
    with code 1 (scanner), in millimetres.
    """
    turn = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(orientation)
    )
    data = nib.orientations.apply_orientation(image, turn)
    found = nib.Nifti1Image(data, affine @ nib.orientations.inv_ornt_aff(turn, image.shape))
    found.set_qform(found.affine, code=1)
    found.set_sform(found.affine, code=1)
    found.header.set_xyzt_units("mm")
    path.parent.mkdir(parents=True, exist_ok=True)
    # a time stamp in the gzip header would make every run differ
    path.write_bytes(gzip.compress(found.to_bytes(), compresslevel=1, mtime=0))
