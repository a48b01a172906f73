"""Percentiles of millions of numbers, without sorting them all."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64

BINS = 4096


def percentiles(
    values: Float32[np.ndarray, " n"], percents: Sequence[int]
) -> Float64[np.ndarray, " percents"]:
    """As `numpy.percentile` of the same numbers in double precision, to its rounding.

    Numbers are counted in bins of one width, and only those in a bin that holds a wanted rank are
    sorted: a third of the time for a brain, and never wrong, whatever their distribution.

    Args:
        values: at least one, all finite.
        percents: 0 to 100.

    Example:
        >>> percentiles(np.array([3, 1, 2, 9], dtype=np.float32), (0, 50, 100)).tolist()
        [1.0, 2.5, 9.0]
    """
    low, high = values.min(), values.max()
    width = float(high) - float(low)
    if not 1e-30 < width < 1e30:  # one value, or no bins in single precision
        return np.percentile(values.astype(np.float64), percents)
    place = np.asarray(percents, dtype=np.float64) / 100 * (len(values) - 1)
    before = np.floor(place).astype(np.intp)
    after = np.minimum(before + 1, len(values) - 1)
    # monotone, so that a number in a later bin is never the smaller one
    bins = ((values - low) * np.float32((BINS - 1) / width)).astype(np.int16)
    counts = np.bincount(bins, minlength=BINS)
    ends = np.cumsum(counts)
    wanted = np.zeros(BINS, dtype=bool)
    wanted[np.searchsorted(ends, np.concatenate([before, after]), side="right")] = True
    few = np.sort(values[wanted[bins]]).astype(np.float64)
    # how many numbers stand before those of each wanted bin, among all and among the few
    skipped = (ends - counts) - (np.cumsum(counts * wanted) - counts * wanted)

    def at(rank: np.ndarray) -> np.ndarray:
        return few[rank - skipped[np.searchsorted(ends, rank, side="right")]]

    left, right = at(before), at(after)
    found: np.ndarray = left + (right - left) * (place - before)
    return found
