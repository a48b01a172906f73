"""Pixels: MRI crops as NIfTI, H&E regions as they are."""

import shutil
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from jaxtyping import Bool, UInt8
from rich.progress import track

from fusion.cohorts.tcga_glioma.raw import Raw
from fusion.errors import ReadError

SEQUENCES = ("T1", "FLAIR", "T1c")
"""What the three channels of a crop are, in their order: T1 before contrast, FLAIR, T1 after."""

REGION_MPP = 0.5
"""Nominal, of a 20x scan; the files do not say."""

Row = dict[str, object]
"""One row of the manifest, without its patient's centre."""


def write_mri(raw: Raw, folder: Path) -> list[Row]:
    """Each real channel and the mask of every crop as one NIfTI file.

    Raises:
        ReadError: for a crop that is torn, of another shape, or at odds with the list of crops.
    """
    rows: list[Row] = []
    flags = raw.crops.set_index("patient")[["has_T1pre", "has_FLAIR", "has_T1post"]]
    for patient in track(flags.index, description="MRI crops to NIfTI"):
        image, mask, present = read_crop(raw.crop(patient))
        listed = flags.loc[patient].to_numpy(dtype=bool)
        if (listed != present).any():
            raise ReadError(
                raw.crop(patient),
                f"says channels {present.tolist()} are real, the list of crops {listed.tolist()}",
                patient,
            )
        named = dict(zip(SEQUENCES, image, strict=True))
        real = {s: v for (s, v), there in zip(named.items(), present, strict=True) if there}
        for sequence, volume in {**real, "mask": mask}.items():
            path = Path("mri") / patient / f"{sequence}.nii.gz"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            nib.save(to_nifti(volume), folder / path)
            rows.append({"patient_id": patient, "modality": "mri", "path": path.as_posix()})
            rows[-1] |= {
                "sequence": sequence,
                "label_scheme": "whole_tumour" if sequence == "mask" else None,
            }
    return rows


def read_crop(
    path: Path,
) -> tuple[UInt8[np.ndarray, "3 z y x"], UInt8[np.ndarray, "z y x"], Bool[np.ndarray, "3"]]:
    """Image, tumour mask, and which channels are real (the others repeat FLAIR).

    Raises:
        ReadError: where it is not such a file.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as crop:
            image, mask, present = crop["image"], crop["mask"], crop["channel_present"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ReadError(path, f"is not a whole MRI crop ({error}); copy it again") from error
    if image.shape != (3, *mask.shape) or image.dtype != np.uint8 or mask.dtype != np.uint8:
        raise ReadError(
            path,
            f"holds image {image.dtype}{image.shape} and mask {mask.dtype}{mask.shape}, "
            "expected uint8 [3, z, y, x] and [z, y, x]",
        )
    if not set(np.unique(mask)) <= {0, 1} or not present.any():
        raise ReadError(path, "has a mask other than 0 and 1, or no real channel")
    return image, mask, present


def to_nifti(volume: UInt8[np.ndarray, "z y x"]) -> nib.Nifti1Image:
    """The voxels in axis order x, y, z, with spacing and orientation marked as unknown.

    The source gives neither, so qform and sform codes are 0 and the unit is 'unknown'; the
    pixel sizes of 1 that the format demands mean nothing.

    Example:
        >>> image = to_nifti(np.zeros((2, 3, 4), dtype=np.uint8))
        >>> image.shape, int(image.header["sform_code"]), int(image.header["qform_code"])
        ((4, 3, 2), 0, 0)
    """
    image = nib.Nifti1Image(np.ascontiguousarray(volume.transpose(2, 1, 0)), affine=None)
    image.header["descrip"] = b"voxel spacing and orientation are not known"
    return image


def copy_regions(raw: Raw, folder: Path, patients: pd.Index) -> list[Row]:
    """Copy the H&E regions; the patient is the first 12 characters of the name.

    Raises:
        ReadError: where that is no patient of the cohort.
    """
    rows: list[Row] = []
    for source in raw.regions:
        patient = source.name[:12]
        if patient not in patients:
            raise ReadError(source, f"begins with {patient!r}, which is no patient's id")
        path = Path("wsi") / source.name
        (folder / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(source, folder / path)
        rows.append({"patient_id": patient, "modality": "wsi", "path": path.as_posix()})
        rows[-1] |= {"mpp": REGION_MPP, "region": source.stem.rpartition("_")[2]}
    return rows
