"""What made a slide, in the words of its file."""

from dataclasses import dataclass
from pathlib import Path

import openslide

from fusion.errors import ReadError


@dataclass(frozen=True)
class SlideOrigin:
    """Unchecked: a file may lack both, or be wrong."""

    vendor: str
    """The format by OpenSlide's name (`aperio`, `generic-tiff`); `picture` for a plain image."""
    power: float | None
    """Magnification of the objective, such as 40."""


def slide_origin(path: Path, patient: str | None = None) -> SlideOrigin:
    """Look into the header of a slide or picture; no pixel is read.

    Raises:
        ReadError: where OpenSlide knows the format but cannot open the file.
    """
    vendor = openslide.OpenSlide.detect_format(path)
    if vendor is None:
        return SlideOrigin("picture", None)
    try:
        with openslide.OpenSlide(path) as slide:
            power = slide.properties.get(openslide.PROPERTY_NAME_OBJECTIVE_POWER)
            return SlideOrigin(vendor, None if power is None else float(power))
    except (openslide.OpenSlideError, ValueError) as error:
        raise ReadError(path, f"the header cannot be read ({error})", patient) from error
