"""Resamples of patients, and a statistic in each."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Int, Shaped

from fusion.errors import UndefinedMetric
from fusion.metrics.concordance import harrell_c
from fusion.statistics.resampled import fast
from fusion.statistics.resampled_ranking import GEMM_LIMIT
from fusion.statistics.resampled_values import Resampled

Arrays = Sequence[Shaped[np.ndarray, "..."]]
"""What a statistic takes; row i of each belongs to the same patient."""

CELLS = 100_000
"""Resamples x rows that are held at once: what fits a cache."""

FEWEST = 16
"""Resamples that are held at once in any case."""


def check_draws(
    arrays: Arrays, draws: int, level: float, groups: Shaped[np.ndarray, " rows"] | None
) -> int:
    """How many rows there are.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where arrays differ in length, or draws or level are out of range.
    """
    lengths = [len(x) for x in arrays] + ([len(groups)] if groups is not None else [])
    if len(set(lengths)) != 1:
        raise ValueError(f"arrays and groups have lengths {lengths}, expected one row per patient")
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"draws {draws} and level {level}: expected >= 1 and between 0 and 1")
    if lengths[0] == 0:
        raise UndefinedMetric("bootstrap: no patient")
    return lengths[0]


def drawn_counts(
    rows: int, draws: int, seed: int, groups: Shaped[np.ndarray, " rows"] | None
) -> Iterator[Int[np.ndarray, "chunk n"]]:
    """How often each row is drawn, a chunk of resamples at a time to bound memory.

    Example:
        >>> counts, = drawn_counts(3, 2, 0, None)
        >>> counts.sum(axis=1).tolist()
        [3, 3]
    """
    patient = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    patients = int(patient.max()) + 1
    generator = np.random.default_rng(seed)
    chunk = max(FEWEST, CELLS // rows)
    for start in range(0, draws, chunk):
        size = min(chunk, draws - start)
        drawn = generator.integers(patients, size=(size, patients))
        drawn += patients * np.arange(size)[:, None]
        counts = np.bincount(drawn.reshape(-1), minlength=size * patients)
        counts = counts.reshape(size, patients)
        yield counts if groups is None else counts[:, patient]


def resampler(statistic: Callable[..., float], arrays: Arrays) -> Resampled:
    """What gives the statistic in each of many resamples, NaN where it is undefined.

    Example:
        >>> from fusion.metrics.auc import auc
        >>> score, target = np.array([0.1, 0.4, 0.3]), np.array([False, True, False])
        >>> resampler(auc, [score, target])(np.array([[1, 1, 1], [3, 0, 0]])).tolist()
        [1.0, nan]
    """
    batched = fast(statistic)
    if batched is not None and not (statistic is harrell_c and len(arrays[0]) > GEMM_LIMIT):
        return batched(*arrays)
    return lambda counts: np.array([_one(statistic, arrays, row) for row in counts])


def _one(statistic: Callable[..., float], arrays: Arrays, counts: Int[np.ndarray, " n"]) -> float:
    rows = np.repeat(np.arange(len(counts)), counts)
    try:
        value = float(statistic(*(x[rows] for x in arrays)))
    except UndefinedMetric:
        return np.nan
    if not np.isfinite(value):
        raise ValueError(f"the statistic returned {value}; raise UndefinedMetric for no value")
    return value
