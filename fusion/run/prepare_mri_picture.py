"""What registration, the brain and the bias field did, to look at."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float32, Shaped
from matplotlib.axes import Axes

from fusion.data.prepare.mri_bias import bright
from fusion.data.prepare.mri_patient import PreparedMri
from fusion.doctor.volume import to_axes
from fusion.report.drawing import OKABE_ITO, grid, png, short, style

SQUARES = 8
"""Of the checkerboard, along the longer side."""

COLUMNS = (
    "axial, as scanned", "axial, registered", "coronal, as scanned", "coronal, registered",
    "axial, as written",
)  # fmt: skip

Cut = Callable[[Shaped[np.ndarray, "x y z"]], Shaped[np.ndarray, "h w"]]


def overview(done: PreparedMri) -> bytes:
    """A row per sequence: checkerboards with the reference, as scanned and registered.

    The line is the outline of the brain or, where that is not known, of the reference's head. It
    stays where it is, so that a sequence that fits has its borders on it. The patient's left is
    on the right.
    """
    reference = next(name for name, moved in done.moved.items() if moved.rigid is None)
    names = [reference, *(name for name in done.moved if name != reference)]
    ground = done.moved[reference].array
    line = bright(ground) if done.brain is None else done.brain
    cuts = _cuts(done, line)
    with style():
        figure, rows = grid(
            width_cm=21.0, height_cm=4.6 * len(names) + 1, columns=5, ratios=[1.0] * len(names)
        )
        for row, name in zip(rows, names, strict=True):
            moved, written = done.moved[name], done.images[name]
            shown = (moved.before, moved.array, moved.before, moved.array, written)
            for column, (axes, array) in enumerate(zip(row, shown, strict=True)):
                cut, aspect = cuts[column in (2, 3)]
                picture = _grey(cut(array))
                if name != reference and column < 4:
                    picture = _checkerboard(_grey(cut(ground)), picture)
                _draw(axes, picture, cut(line), aspect)
            row[0].set_title(_said(done, name), fontsize=8)
        for axes, name in zip(rows[-1], COLUMNS, strict=True):
            axes.set_xlabel(name)
        return png(figure)


def _cuts(done: PreparedMri, line: Bool[np.ndarray, "x y z"]) -> list[tuple[Cut, float]]:
    """Axial and coronal through the middle of the head, with height over width of a voxel."""
    file = done.reference
    turned = to_axes(line, file)
    _, y, z = (round(float(m)) for m in np.argwhere(turned).mean(axis=0))
    right, front, up = _sides(done)

    def axial(array: Shaped[np.ndarray, "x y z"]) -> Shaped[np.ndarray, "h w"]:
        return to_axes(array, file)[::-1, ::-1, z].T

    def coronal(array: Shaped[np.ndarray, "x y z"]) -> Shaped[np.ndarray, "h w"]:
        return to_axes(array, file)[::-1, y, ::-1].T

    return [(axial, front / right), (coronal, up / right)]


def _sides(done: PreparedMri) -> tuple[float, float, float]:
    """Spacing to the right, to the front and up."""
    file = done.reference
    order = [
        next(i for i, letter in enumerate(file.orientation) if letter in pair)
        for pair in ("LR", "PA", "IS")
    ]
    x, y, z = (file.spacing_mm[i] for i in order)
    return x, y, z


def _grey(plane: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    low, high = np.percentile(plane, [1, 99.5])
    return np.clip((plane - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32)


def _checkerboard(
    one: Float32[np.ndarray, "h w"], other: Float32[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    side = max(1, max(one.shape) // SQUARES)
    row, column = np.indices(one.shape) // side
    return np.where((row + column) % 2 == 0, one, other)


def _draw(
    axes: Axes,
    picture: Float32[np.ndarray, "h w"],
    line: Bool[np.ndarray, "h w"],
    aspect: float,
) -> None:
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, aspect=aspect)
    if line.any() and not line.all():
        axes.contour(line.astype(float), levels=[0.5], colors=[OKABE_ITO[1]], linewidths=0.7)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _said(done: PreparedMri, name: str) -> str:
    moved = done.moved[name]
    if moved.rigid is None:
        return f"{short(name, 14)}: not moved"
    distance = float(np.linalg.norm(moved.rigid.shift_mm))
    kept = "" if moved.resampled else " (left as it was)"
    return f"{short(name, 14)}: {moved.rigid.degrees:.2f}°, {distance:.2f} mm{kept}"
