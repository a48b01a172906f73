"""Everything that one volume tells."""

import hashlib

import numpy as np
from jaxtyping import Float32, Shaped, UInt8
from PIL import Image

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.data.prepare.volume_labels import check_mask
from fusion.data.prepare.volume_rows import MASK, read_row
from fusion.data.readers.volume import VolumeFile
from fusion.doctor.facts import Look, Outcome, VolumeFacts
from fusion.doctor.kinds import place_of

LOOK_PX = 192
"""Longer side of a picture on the contact sheet."""

_SAMPLE = 500_000
"""Voxels that are looked at for a percentile."""

_AXES = ("LR", "PA", "IS")


def examine_volume(entry: Entry, cohort: Cohort) -> Outcome:
    """Decode a volume to its last voxel.

    Raises:
        ReadError: where it cannot be used.
    """
    volume = read_row(entry)
    if entry.sequence == MASK and entry.label_scheme is not None:
        check_mask(volume, entry.patient_id, [entry])
    array = volume.array
    sample = array.ravel()[:: max(1, array.size // _SAMPLE)]
    spacing = np.asarray(volume.spacing_mm)[list(_order(volume))]
    facts = VolumeFacts(
        entry=entry,
        file=place_of(entry, cohort),
        shape=(array.shape[0], array.shape[1], array.shape[2]),
        affine=volume.affine,
        orientation=volume.orientation if volume.units_known else None,
        spacing_mm=tuple(spacing.tolist()) if volume.units_known else None,
        lowest=float(array.min()),
        p99=float(np.percentile(sample, 99)),
        highest=float(array.max()),
        content=_content(array) if array.any() else "",
    )
    look = None if entry.sequence == MASK else Look(entry=entry, picture=middle_slice(volume))
    return Outcome(volumes=[facts], look=look)


def middle_slice(volume: VolumeFile) -> UInt8[np.ndarray, "h w 3"]:
    """The axial slice half-way up, the patient's left on the right, as radiologists look."""
    turned = to_axes(volume.array, volume)
    flat = turned[::-1, ::-1, turned.shape[2] // 2].T
    low, high = np.percentile(flat, [1, 99.5])
    grey = np.clip((flat - low) / max(high - low, 1e-6), 0, 1) * 255
    spacing = np.asarray(volume.spacing_mm)[list(_order(volume))]
    size_mm = np.array([flat.shape[1] * spacing[0], flat.shape[0] * spacing[1]])
    width, height = np.maximum(1, np.round(size_mm / size_mm.max() * LOOK_PX)).astype(int).tolist()
    picture = Image.fromarray(grey.astype(np.uint8)).resize((width, height))
    return np.asarray(picture.convert("RGB"))


def to_axes(array: Shaped[np.ndarray, "x y z"], volume: VolumeFile) -> Shaped[np.ndarray, "u v w"]:
    """The voxels from left to right, from back to front and upwards; a view."""
    order = _order(volume)
    turned = np.transpose(array, order)
    steps = [1 if volume.orientation[a] == _AXES[i][1] else -1 for i, a in enumerate(order)]
    return turned[:: steps[0], :: steps[1], :: steps[2]]


def _order(volume: VolumeFile) -> tuple[int, ...]:
    """Which stored axis runs sideways, which forwards or backwards, which up or down."""
    return tuple(
        next(i for i, letter in enumerate(volume.orientation) if letter in pair) for pair in _AXES
    )


def _content(array: Float32[np.ndarray, "x y z"]) -> str:
    found = hashlib.sha256(str(array.shape).encode())
    found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()
