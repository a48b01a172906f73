"""How far two samples lie apart, in any respect: maximum mean discrepancy."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import pdist, squareform

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite


@dataclass(frozen=True)
class Mmd:
    """Squared distance of two distributions."""

    value: float
    """Unbiased estimate of MMD squared: about 0, and often below, where nothing differs."""
    p: float
    """Of no difference, by permutation."""
    bandwidth: float
    """Of the kernel: the median distance of two patients."""


def mmd(
    x: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, "m d"],
    *,
    permutations: int = 500,
    seed: int,
) -> Mmd:
    """MMD squared with a Gaussian kernel, and how often patients dealt at random lie as far apart.

    k(a, b) = exp(-|a - b|² / (2 σ²)), σ the median distance in both samples together;
    MMD² = mean k(x, x') + mean k(y, y') - 2 mean k(x, y), over pairs of different patients.
    p = (1 + permutations with as large a value) / (1 + permutations).

    Bring columns to one scale before: the kernel sees distances only.

    Args:
        x: one sample, a row per patient.
        y: the other.
        permutations: of who belongs to which.
        seed: of these.

    Raises:
        UndefinedMetric: with fewer than two patients in either, or where all are alike.
        ValueError: for a value that is not finite.

    Source: Gretton et al. 2012.

    Example:
        >>> random = np.random.default_rng(0)
        >>> x, y = random.normal(size=(40, 2)), random.normal(size=(30, 2))
        >>> mmd(x, y, seed=0).p > 0.05, mmd(x, y + 2, seed=0).p < 0.01
        (True, True)
    """
    n, m = len(x), len(y)
    if min(n, m) < 2:
        raise UndefinedMetric(f"MMD takes two patients in each sample, found {n} and {m}")
    squares = pdist(np.concatenate([finite("x", x), finite("y", y)]), "sqeuclidean")
    spread = float(np.median(squares))
    if spread == 0:
        spread = float(squares.mean())  # more than half of the pairs are alike
    if spread == 0:
        raise UndefinedMetric(f"all {n + m} patients are alike: there is no distance")
    kernel = squareform(np.exp(-squares / (2 * spread)))  # the diagonal stays 0
    first = np.arange(n + m) < n
    generator = np.random.default_rng(seed)
    dealt = generator.permuted(np.tile(first, (permutations, 1)), axis=1)
    values = _unbiased(kernel, np.concatenate([first[None], dealt]))
    # permutations that deal the same patients differ by rounding alone
    as_far = int((values[1:] >= values[0] - 1e-12).sum())
    return Mmd(float(values[0]), (1 + as_far) / (1 + permutations), float(np.sqrt(spread)))


def _unbiased(
    kernel: Float[np.ndarray, "all all"], first: Bool[np.ndarray, "divisions all"]
) -> Float[np.ndarray, " divisions"]:
    """MMD squared for several divisions of the same patients, as large as each other."""
    one = first.astype(float)
    n, m = one[0].sum(), (1 - one[0]).sum()
    toward = one @ kernel
    xx = np.einsum("ij,ij->i", toward, one)
    xy = np.einsum("ij,ij->i", toward, 1 - one)
    yy = kernel.sum() - xx - 2 * xy
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)
