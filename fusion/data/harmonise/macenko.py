"""Two stains, found as the extreme directions of optical density."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from fusion.data.harmonise.stain import (
    NoStain,
    Pixels,
    Profile,
    brightness_of,
    density_of,
    stained,
)

_LEAST_ANGLE = np.deg2rad(1.0)
"""Between the two stains; below, there is one."""


@dataclass(frozen=True)
class Macenko:
    """A profile is `stains` (rows haematoxylin and eosin, unit density) and `most` of each.

    Source: Macenko et al. 2009.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> stains = np.array([[0.65, 0.70, 0.29], [0.10, 0.93, 0.35]])
        >>> pixels = brightness_of(rng.uniform(0, 1.5, (5000, 2)) @ stains, 240.0)
        >>> method = Macenko(white=240.0, min_density=0.15, percentile=1.0)
        >>> found = method.profile(pixels)["stains"]
        >>> expected = stains / np.linalg.norm(stains, axis=1, keepdims=True)
        >>> bool(np.abs(found - expected).max() < 0.05)
        True
    """

    white: float
    """Brightness of empty glass."""
    min_density: float
    """Mean optical density below which a pixel is glass."""
    percentile: float
    """Of the angles between the two stains, and 100 less it."""

    name = "macenko"

    def spec(self) -> Mapping[str, Any]:
        """Name, version and settings."""
        return {"name": self.name, "version": 1, **asdict(self)}

    def profile(self, pixels: Pixels) -> Profile:
        """Stains and their 99th percentiles over stained pixels.

        Raises:
            NoStain: where too few pixels are stained, or with one stain only.
        """
        density = density_of(pixels, self.white)
        density = density[stained(density, self.min_density)]
        plane = np.linalg.eigh(np.cov(density.T))[1][:, [2, 1]]
        # towards the stains, so that no angle jumps from -180 to 180 degrees
        plane = plane * np.where(plane.sum(axis=0) < 0, -1.0, 1.0)
        first, second = (density @ plane).T
        angles = np.arctan2(second, first)
        low, high = np.percentile(angles, [self.percentile, 100 - self.percentile])
        if high - low < _LEAST_ANGLE:
            raise NoStain(
                f"its colours span {np.rad2deg(high - low):.2f} degrees: one stain, expected "
                "haematoxylin and eosin; look at the slide, and leave it out"
            )
        stains = np.array([[np.cos(a), np.sin(a)] for a in (low, high)]) @ plane.T
        stains = stains[np.argsort(-stains[:, 0])]  # haematoxylin absorbs more red
        most = np.percentile(density @ np.linalg.pinv(stains), 99, axis=0)
        if most.min() <= 0:
            raise NoStain(
                f"amounts of its two stains are {most[0]:.3g} and {most[1]:.3g} (99th percentile), "
                "expected both above 0; look at the slide, and leave it out"
            )
        return {"stains": stains, "most": most}

    def target(self, profiles: Sequence[Profile]) -> Profile:
        """Medians, so that one odd slide does not count."""
        stains = np.median([p["stains"] for p in profiles], axis=0)
        return {
            "stains": stains / np.linalg.norm(stains, axis=1, keepdims=True),
            "most": np.median([p["most"] for p in profiles], axis=0),
        }

    def recolour(self, pixels: Pixels, own: Profile, target: Profile) -> Pixels:
        """The same amounts, relative to the most there is, in the target's stains."""
        change = _change(own, target)
        return brightness_of(density_of(pixels, self.white) @ change, self.white)


def _change(own: Profile, target: Profile) -> Float[np.ndarray, "3 3"]:
    amounts = np.linalg.pinv(own["stains"]) * (target["most"] / own["most"])
    return np.asarray(amounts @ target["stains"])
