"""Percentiles by counting are those by sorting, whatever the numbers."""

import numpy as np
import pytest

from fusion.data.harmonise.percentiles import percentiles

PERCENTS = (0, 1, 10, 33, 50, 90, 99, 100)

KINDS = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "ties": lambda rng, n: rng.integers(0, 5, n),
    "far tails": lambda rng, n: 1e6 * rng.standard_cauchy(n),
    "one value": lambda rng, n: np.full(n, 3.3),
    "tiny": lambda rng, n: 1e-40 * rng.standard_normal(n),
    "huge": lambda rng, n: rng.choice([-3e38, 0, 3e38], n),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(20))
def test_they_are_those_of_numpy(kind, seed):
    """Both interpolate in double precision; the last bits may differ."""
    rng = np.random.default_rng(seed)
    values = KINDS[kind](rng, int(rng.integers(1, 3000))).astype(np.float32)
    expected = np.percentile(values.astype(np.float64), PERCENTS)
    scale = np.abs(values).max()
    np.testing.assert_allclose(
        percentiles(values, PERCENTS), expected, rtol=1e-12, atol=1e-14 * scale
    )
