"""The knobs of the demo cohort."""

import math
from dataclasses import dataclass

from fusion.errors import ConfigError


@dataclass(frozen=True)
class Settings:
    """Everything that the bytes of a cohort depend on; `write_demo` says what each is.

    Raises:
        ConfigError: naming the knob and the range, where a value is outside it.
    """

    patients: int
    seed: int
    missing: float
    center_shift: float
    label_noise: float
    null: bool
    swapped: float
    volume_mm: float
    slide_px: int

    def __post_init__(self) -> None:
        ranges = {
            "patients": (5, 9999),
            "seed": (0, 2**63 - 1),
            "missing": (0, 10),
            "center_shift": (0, 10),
            "label_noise": (0, 1),
            "swapped": (0, 1),
            "volume_mm": (1, 5),
            "slide_px": (512, 8192),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise ConfigError(f"{name} is {value}; give a value from {low} to {high}")
