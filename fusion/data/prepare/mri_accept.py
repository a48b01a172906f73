"""Which motion of a sequence is believed."""

from pathlib import Path
from typing import Any

import numpy as np

from fusion.data.prepare.mri_itk import itk
from fusion.data.prepare.mri_register import Rigid
from fusion.data.prepare.mri_settings import MriSettings
from fusion.errors import ReadError

MAY_LOSE = 0.01
"""Share of the mutual information; more is worse than it was, less is as good as before."""

STILL = 0.25
"""Voxels: to move by less would blur the image for nothing. Interpolation takes noise away, so that
sequences that lie on each other may have their highest mutual information beside that place."""


def accept(found: Rigid, reference: Any, path: Path, patient: str, settings: MriSettings) -> Rigid:
    """The motion, or no motion where the registration found nothing better than that.

    Args:
        found: by `register`.
        reference: image that it was registered to.
        path: of the sequence that was moved, for messages.
        patient: likewise.
        settings: what is believed.

    Raises:
        ReadError: where it ended worse than it began, or beyond what can be.
    """
    look = (
        "look at both images: are they of one patient, of one body part, with a true affine? "
        "Correct them, register by hand and give register=no, or take the row out"
    )
    distance = float(np.linalg.norm(found.shift_mm))
    if found.degrees > settings.most_degrees or distance > settings.most_mm:
        raise ReadError(
            path,
            f"registration to {settings.reference} turns it by {found.degrees:.1f} degrees and "
            f"shifts it by {distance:.1f} mm, beyond {settings.most_degrees:g} degrees or "
            f"{settings.most_mm:g} mm; {look}",
            patient,
        )
    worse = not found.after <= found.before + MAY_LOSE * abs(found.before)
    if worse and moves(found, reference):
        raise ReadError(
            path,
            f"registration to {settings.reference} ends worse than it began (mutual information "
            f"{-found.before:.4f} before, {-found.after:.4f} after); {look}",
            patient,
        )
    return found if found.after < found.before else stay(found)


def stay(found: Rigid) -> Rigid:
    """Where the scanner put it."""
    place = itk().Euler3DTransform(found.transform.GetCenter(), 0.0, 0.0, 0.0, (0.0, 0.0, 0.0))
    return Rigid(place, 0.0, (0.0, 0.0, 0.0), found.before, found.before, found.steps)


def moves(found: Rigid, reference: Any) -> bool:
    """Whether some corner of the reference goes further than `STILL` of its finest voxel."""
    size = reference.GetSize()
    corners = [
        reference.TransformIndexToPhysicalPoint(
            [(n - 1) * (number >> axis & 1) for axis, n in enumerate(size)]
        )
        for number in range(8)
    ]
    gone = [np.subtract(found.transform.TransformPoint(p), p) for p in corners]
    return max(float(np.linalg.norm(g)) for g in gone) > STILL * min(reference.GetSpacing())
