"""All steps for one patient: registration, the brain, the bias field, in this order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from fusion.data.entry import Entry
from fusion.data.prepare.mri_bias import bright, correct_bias
from fusion.data.prepare.mri_brain import hd_bet
from fusion.data.prepare.mri_move import Moved, move_images, move_mask, read_patient
from fusion.data.prepare.mri_settings import HD_BET, MriSettings
from fusion.data.prepare.volume_rows import MASK
from fusion.data.readers.volume import VolumeFile
from fusion.errors import ReadError


@dataclass(frozen=True)
class PreparedMri:
    """A patient's sequences on one grid."""

    reference: VolumeFile
    """As it was read."""
    images: Mapping[str, Float32[np.ndarray, "x y z"]]
    moved: Mapping[str, Moved]
    """Before the brain was cut out and the bias field divided out."""
    mask: UInt8[np.ndarray, "x y z"] | None
    brain: Bool[np.ndarray, "x y z"] | None
    lost_labels: int
    """Voxels of the mask that lay outside of the brain."""


def prepare_patient(rows: Mapping[str, Entry], settings: MriSettings) -> PreparedMri:
    """Move, cut and correct.

    Args:
        rows: sequence -> row of the manifest, of one patient.
        settings: what is done.

    Raises:
        ReadError: for the first thing that is wrong.
        ConfigError: where SimpleITK or HD-BET is not installed.
    """
    patient = next(iter(rows.values())).patient_id
    files = read_patient(rows, settings)
    reference = files[settings.reference]
    moved = move_images(files, patient, settings)
    images = {name: one.array for name, one in moved.items()}
    masks = {
        name: move_mask(files[name], reference, moved[settings.masks_with], patient)
        for name in (MASK, settings.brain)
        if name is not None and name in files
    }
    mask, brain = masks.get(MASK), _brain(masks, reference, patient, settings)
    lost = 0
    if brain is not None:
        images = {name: np.where(brain, image, np.float32(0)) for name, image in images.items()}
        if mask is not None:
            lost = int(np.count_nonzero(mask[~brain]))
            mask = np.where(brain, mask, np.uint8(0))
    if settings.n4:
        images = {
            name: correct_bias(
                image,
                reference.affine,
                bright(image) if brain is None else brain,
                shrink=settings.shrink,
                path=rows[name].path,
                patient=patient,
            )
            for name, image in images.items()
        }
    for name, image in images.items():
        if not image.any():
            raise ReadError(
                rows[name].path,
                f"nothing of it lies on the grid of {settings.reference} and in the brain",
                patient,
            )
    return PreparedMri(reference, images, moved, mask, brain, lost)


def _brain(
    masks: Mapping[str, UInt8[np.ndarray, "x y z"]],
    reference: VolumeFile,
    patient: str,
    settings: MriSettings,
) -> Bool[np.ndarray, "x y z"] | None:
    if settings.brain is None:
        return None
    if settings.brain == HD_BET:
        return hd_bet(reference, patient, settings.device)
    if settings.brain not in masks:
        raise ReadError(
            "manifest.csv",
            f"no {settings.brain}, the mask of the brain; add its row, take the patient's rows "
            "out, or give brain=hd-bet",
            patient,
        )
    return masks[settings.brain] > 0
