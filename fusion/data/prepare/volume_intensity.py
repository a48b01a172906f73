"""Scanner units -> comparable numbers. Zero is the background of both scales."""

import numpy as np
from jaxtyping import Float32


class FlatIntensity(ValueError):
    """Nothing varies inside the brain, so that there is no scale."""


def brain_zscore(image: Float32[np.ndarray, "x y z"]) -> Float32[np.ndarray, "x y z"]:
    """Mean 0 and SD 1 over the voxels that are not 0; those that are stay 0.

    For skull-stripped MRI, whose background is exactly 0. Gain and offset of the brain cancel.

    Raises:
        FlatIntensity: where all of those voxels have one value.

    Example:
        >>> brain_zscore(np.array([[[0.0, 10.0, 30.0]]], dtype=np.float32)).tolist()
        [[[0.0, -1.0, 1.0]]]
    """
    brain = image != 0
    values = image[brain].astype(np.float64)
    mean, sd = values.mean(), values.std()
    if not sd > 1e-6 * max(1e-30, abs(mean)):
        raise FlatIntensity(
            f"all {values.size:,} voxels that are not 0 have the value {mean:g}; "
            "is it a mask? give the image of intensities"
        )
    scaled = np.zeros_like(image)
    values -= mean  # in place: a brain in double precision is 15 MB
    values /= sd
    scaled[brain] = values
    return scaled


def hu_window(
    image: Float32[np.ndarray, "x y z"], low: float, high: float
) -> Float32[np.ndarray, "x y z"]:
    """CT in Hounsfield units, [low, high] to [0, 1], clipped: air is 0.

    Raises:
        FlatIntensity: where the whole image lies on one side of the window.

    Example:
        >>> ct = np.array([[[-1000.0, 0.0, 40.0, 80.0, 3000.0]]], dtype=np.float32)
        >>> hu_window(ct, 0.0, 80.0).tolist()
        [[[0.0, 0.0, 0.5, 1.0, 1.0]]]
    """
    least, most = float(image.min()), float(image.max())
    if most <= low or least >= high:
        raise FlatIntensity(
            f"values from {least:g} to {most:g} lie outside the window [{low:g}, {high:g}] HU; "
            "check the rescale slope and intercept, or the window"
        )
    return np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1).astype(np.float32)
