"""Scored voxels over their volume, as a picture in three planes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable

from fusion.data.readers.volume import VolumeFile
from fusion.doctor.volume import to_axes
from fusion.explain.colours import scale
from fusion.report.drawing import GREY, grid, png, short, style

_PLANES = (
    ("axial", 2, ("R", "L")),
    ("coronal", 1, ("R", "L")),
    ("sagittal", 0, ("A", "P")),
)
"""Name, the axis that it is cut across, and its sides on the picture."""


@dataclass(frozen=True)
class ScoredVolume:
    """One patient, one answer, one method, on the grid of the patient's files."""

    patient_id: str
    answer: str
    """What is explained, for a reader: `subtype: glioblastoma`."""
    method: str
    sequence: str
    """Of the image that is shown."""
    volume: VolumeFile
    """That image."""
    scores: Float[np.ndarray, "x y z"]
    signed: bool
    asked: Bool[np.ndarray, "x y z"]
    """Brain that the model was shown."""
    planted: Bool[np.ndarray, "x y z"] | None
    """Where the signal is known to be."""


def volume_picture(found: ScoredVolume) -> bytes:
    """A PNG: the image in three planes through the highest score, and under its scores below.

    Planes lie where the sum of the scores that speak for the answer is highest.
    """
    volume = found.volume
    image, scores = to_axes(volume.array, volume), to_axes(found.scores, volume)
    asked = to_axes(found.asked, volume)
    planted = None if found.planted is None else to_axes(found.planted, volume)
    values = found.scores[found.asked] if found.asked.any() else np.zeros(1)
    palette, norm = scale(values.astype(np.float64), signed=found.signed)
    side_mm = _side_mm(volume)
    low, high = np.percentile(image[image != 0], [1, 99.5])
    with style():
        figure, rows = grid(height_cm=11.6, columns=3, ratios=[1.0, 1.0])
        for column, (name, axis, sides) in enumerate(_PLANES):
            rest = [i for i in range(3) if i != axis]
            at = _at(np.clip(scores, 0, None) * asked, axis)
            flat = [_shown(array, axis, at) for array in (image, scores, asked)]
            aspect = float(side_mm[rest[1]] / side_mm[rest[0]])
            for row in rows:
                axes = row[column]
                axes.imshow(flat[0], cmap="gray", vmin=low, vmax=max(high, low + 1e-6),
                            aspect=aspect)  # fmt: skip
                if planted is not None and _shown(planted, axis, at).any():
                    edge = _shown(planted, axis, at).astype(float)
                    axes.contour(edge, levels=[0.5], colors="#00c853", linewidths=0.8)
                _bare(axes, sides if volume.units_known else ("", ""))
            strength = np.clip(np.abs(flat[1]) / norm.vmax, 0, 1) * flat[2]
            rows[1][column].imshow(
                palette(norm(flat[1])), alpha=0.8 * strength**0.75, aspect=aspect
            )
            rows[0][column].set_title(name, fontsize=7, color=GREY)
        ends = "both" if found.signed else "max"
        bar = figure.colorbar(
            ScalarMappable(norm=norm, cmap=palette),
            ax=[axes for row in rows for axes in row],
            shrink=0.5,
            extend=ends,
        )
        said = "against  <  evidence  >  for" if found.signed else "evidence for"
        bar.set_label(said, fontsize=7)
        bar.ax.tick_params(labelsize=6)
        figure.suptitle(_title(found), fontsize=7, color=GREY)
        return png(figure)


def _title(found: ScoredVolume) -> str:
    planted = "" if found.planted is None else "; planted in green"
    return (
        f"{short(found.patient_id, 24)}: {short(found.answer, 44)} "
        f"({found.method.replace('_', ' ')}), {found.sequence}{planted}"
    )


def _side_mm(volume: VolumeFile) -> Sequence[float]:
    spacing = np.linalg.norm(volume.affine[:3, :3], axis=0)
    order = np.abs(volume.affine[:3, :3]).argmax(axis=1)
    return [float(spacing[i]) for i in order]


def _at(weight: Float[np.ndarray, "x y z"], axis: int) -> int:
    total = weight.sum(axis=tuple({0, 1, 2} - {axis}))
    return int(total.argmax()) if total.any() else weight.shape[axis] // 2


def _shown(array: Shaped[np.ndarray, "x y z"], axis: int, at: int) -> Shaped[np.ndarray, "h w"]:
    """The slice with up above; the patient's right, or front, on the left."""
    return np.take(array, at, axis=axis).T[::-1, ::-1]


def _bare(axes: Axes, sides: tuple[str, str]) -> None:
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for x, letter, side in zip((0.02, 0.98), sides, ("left", "right"), strict=True):
        axes.text(
            x, 0.5, letter, transform=axes.transAxes, color="white", fontsize=7, ha=side,
            va="center",
        )  # fmt: skip
