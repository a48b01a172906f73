"""A metric, and what of the scores it wants."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fusion.report.scores import Scores

Arrays = Callable[[Scores], tuple[np.ndarray, ...]]
"""May raise UndefinedMetric."""


@dataclass(frozen=True)
class Measure:
    """One number of a report, by its name."""

    name: str
    statistic: Callable[..., float]
    arrays: Arrays
    everywhere: bool = True
    """Also at each centre, not only in all of them together."""
    interval: bool = True
    """By resampling patients, with differences between models; a p-value has none."""

    def at_centers(self) -> "Measure":
        """The same, at each centre too."""
        return replace(self, everywhere=True)
