"""Mean and spread of colours, brought to those of the target."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from skimage.color import lab2rgb, rgb2lab

from fusion.data.harmonise.stain import NoStain, Pixels, Profile, density_of, stained


@dataclass(frozen=True)
class Reinhard:
    """A profile is `mean` and `sd` of CIELAB over stained pixels.

    Source: Reinhard et al. 2001, who use another opponent colour space; CIELAB as in the tools
    of histopathology.

    Example:
        >>> pixels = np.random.default_rng(0).uniform(60, 200, (2000, 3))
        >>> method = Reinhard(white=240.0, min_density=0.15)
        >>> own = method.profile(pixels)
        >>> bool(np.abs(method.recolour(pixels, own, own) - pixels).max() < 0.1)
        True
    """

    white: float
    """Brightness of empty glass."""
    min_density: float
    """Mean optical density below which a pixel is glass."""

    name = "reinhard"

    def spec(self) -> Mapping[str, Any]:
        """Name, version and settings."""
        return {"name": self.name, "version": 1, **asdict(self)}

    def profile(self, pixels: Pixels) -> Profile:
        """Over stained pixels.

        Raises:
            NoStain: where too few pixels are stained, or all have one colour.
        """
        lab = rgb2lab(pixels[stained(density_of(pixels, self.white), self.min_density)] / 255)
        mean, sd = lab.mean(axis=0), lab.std(axis=0)
        if sd.min() < 1e-3:
            raise NoStain("its stained pixels have one colour; look at the slide, leave it out")
        return {"mean": mean, "sd": sd}

    def target(self, profiles: Sequence[Profile]) -> Profile:
        """Medians, so that one odd slide does not count."""
        return {name: np.median([p[name] for p in profiles], axis=0) for name in ("mean", "sd")}

    def recolour(self, pixels: Pixels, own: Profile, target: Profile) -> Pixels:
        """Standardise by its own colours, spread by the target's; glass stays glass."""
        lab = (rgb2lab(pixels / 255) - own["mean"]) / own["sd"] * target["sd"] + target["mean"]
        lab[:, 0] = np.clip(lab[:, 0], 0, 100)
        # beyond this yellow there is no blue light left to remove
        lab[:, 2] = np.minimum(lab[:, 2], 200 * (lab[:, 0] + 16) / 116 - 1e-3)
        changed = np.clip(lab2rgb(lab), 0, 1) * 255
        density = density_of(pixels, self.white).mean(axis=1, keepdims=True)
        share = np.clip(density / max(self.min_density, 1e-6), 0, 1)
        return np.asarray(share * changed + (1 - share) * pixels)
