"""Location and scale of one group, feature by feature, each leaning on all the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

_CLOSE = 1e-10
"""Largest change of the last round."""
_ROUNDS = 10_000


@dataclass(frozen=True, eq=False)
class Effect:
    """What a centre adds and what it multiplies by, in units of the standardised features."""

    shift: Float[np.ndarray, " features"]
    scale: Float[np.ndarray, " features"]
    """1 where nothing is multiplied."""

    def state(self) -> dict[str, list[float]]:
        """As JSON-able lists, exact."""
        return {"shift": self.shift.tolist(), "scale": self.scale.tolist()}

    @staticmethod
    def from_state(state: Mapping[str, Sequence[float]]) -> "Effect":
        """The inverse of `state`."""
        parts: dict[str, Any] = {n: np.asarray(state[n], dtype=float) for n in ("shift", "scale")}
        return Effect(**parts)


def shrink(
    z: Float[np.ndarray, "patients features"], borrows: Bool[np.ndarray, " features"]
) -> Effect:
    """Parametric empirical Bayes: a feature's own estimate is drawn towards those of the others.

    Args:
        z: standardised over all groups; NaN where not measured.
        borrows: which features follow the model. The others (without any spread inside a centre)
            get their plain mean as shift and scale 1. A feature that fewer than 2 patients have
            keeps shift 0 and scale 1, as do all where fewer than 2 features can borrow.

    Source: Johnson, Li and Rabinovic 2007, equations 3 and 4; priors by moments.

    Example:
        >>> z = np.random.default_rng(0).normal(3.0, 2.0, (500, 40))
        >>> effect = shrink(z, np.ones(40, dtype=bool))
        >>> round(float(effect.shift.mean()), 1), round(float(effect.scale.mean()), 1)
        (3.0, 2.0)
    """
    known = ~np.isnan(z)
    n = known.sum(axis=0)
    filled = np.where(known, z, 0.0)
    mean = filled.sum(axis=0) / np.maximum(n, 1)
    squares = (np.where(known, z - mean, 0.0) ** 2).sum(axis=0)
    shift = np.where(~borrows & (n > 0), mean, 0.0)
    scale = np.ones_like(shift)
    use = borrows & (n >= 2)
    if use.sum() >= 2:
        shift[use], scale[use] = _posterior(mean[use], squares[use], n[use])
    return Effect(shift, scale)


def _posterior(
    mean: Float[np.ndarray, " g"], squares: Float[np.ndarray, " g"], n: Int[np.ndarray, " g"]
) -> tuple[Float[np.ndarray, " g"], Float[np.ndarray, " g"]]:
    variance = squares / (n - 1)
    variance = np.where(variance > 1e-10, variance, 1.0)  # one value only tells no scale
    middle, spread = mean.mean(), mean.var(ddof=1)
    m, s2 = variance.mean(), variance.var(ddof=1)
    if s2 <= 1e-20 * m**2:  # all alike: the prior is a point
        s2 = 1e-20 * m**2
    shape, rate = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    shift, delta = mean, variance
    for _ in range(_ROUNDS):
        before = shift, delta
        shift = (n * spread * mean + delta * middle) / (n * spread + delta)
        total = squares + n * (mean - shift) ** 2
        delta = (rate + total / 2) / (n / 2 + shape - 1)
        if max(np.abs(shift - before[0]).max(), np.abs(delta / before[1] - 1).max()) < _CLOSE:
            break
    return shift, np.sqrt(delta)
