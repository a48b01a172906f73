"""What is given back for many resamples at once."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

Counts = Int[np.ndarray, "draws n"]
"""How often each patient is in each resample."""

Values = Float[np.ndarray, " draws"]
"""One per resample; NaN where the metric is undefined, for `bootstrap` to count."""

Resampled = Callable[[Counts], Values]
"""A metric whose arrays are prepared: what does not depend on the resample is done once."""


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> Values:
    """NaN where the denominator is zero: nothing to compare in that resample."""
    out = np.full(len(numerator), np.nan)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
