"""Mean and standard deviation of features, over more rows than fit in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Scale:
    """What standardises each feature."""

    mean: Float[np.ndarray, " dim"]
    sd: Float[np.ndarray, " dim"]
    """Population standard deviation; 1 for a feature that never varies, which becomes 0."""

    def apply(self, features: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
        """Standardise, in float32."""
        return ((features.astype(np.float32) - self.mean) / self.sd).astype(np.float32)

    def state(self) -> dict[str, list[float]]:
        """As JSON-able lists, exact."""
        return {"mean": self.mean.tolist(), "sd": self.sd.tolist()}

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> "Scale":
        """The inverse of `state`."""
        return Scale(np.asarray(state["mean"], dtype=float), np.asarray(state["sd"], dtype=float))


def fit_scale(parts: Iterable[Float[np.ndarray, "_ dim"]]) -> Scale:
    """Merge the moments of one part after another (Chan, Golub and LeVeque 1979).

    Raises:
        ValueError: where there is no row at all.

    Example:
        >>> scale = fit_scale([np.array([[1.0, 5.0]]), np.array([[3.0, 5.0]])])
        >>> scale.mean.tolist(), scale.sd.tolist()
        ([2.0, 5.0], [1.0, 1.0])
    """
    count, mean, squares = 0, np.zeros(1), np.zeros(1)
    for part in parts:
        rows = part.astype(np.float64)
        if not len(rows):
            continue
        here = rows.mean(axis=0)
        delta = here - mean
        both = count + len(rows)
        squares = squares + ((rows - here) ** 2).sum(axis=0) + delta**2 * count * len(rows) / both
        mean = mean + delta * len(rows) / both
        count = both
    if not count:
        raise ValueError("no rows to standardise by")
    sd = np.sqrt(squares / count)
    # below the rounding of half precision a feature does not vary: scaling would blow up noise
    still = sd <= 1e-6 * np.maximum(np.abs(mean), 1.0)
    return Scale(mean, np.where(still, 1.0, sd))
