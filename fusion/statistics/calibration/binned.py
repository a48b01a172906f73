"""Calibration error over bins of predicted probability."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.statistics.binary import checked

Edges = Float[np.ndarray, " edges"]


@dataclass(frozen=True)
class Bins:
    """Bins that hold patients, in order."""

    count: Int[np.ndarray, " bins"]
    predicted: Float[np.ndarray, " bins"]
    """Mean probability."""
    observed: Float[np.ndarray, " bins"]
    """Share with the event."""

    @property
    def gaps(self) -> Float[np.ndarray, " bins"]:
        """|observed - predicted|."""
        return np.abs(self.observed - self.predicted)


def expected_calibration_error(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, bins: int = 10
) -> float:
    """ECE: the gap of each bin of equal width, averaged over patients. 0 is perfect.

    Bins are closed on the right, (a, b], the first on both sides; empty ones do not count. Grows
    with the number of bins and shrinks with that of patients: not for comparing cohorts of
    different size.

    Args:
        probability: predicted, of the event (of class 1, not of the likelier class).
        target: True where the event happened.
        bins: how many.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where one is no probability, lengths differ, or bins is below 1.

    Source: Naeini et al. 2015.

    Example:
        >>> p, target = np.array([0.1, 0.1, 0.9, 0.9]), np.array([False, True, True, True])
        >>> round(expected_calibration_error(p, target), 10)
        0.25
    """
    found = calibration_bins(probability, target, edges=equal_width(bins))
    return float(np.average(found.gaps, weights=found.count))


def maximum_calibration_error(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, bins: int = 10
) -> float:
    """MCE: the largest gap of the bins of `expected_calibration_error`, however few are in it.

    Raises:
        UndefinedMetric: as `expected_calibration_error`.
        ValueError: as `expected_calibration_error`.

    Source: Naeini et al. 2015.

    Example:
        >>> p, target = np.array([0.1, 0.1, 0.9, 0.9]), np.array([False, True, True, True])
        >>> maximum_calibration_error(p, target)
        0.4
    """
    return float(calibration_bins(probability, target, edges=equal_width(bins)).gaps.max())


def adaptive_calibration_error(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, bins: int = 10
) -> float:
    """ACE: as ECE, over bins of equal mass.

    Edges are quantiles of the predictions (linear interpolation); equal predictions stay in one
    bin, so that with many ties bins differ in mass and some may be empty.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        bins: how many.

    Raises:
        UndefinedMetric: as `expected_calibration_error`.
        ValueError: as `expected_calibration_error`.

    Source: Nixon et al. 2019 (without their averaging over classes).

    Example:
        >>> p, target = np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, True, False, True])
        >>> round(adaptive_calibration_error(p, target, bins=2), 10)
        0.25
    """
    edges = equal_mass(checked(probability, target), bins)
    found = calibration_bins(probability, target, edges=edges)
    return float(np.average(found.gaps, weights=found.count))


def calibration_bins(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, edges: Edges
) -> Bins:
    """Predicted and observed in each bin (a, b] that holds patients; the first is [a, b].

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        edges: ascending, from `equal_width` or `equal_mass`, holding all predictions.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where one is no probability, lengths differ, or a prediction is outside.

    Source: DeGroot and Fienberg 1983.

    Example:
        >>> p, target = np.array([0.0, 0.5, 0.6]), np.array([False, True, True])
        >>> calibration_bins(p, target, edges=np.array([0.0, 0.5, 1.0])).count.tolist()
        [2, 1]
    """
    probability = checked(probability, target)
    if probability.min() < edges[0] or probability.max() > edges[-1]:
        raise ValueError(
            f"predictions from {probability.min():g} to {probability.max():g} do not fit into "
            f"bins from {edges[0]:g} to {edges[-1]:g}"
        )
    index = np.maximum(np.searchsorted(edges, probability, side="left") - 1, 0)
    count = np.bincount(index, minlength=len(edges) - 1)
    held = count > 0
    predicted, observed = (
        np.bincount(index, weights=x, minlength=len(count))[held] / count[held]
        for x in (probability, target.astype(np.float64))
    )
    return Bins(count[held], predicted, observed)


def equal_width(bins: int) -> Edges:
    """0 to 1 in equal steps.

    Raises:
        ValueError: where bins is below 1.
    """
    return np.linspace(0, 1, _at_least_one(bins) + 1)


def equal_mass(probability: Float[np.ndarray, " n"], bins: int) -> Edges:
    """Quantiles of the predictions.

    Raises:
        ValueError: where bins is below 1.
    """
    return np.quantile(probability, np.linspace(0, 1, _at_least_one(bins) + 1))


def _at_least_one(bins: int) -> int:
    if bins < 1:
        raise ValueError(f"bins {bins}: expected 1 or more")
    return bins
