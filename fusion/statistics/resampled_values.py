"""What is given back for many resamples at once."""

import numpy as np
from jaxtyping import Float

Values = Float[np.ndarray, " draws"]
"""One per resample; NaN where the metric is undefined, for `bootstrap` to count."""


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> Values:
    """NaN where the denominator is zero: nothing to compare in that resample."""
    out = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
