"""What a method of stain normalisation does; each is one class that knows no slide and no cache."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

Pixels = Float[np.ndarray, "pixels 3"]
"""Red, green, blue from 0 to 255; need not be whole."""

Profile = Mapping[str, Float[np.ndarray, "..."]]
"""The colours of a slide in the terms of a method."""


class NoStain(ValueError):
    """A slide whose stain cannot be estimated; says why."""


@runtime_checkable
class StainMethod(Protocol):
    """Profile of a slide, target of many, and the way from one to the other."""

    name: str

    def spec(self) -> Mapping[str, Any]:
        """JSON-able identity for cache keys: changes whenever a colour could change."""
        ...

    def profile(self, pixels: Pixels) -> Profile:
        """Of one slide.

        Raises:
            NoStain: where the pixels do not tell.
        """
        ...

    def target(self, profiles: Sequence[Profile]) -> Profile:
        """What all slides are brought to; the order of the profiles never matters."""
        ...

    def recolour(self, pixels: Pixels, own: Profile, target: Profile) -> Pixels:
        """Pixels of a slide with its own profile as the target's laboratory would show them."""
        ...


def stained(density: Pixels, min_density: float) -> Bool[np.ndarray, " pixels"]:
    """Pixels that are not glass.

    By the mean over red, green and blue: a pale eosin absorbs hardly any red.

    Raises:
        NoStain: where too few are left to tell anything.
    """
    mask = density.mean(axis=1) >= min_density
    if mask.sum() < ENOUGH:
        raise NoStain(
            f"{int(mask.sum()):,} of {len(mask):,} sampled pixels are stained (optical density of "
            f"{min_density:g} or more), expected at least {ENOUGH}: the stain cannot be estimated; "
            "look at the slide, and leave it out if it is empty or faded"
        )
    return mask


ENOUGH = 1000
"""Stained pixels that tell a stain."""


def density_of(pixels: Pixels, white: float) -> Pixels:
    """Optical density, natural logarithm; one level is added so that black stays finite.

    Example:
        >>> density_of(np.array([[239.0, 239.0, 119.0]]), 240.0).round(3).tolist()
        [[-0.0, -0.0, 0.693]]
    """
    return -np.log((pixels + 1) / white)


def brightness_of(density: Pixels, white: float) -> Pixels:
    """The inverse of `density_of`, within 0 to 255."""
    return np.clip(white * np.exp(-density) - 1, 0, 255)
