"""Sequences and masks of a patient on the grid of the reference."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from fusion.data.entry import Entry
from fusion.data.prepare.mri_accept import accept, moves
from fusion.data.prepare.mri_itk import array_of, itk, to_itk
from fusion.data.prepare.mri_register import Rigid, register
from fusion.data.prepare.mri_settings import MriSettings
from fusion.data.prepare.volume_rows import MASK
from fusion.data.prepare.volume_same_grid import same_grid, shown
from fusion.data.readers.volume import VolumeFile, read_mask, read_volume
from fusion.errors import ReadError


@dataclass(frozen=True)
class Moved:
    """A sequence where it was and where it is."""

    array: Float32[np.ndarray, "x y z"]
    before: Float32[np.ndarray, "x y z"]
    """On the same grid, as the scanner placed it."""
    rigid: Rigid | None
    """None for the reference, and where nothing was to be registered."""
    resampled: bool
    """False where it was on the grid already and did not move."""


def read_patient(rows: Mapping[str, Entry], settings: MriSettings) -> dict[str, VolumeFile]:
    """All files of a patient, sequence -> file.

    Raises:
        ReadError: for a file that cannot be used, a sequence that is missing, or a mask that
            does not lie on the grid of the sequence that it was drawn on.
    """
    patient = next(iter(rows.values())).patient_id
    needed = {settings.reference: "the reference"}
    if MASK in rows or settings.brain in rows:
        needed.setdefault(settings.masks_with, "which masks were drawn on")
    for wanted, why in needed.items():
        if wanted not in rows:
            raise ReadError(
                "manifest.csv",
                f"no {wanted}, {why}; the patient has {', '.join(rows)}: add it, take the "
                "patient's rows out, or prepare such patients with another reference",
                patient,
            )
    masks = {name for name in (MASK, settings.brain) if name in rows}
    files = {
        name: (read_mask if name in masks else read_volume)(entry.path, patient)
        for name, entry in rows.items()
    }
    brain = files.get(settings.brain or "")
    if brain is not None and not brain.array.any():
        raise ReadError(brain.path, "the mask of the brain is empty; draw or export it", patient)
    for mask in (files[name] for name in rows if name in masks):
        drawn_on = files[settings.masks_with]
        if not same_grid(mask, drawn_on):
            raise ReadError(
                mask.path,
                f"its grid is {shown(mask)}, but that of {settings.masks_with} is "
                f"{shown(drawn_on)}; name the sequence that masks were drawn on (drawn_on=...)",
                patient,
            )
    return files


def move_images(
    files: Mapping[str, VolumeFile], patient: str, settings: MriSettings
) -> dict[str, Moved]:
    """Each sequence on the grid of the reference, by linear interpolation, 0 outside.

    Raises:
        ReadError: where a motion is not believed, or a grid differs and nothing may be moved.
    """
    first = files[settings.reference]
    fixed = to_itk(first, patient)
    found = {settings.reference: Moved(first.array, first.array, None, False)}
    for name, file in files.items():
        if name in (settings.reference, MASK, settings.brain):
            continue
        if not settings.register:
            if not same_grid(file, first):
                raise ReadError(
                    file.path,
                    f"its grid is {shown(file)}, but that of {settings.reference} is "
                    f"{shown(first)}; give register=yes",
                    patient,
                )
            found[name] = Moved(file.array, file.array, None, False)
            continue
        moving = to_itk(file, patient)
        rigid = accept(
            register(fixed, moving, seed=settings.seed), fixed, file.path, patient, settings
        )
        if same_grid(file, first) and not moves(rigid, fixed):
            found[name] = Moved(file.array, file.array, rigid, False)
            continue
        sitk = itk()
        before = sitk.Resample(moving, fixed, sitk.Transform(), sitk.sitkLinear, 0.0)
        after = sitk.Resample(moving, fixed, rigid.transform, sitk.sitkLinear, 0.0)
        found[name] = Moved(array_of(after), array_of(before), rigid, True)
    return found


def move_mask(
    mask: VolumeFile, reference: VolumeFile, with_image: Moved, patient: str
) -> UInt8[np.ndarray, "x y z"]:
    """A mask with the image that it was drawn on, by nearest neighbour: no label is made up."""
    if not with_image.resampled:
        return mask.array.astype(np.uint8)
    assert with_image.rigid is not None
    sitk = itk()
    moved = sitk.Resample(
        to_itk(mask, patient),
        to_itk(reference, patient),
        with_image.rigid.transform,
        sitk.sitkNearestNeighbor,
        0.0,
    )
    return array_of(moved).astype(np.uint8)
