"""Which slices of a patient are shown, turned as radiologists look at them."""

import numpy as np
from jaxtyping import Bool, Float32

from fusion.data.readers.volume import VolumeFile
from fusion.doctor.volume import to_axes
from fusion.report.outline_picture import Pictured, Plane
from fusion.run.outlined import Outlined

_PLANES = (
    ("axial", 2, ("R", "L")),
    ("coronal", 1, ("R", "L")),
    ("sagittal", 0, ("A", "P")),
)
"""Name, the axis that it is cut across, and its sides."""


def pictured(
    found: Outlined,
    volume: VolumeFile,
    sequence: str,
    drawn: Bool[np.ndarray, "x y z"] | None,
    dice: float | None,
) -> Pictured:
    """Three planes through most of the tumour; through the middle where there is none."""
    image = to_axes(volume.array, volume)
    masks = np.stack([to_axes(mask, volume) for mask in found.masks])
    truth = None if drawn is None else to_axes(drawn, volume)
    seen = masks[0] if truth is None else masks[0] | truth
    spacing = np.linalg.norm(volume.affine[:3, :3], axis=0)
    order = np.abs(volume.affine[:3, :3]).argmax(axis=1)
    side_mm = spacing[order]
    planes = []
    for name, axis, sides in _PLANES:
        count = seen.sum(axis=tuple({0, 1, 2} - {axis}))
        at = int(count.argmax()) if count.any() else image.shape[axis] // 2
        rest = [i for i in range(3) if i != axis]
        planes.append(
            Plane(
                name,
                _shown(image, axis, at).astype(np.float32),
                np.stack([_shown(mask, axis, at) for mask in masks]),
                None if truth is None else _shown(truth, axis, at),
                float(side_mm[rest[1]] / side_mm[rest[0]]),
                sides if volume.units_known else ("", ""),  # nobody knows which side is which
            )
        )
    return Pictured(found.patient, sequence, found.regions, tuple(planes), dice)


def _shown(
    array: Float32[np.ndarray, "x y z"] | Bool[np.ndarray, "x y z"], axis: int, at: int
) -> np.ndarray:
    """The slice with up above; the patient's right, or front, on the left."""
    return np.take(array, at, axis=axis).T[::-1, ::-1]
