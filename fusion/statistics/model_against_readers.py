"""Is a model as good as the readers, for other readers and other cases?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import t

from fusion.errors import UndefinedMetric
from fusion.statistics.reader_estimates import ReaderEstimates, jackknife_auc_estimates


@dataclass(frozen=True)
class ModelAgainstReaders:
    """The model's figure of merit minus the readers' mean."""

    value: float
    se: float
    df: float
    low: float
    high: float
    p: float
    """Two-sided, of no difference."""
    non_inferior_p: float
    """One-sided, of the model being worse than the readers by the margin or more."""
    margin: float
    model: float
    readers: float
    """The mean over them."""


def model_against_readers(
    model: Float[np.ndarray, " cases"],
    readers: Float[np.ndarray, "readers cases"],
    truth: Bool[np.ndarray, " cases"],
    *,
    margin: float,
    level: float = 0.95,
    estimate: Callable[
        [Float[np.ndarray, "tests readers cases"], Bool[np.ndarray, " cases"]], ReaderEstimates
    ] = jackknife_auc_estimates,
) -> ModelAgainstReaders:
    """One figure from the model against one from each reader, all on the same cases.

    d_j = theta_model - theta_j; se² = [MS(R) + max(r cov2, 0)] / r, df = (r - 1) ([MS(R) +
    max(r cov2, 0)] / MS(R))², MS(R) the variance of d over readers and cov2 the mean covariance of
    d_j and d_k over cases.

    Args:
        model: its score of each case; larger means more likely diseased.
        readers: their ratings of the same cases.
        truth: True where the case is diseased.
        margin: by how much a model may be worse and count as no worse, 0 or more; fixed before the
            study.
        level: of the interval.
        estimate: the figure of merit and its covariance, with model and readers as one test:
            `delong_estimates`, or `jackknife_estimates` with another figure.

    Raises:
        UndefinedMetric: with fewer than two readers, or where all do exactly alike.
        ValueError: for a margin below 0, or lengths that differ.

    Source: Hillis, Obuchowski and Berbaum 2011; Chakraborty 2017, chapter 22; Chen, Petrick and
    Sahiner 2012 (non-inferiority).

    Example:
        >>> generator = np.random.default_rng(0)
        >>> truth = np.arange(100) < 40
        >>> readers = truth + generator.normal(size=(4, 100))
        >>> found = model_against_readers(truth + 0.5 * readers[0], readers, truth, margin=0.05)
        >>> found.model > found.readers, found.low < found.value < found.high
        (True, True)
    """
    if margin < 0:
        raise ValueError(f"margin {margin}: expected 0 or more")
    count = len(readers)
    if count < 2:
        raise UndefinedMetric(f"{count} reader, expected two or more")
    found = estimate(np.concatenate([model[None], readers])[None], truth)
    values, covariance = found.values[0], found.covariance[0, :, 0, :]
    contrast = np.concatenate([np.ones((count, 1)), -np.eye(count)], axis=1)
    differences = contrast @ values
    between = contrast @ covariance @ contrast.T
    square = float(differences.var(ddof=1))
    if square == 0:
        raise UndefinedMetric(f"all {count} readers have the same figure, {values[1]:g}")
    shared = max(count * float(between[~np.eye(count, dtype=bool)].mean()), 0.0)
    se = float(np.sqrt((square + shared) / count))
    df = (count - 1) * ((square + shared) / square) ** 2
    value, half = float(differences.mean()), float(t.ppf((1 + level) / 2, df)) * se
    return ModelAgainstReaders(
        value=value,
        se=se,
        df=df,
        low=value - half,
        high=value + half,
        p=float(2 * t.sf(abs(value) / se, df)),
        non_inferior_p=float(t.sf((value + margin) / se, df)),
        margin=margin,
        model=float(values[0]),
        readers=float(values[1:].mean()),
    )
