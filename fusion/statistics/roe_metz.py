"""Reader studies with a known truth, to hold an analysis to."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import norm


@dataclass(frozen=True)
class Structure:
    """Variances of the latent rating; the four that concern cases add up to 1."""

    case: float
    test_case: float
    reader_case: float
    error: float
    """Includes test x reader x case."""
    reader: float
    """Drawn for diseased cases and for others apart."""
    test_reader: float
    """Likewise."""


STRUCTURES: Mapping[str, Structure] = MappingProxyType(
    {
        "HL": Structure(0.3, 0.3, 0.2, 0.2, 0.0082, 0.0082),
        "LL": Structure(0.1, 0.1, 0.2, 0.6, 0.0082, 0.0082),
        "HH": Structure(0.3, 0.3, 0.2, 0.2, 0.0447, 0.0447),
        "LH": Structure(0.1, 0.1, 0.2, 0.6, 0.0447, 0.0447),
    }
)
"""High or low correlation of the ratings of a case, high or low variance between readers."""


@dataclass(frozen=True)
class Simulated:
    """A reader study."""

    ratings: Float[np.ndarray, "tests readers cases"]
    truth: Bool[np.ndarray, " cases"]


def roe_metz(
    aucs: tuple[float, ...],
    *,
    structure: Structure,
    readers: int,
    diseased: int,
    healthy: int,
    generator: np.random.Generator,
) -> Simulated:
    """Continuous ratings of two kinds of cases by several readers with several tests.

    rating = mu_test [diseased] + R + (test x R) + C + (test x C) + (R x C) + error, all normal.
    The AUC of a reader drawn at random, over cases drawn at random, is about that of the test: it
    is Phi(mu / √2) for the reader in the middle.

    Args:
        aucs: of the tests, for the reader in the middle; the same twice for no difference.
        structure: one of `STRUCTURES`, or your own.
        readers: how many.
        diseased: cases.
        healthy: cases.
        generator: where the draws come from.

    Raises:
        ValueError: for an AUC that is not between 0 and 1.

    Source: Roe and Metz 1997; variances as in Hillis 2018, table 2.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> study = roe_metz((0.8, 0.9), structure=STRUCTURES["HL"], readers=5, diseased=30,
        ...                  healthy=50, generator=generator)
        >>> study.ratings.shape, int(study.truth.sum())
        ((2, 5, 80), 30)
    """
    if not all(0 < a < 1 for a in aucs):
        raise ValueError(f"aucs {aucs}: expected between 0 and 1")
    truth = np.arange(diseased + healthy) < diseased
    tests, cases, kind = len(aucs), len(truth), truth.astype(int)

    def draw(variance: float, *shape: int) -> Float[np.ndarray, "..."]:
        return np.sqrt(variance) * generator.normal(size=shape)

    ratings = (np.sqrt(2) * norm.ppf(aucs))[:, None, None] * truth
    ratings = ratings + draw(structure.reader, readers, 2)[:, kind]
    ratings = ratings + draw(structure.test_reader, tests, readers, 2)[:, :, kind]
    ratings = ratings + draw(structure.case, cases)
    ratings = ratings + draw(structure.test_case, tests, 1, cases)
    ratings = ratings + draw(structure.reader_case, readers, cases)
    ratings = ratings + draw(structure.error, tests, readers, cases)
    return Simulated(ratings=ratings, truth=truth)
