"""How far apart the surfaces of two masks lie, in millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from monai.metrics.utils import get_mask_edges
from scipy.ndimage import distance_transform_edt

from fusion.metrics.overlap import same_shape

NOTHING_THERE_MM = 374.0
"""Distance where one of two masks is empty: the diagonal of BraTS' 240 x 240 x 155 mm."""

Values = Float[np.ndarray, " elements"]


@dataclass(frozen=True)
class SurfaceDistances:
    """Of each element of one surface to the other surface, and its area, both ways.

    Example:
        >>> one, other = np.zeros((2, 12, 6, 6), dtype=bool)
        >>> one[2:5, 1:5, 1:5] = other[3:6, 1:5, 1:5] = True
        >>> found = SurfaceDistances.between(one, other, (1.0, 1.0, 1.0))
        >>> found.hausdorff_mm(), round(found.share_within(1.0), 2), found.share_within(0.5) < 1
        (1.0, 1.0, True)
    """

    to_truth_mm: Float[np.ndarray, " predicted"]
    areas_predicted: Float[np.ndarray, " predicted"]
    to_predicted_mm: Float[np.ndarray, " truth"]
    areas_truth: Float[np.ndarray, " truth"]

    @staticmethod
    def between(
        predicted: Bool[np.ndarray, "x y z"],
        truth: Bool[np.ndarray, "x y z"],
        spacing_mm: Sequence[float],
    ) -> "SurfaceDistances":
        """Measure two masks on one grid.

        Surfaces lie between voxels: each block of 2 x 2 x 2 that is neither full nor empty has
        an element whose area its pattern gives.

        Raises:
            ValueError: for masks of different shapes.

        Source: Nikolov et al. 2018 (arXiv 1809.04430); patterns and areas as in MONAI.
        """
        same_shape(predicted, truth)
        if not predicted.any() and not truth.any():
            return SurfaceDistances(*(np.zeros(0) for _ in range(4)))
        edges = get_mask_edges(
            predicted, truth, spacing=list(spacing_mm), always_return_as_numpy=True
        )
        on_predicted, on_truth, area_predicted, area_truth = map(np.asarray, edges)
        on_predicted, on_truth = on_predicted.astype(bool), on_truth.astype(bool)
        return SurfaceDistances(
            _distances(on_predicted, on_truth, spacing_mm),
            area_predicted[on_predicted].astype(np.float64),
            _distances(on_truth, on_predicted, spacing_mm),
            area_truth[on_truth].astype(np.float64),
        )

    @property
    def _empty(self) -> float | None:
        """How good it is where one mask, or both, has no surface: 1 for both."""
        none = len(self.to_truth_mm) == 0, len(self.to_predicted_mm) == 0
        return None if not any(none) else float(all(none))

    def hausdorff_mm(self, percentile: float = 95.0) -> float:
        """The larger of both ways' percentiles, by area: HD95.

        0 where both masks are empty, 374 mm where one is (as in BraTS).
        """
        if self._empty is not None:
            return 0.0 if self._empty else NOTHING_THERE_MM
        return max(
            _percentile(self.to_truth_mm, self.areas_predicted, percentile),
            _percentile(self.to_predicted_mm, self.areas_truth, percentile),
        )

    def share_within(self, tolerance_mm: float) -> float:
        """Share of both surfaces that lies within the tolerance of the other: NSD.

        1 where both masks are empty, 0 where one is.
        """
        if self._empty is not None:
            return self._empty
        near = self.areas_predicted[self.to_truth_mm <= tolerance_mm].sum()
        near += self.areas_truth[self.to_predicted_mm <= tolerance_mm].sum()
        return float(near / (self.areas_predicted.sum() + self.areas_truth.sum()))


def _distances(
    here: Bool[np.ndarray, "x y z"], there: Bool[np.ndarray, "x y z"], spacing_mm: Sequence[float]
) -> Values:
    if not there.any():
        return np.full(int(here.sum()), np.inf)
    return distance_transform_edt(~there, sampling=spacing_mm)[here]


def _percentile(distances: Values, areas: Values, percentile: float) -> float:
    order = np.argsort(distances)
    reached = np.cumsum(areas[order]) / areas.sum()
    first = int(np.searchsorted(reached, percentile / 100))
    return float(distances[order][min(first, len(order) - 1)])
