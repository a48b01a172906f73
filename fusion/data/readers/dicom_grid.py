"""Frames in any order -> one straight stack of slices with its affine, or a refusal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from fusion.data.readers.dicom_frames import Frame
from fusion.errors import ReadError

MAX_OFF_GRID = 0.05
"""How far a slice may lie from its place in the stack, in spacings: scanners round positions."""

MAX_SHEAR = 1e-3
"""Cosine between the stack and its slices: what `read_volume` allows as well (0.06 degrees)."""

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Stack:
    """Slices from the first to the last along the normal."""

    frames: tuple[Frame, ...]
    affine: Float64[np.ndarray, "4 4"]
    """(column, row, slice) -> millimetres in RAS+ space."""


def stack(frames: Sequence[Frame], patient: str | None) -> Stack:
    """Sort slices by where they lie; nothing else of the header is asked for the order.

    Raises:
        ReadError: for a single slice, slices of different shape, spacing or orientation, two in
            one place, a gap, or a stack that leans (a tilted gantry).
    """
    first = frames[0]
    if len(frames) == 1:
        raise ReadError(
            first.path, "a 2-D image: the series has one slice; map another series", patient
        )
    for frame in frames:
        _check_alike(frame, first, patient)
    normal = np.cross(first.along_row, first.along_column)
    ordered = sorted(frames, key=lambda f: (float(normal @ f.position_mm), str(f.path), f.index))
    places = np.array([frame.position_mm for frame in ordered])
    step = _step(ordered, places, normal, patient)
    affine = np.eye(4)
    affine[:3, 0] = first.along_row * first.column_spacing_mm
    affine[:3, 1] = first.along_column * first.row_spacing_mm
    affine[:3, 2] = step
    affine[:3, 3] = places[0]
    return Stack(tuple(ordered), LPS_TO_RAS @ affine)


def _check_alike(frame: Frame, first: Frame, patient: str | None) -> None:
    here = (frame.rows, frame.columns)
    there = (first.rows, first.columns)
    spacing = [frame.row_spacing_mm, frame.column_spacing_mm]
    expected = [first.row_spacing_mm, first.column_spacing_mm]
    axes = np.concatenate([frame.along_row, frame.along_column])
    differs = None
    if here != there:
        differs = f"{here[0]} x {here[1]} pixels, expected {there[0]} x {there[1]}"
    elif not np.allclose(spacing, expected, rtol=1e-4, atol=0):
        differs = f"a spacing of {spacing} mm, expected {expected}"
    elif np.abs(axes - np.concatenate([first.along_row, first.along_column])).max() > 1e-3:
        differs = f"an orientation of {axes.round(4).tolist()}, another one"
    if differs:
        raise ReadError(
            frame.path,
            f"{differs} as in {first.path.name}; the series holds more than one stack (a scout, "
            "several planes): put each stack into a series of its own",
            patient,
        )


def _step(
    ordered: Sequence[Frame],
    places: Float64[np.ndarray, "slices 3"],
    normal: Float64[np.ndarray, "3"],
    patient: str | None,
) -> Float64[np.ndarray, "3"]:
    """From one slice to the next, in millimetres."""
    along = places @ normal
    gaps = np.diff(along)
    usual = float(np.percentile(gaps, 50, method="lower"))  # of two gaps the narrower one
    # a stack in which places repeat (echoes, time points) has a median of 0
    close = np.flatnonzero(gaps <= max(1e-3, 0.01 * usual))
    if close.size:
        one, other = ordered[close[0]], ordered[close[0] + 1]
        raise ReadError(
            other.path,
            f"two slices in one place, {along[close[0]]:.3f} mm along the normal: this one (frame "
            f"{other.index + 1}) and {one.path.name} (frame {one.index + 1}), and {close.size} "
            "such pairs in all; the series holds copies, or several echoes, time points or "
            "reconstructions: delete copies, put the others into series of their own",
            patient,
        )
    wide = int(np.argmax(gaps))
    if gaps[wide] > 1.5 * usual:
        raise ReadError(
            ordered[wide + 1].path,
            f"a gap of {gaps[wide]:.3f} mm behind {ordered[wide].path.name}, where slices are "
            f"{usual:.3f} mm apart: about {round(gaps[wide] / usual) - 1} missing; send the series "
            "anew, complete",
            patient,
        )
    step = (places[-1] - places[0]) / (len(places) - 1)
    length = float(np.linalg.norm(step))
    off = np.linalg.norm(places - (places[0] + np.arange(len(places))[:, None] * step), axis=1)
    worst = int(np.argmax(off))
    if off[worst] > MAX_OFF_GRID * length:
        raise ReadError(
            ordered[worst].path,
            f"{off[worst]:.3f} mm off its place in a stack of slices {length:.3f} mm apart; slices "
            "are not evenly spaced on a line: reconstruct or resample the series",
            patient,
        )
    first = ordered[0]
    shear = max(abs(float(step @ axis)) / length for axis in (first.along_row, first.along_column))
    if shear > MAX_SHEAR:
        tilt = math.degrees(math.acos(min(1.0, abs(float(step @ normal)) / length)))
        raise ReadError(
            first.path,
            f"the stack leans by {tilt:.2f} degrees against its slices (a tilted gantry); resample "
            "it to right angles first, such as with `dcm2niix`, and list the NIfTI instead",
            patient,
        )
    return np.asarray(step)
