"""ComBat that is fitted on some patients and applied to others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from fusion.data.harmonise.shrink import Effect, shrink
from fusion.errors import ConfigError

Features = Float[np.ndarray, " features"]
Values = Float[np.ndarray, "patients features"]


@dataclass(frozen=True, eq=False)
class Combat:
    """y = mean + covariates x slopes + sd (shift of the centre + scale of the centre x noise)."""

    mean: Features
    """Over centres, weighted by their patients, at the training mean of the covariates."""
    sd: Features
    """Of what centre and covariates leave; 1 where they leave nothing."""
    slopes: Float[np.ndarray, "covariates features"]
    borrows: Bool[np.ndarray, " features"]
    """Features that vary inside centres, and so take part in the priors."""
    effects: Mapping[str, Effect]
    """By centre."""

    @staticmethod
    def fit(
        values: Values, centers: Sequence[str], covariates: Float[np.ndarray, "patients covariates"]
    ) -> "Combat":
        """Estimate everything from these patients, each of a centre that has several of them.

        Args:
            values: NaN where not measured.
            centers: of each patient.
            covariates: centred; their effect is kept. May have no column.

        Raises:
            ConfigError: for one centre, one feature, or covariates that only tell the centre.

        Source: Johnson et al. 2007; Fortin et al. 2018 (covariates of images).

        Example:
            >>> noise = np.random.default_rng(0).normal(size=(60, 30))
            >>> centers = ["A"] * 30 + ["B"] * 30
            >>> shifted = noise + np.repeat([[0.0], [4.0]], 30, axis=0)
            >>> combat = Combat.fit(shifted, centers, np.zeros((60, 0)))
            >>> scale, offset = combat.map(combat.effects["B"], np.zeros(0))
            >>> bool(abs((shifted[30:] * scale + offset).mean() - shifted.mean()) < 0.05)
            True
        """
        names = sorted(set(centers))
        if len(names) < 2 or values.shape[1] < 2:
            raise ConfigError(
                f"ComBat compares centres over many features, found {len(names)} of the one and "
                f"{values.shape[1]} of the other; expected 2 or more of both"
            )
        groups = np.array([[c == name for name in names] for c in centers], dtype=float)
        design = np.concatenate([groups, covariates], axis=1)
        free = np.linalg.matrix_rank(covariates) if covariates.size else 0
        if np.linalg.matrix_rank(design) < len(names) + free:
            raise ConfigError(
                "the covariates to preserve cannot be told from the centre: each centre has one "
                "value of them, or a mix fixed by the others; preserve fewer"
            )
        weights = _regress(values, design)
        known = (~np.isnan(values)).astype(float)
        share = groups.T @ known / np.maximum(known.sum(axis=0), 1)
        mean = (share * weights[: len(names)]).sum(axis=0)
        sd = np.sqrt(_mean_square(values - design @ weights))
        # below rounding, nothing is left inside a centre to standardise by
        borrows = sd > 1e-6 * np.sqrt(_mean_square(values - mean))
        combat = Combat(mean, np.where(borrows, sd, 1.0), weights[len(names) :], borrows, {})
        effects = {
            name: combat.effect(values[groups[:, i] > 0], covariates[groups[:, i] > 0])
            for i, name in enumerate(names)
        }
        return Combat(combat.mean, combat.sd, combat.slopes, borrows, effects)

    def effect(
        self, values: Values, covariates: Float[np.ndarray, "patients covariates"]
    ) -> Effect:
        """Location and scale of one centre, seen or not, against what was fitted."""
        return shrink((values - self.mean - covariates @ self.slopes) / self.sd, self.borrows)

    def map(
        self, effect: Effect, covariates: Float[np.ndarray, " covariates"]
    ) -> tuple[Features, Features]:
        """Factor and summand that take a patient's features out of their centre."""
        factor = 1 / effect.scale
        base = self.mean + covariates @ self.slopes
        return factor, base * (1 - factor) - self.sd * effect.shift * factor

    def state(self) -> dict[str, Any]:
        """As JSON-able values, exact."""
        return {
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "slopes": self.slopes.tolist(),
            "borrows": self.borrows.tolist(),
            "effects": {name: effect.state() for name, effect in sorted(self.effects.items())},
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> "Combat":
        """The inverse of `state`."""
        mean = np.asarray(state["mean"], dtype=float)
        return Combat(
            mean=mean,
            sd=np.asarray(state["sd"], dtype=float),
            slopes=np.asarray(state["slopes"], dtype=float).reshape(-1, len(mean)),
            borrows=np.asarray(state["borrows"], dtype=bool),
            effects={name: Effect.from_state(e) for name, e in state["effects"].items()},
        )


def _regress(
    values: Values, design: Float[np.ndarray, "patients columns"]
) -> Float[np.ndarray, "columns features"]:
    """Least squares, feature by feature over the patients who have it."""
    known = ~np.isnan(values)
    squares = design[:, :, None] * design[:, None, :]
    gram = np.tensordot(known.T.astype(float), squares, axes=1)
    right = design.T @ np.where(known, values, 0.0)
    # a centre that never measured a feature and columns that repeat each other leave a rank that
    # is short but for rounding: of all solutions the smallest is taken
    inverse = np.linalg.pinv(gram, rcond=1e-10, hermitian=True)
    return np.einsum("fij,jf->if", inverse, right)


def _mean_square(residuals: Values) -> Features:
    known = ~np.isnan(residuals)
    return (np.where(known, residuals, 0.0) ** 2).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
