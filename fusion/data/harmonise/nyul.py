"""MRI on a standard scale: percentiles of the brain brought to those of the training patients."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from fusion.data.harmonise.percentiles import percentiles
from fusion.errors import ConfigError

PERCENTS = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99)

_FAR = 1e4
"""Beyond any intensity of a z-scored brain."""

Landmarks = Mapping[str, Sequence[float]]
"""Sequence -> its image's values at `PERCENTS`."""


def landmarks_of(image: Float32[np.ndarray, "x y z"]) -> list[float]:
    """Percentiles of the voxels that are not 0.

    Example:
        >>> landmarks_of(np.arange(101, dtype=np.float32).reshape(1, 1, 101))[:3]
        [1.99, 10.9, 20.8]
    """
    return [round(float(v), 6) for v in percentiles(image[image != 0], PERCENTS)]


class NyulScale:
    """A piecewise linear map for every image, from its own landmarks to the standard ones.

    Between landmarks values are interpolated. Beyond the outer two the nearest piece goes on, so
    that the brightest enhancement is not cut off. Gain and offset of an image never matter.

    Source: Nyul and Udupa 1999; Nyul, Udupa and Zhang 2000; Shah et al. 2011 (percentiles 1, 10,
    20, ..., 90, 99).
    """

    def __init__(self) -> None:
        self._standard: dict[str, list[float]] = {}
        self._patients = 0

    def fit(self, sequences: Sequence[str], images: Iterable[Landmarks]) -> None:
        """Learn each sequence's standard landmarks from those of the training patients.

        Each image's outer landmarks are brought to their means over patients, and then the inner
        ones are averaged.

        Raises:
            ConfigError: for a sequence that no training patient has.
        """
        everybody = list(images)
        standard = {}
        for name in sequences:
            found = np.array([marks[name] for marks in everybody if name in marks])
            if not len(found):
                raise ConfigError(
                    f"no training patient has the sequence {name!r}, so that nyul has no scale for "
                    "it; take it out of `sequences`, or normalise by brain_zscore"
                )
            low, high = found[:, :1], found[:, -1:]
            part = (found - low) / np.maximum(high - low, 1e-6)
            standard[name] = (low.mean() + part.mean(axis=0) * (high - low).mean()).tolist()
        self._standard = standard
        self._patients = len(everybody)

    def apply(
        self,
        image: Float32[np.ndarray, "channels x y z"],
        channels: Bool[np.ndarray, " channels"],
        sequences: Sequence[str],
        landmarks: Landmarks,
    ) -> Float32[np.ndarray, "channels x y z"]:
        """Bring every channel that is there to the standard scale; 0 stays 0.

        Raises:
            ConfigError: before `fit`.
        """
        if not self._standard:
            raise ConfigError("nyul has no standard scale yet; call `fit` or `restore` first")
        result = np.zeros_like(image)
        for row in np.flatnonzero(channels).tolist():
            name = sequences[row]
            brain = image[row] != 0
            result[row][brain] = _mapped(image[row][brain], landmarks[name], self._standard[name])
        return result

    def sentences(self, modality: str) -> list[str]:
        """What a reader of the report must know."""
        if not self._standard:
            return []
        return [
            f"Intensities of {modality}: percentiles of every brain are brought to those of "
            f"{self._patients} training patients, sequence by sequence (Nyul)."
        ]

    def state(self) -> dict[str, Any]:
        """What `fit` learned, as JSON-able values, exact."""
        return {"patients": self._patients, "standard": dict(self._standard)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`."""
        self._standard = {name: list(marks) for name, marks in state["standard"].items()}
        self._patients = state["patients"]


def _mapped(
    values: Float32[np.ndarray, " voxels"], own: Sequence[float], standard: Sequence[float]
) -> Float32[np.ndarray, " voxels"]:
    # an image of few grey levels has several landmarks at one value: they count as one
    x, which = np.unique(own, return_inverse=True)
    y = np.bincount(which, weights=standard) / np.bincount(which)
    if len(x) == 1:
        return (values - np.float32(x[0]) + np.float32(y[0])).astype(np.float32)
    slopes = np.diff(y) / np.diff(x)
    x = np.concatenate([[x[0] - _FAR], x, [x[-1] + _FAR]])
    y = np.concatenate([[y[0] - _FAR * slopes[0]], y, [y[-1] + _FAR * slopes[-1]]])
    return np.interp(values, x, y).astype(np.float32)
