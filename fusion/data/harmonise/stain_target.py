"""What the slides of all laboratories are brought to, fitted on training patients."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8

from fusion.data.harmonise.colour_table import SIDE, ColourTable
from fusion.data.harmonise.stain import Profile, StainMethod
from fusion.errors import ConfigError

Recolour = Callable[[UInt8[np.ndarray, "n h w 3"]], UInt8[np.ndarray, "n h w 3"]]


class StainTarget:
    """The target of one method, once it is fitted.

    Args:
        method: how slides are told and changed.
        tiles: so many tiles of a slide tell its stain.
    """

    def __init__(self, *, method: StainMethod, tiles: int) -> None:
        self.method = method
        self.tiles = tiles
        self._target: Profile | None = None
        self._patients = 0

    @property
    def ready(self) -> bool:
        """Whether there is a target."""
        return self._target is not None

    def fit(self, profiles: Sequence[Sequence[Profile]]) -> None:
        """From the slides of each training patient; every patient counts once."""
        each = [_mean(slides) for slides in profiles]
        self._target = self.method.target(each)
        self._patients = len(each)

    def recolour(self, own: Profile) -> Recolour:
        """How the tiles of a slide with this profile are changed."""
        target = self._fitted()
        return ColourTable(lambda pixels: self.method.recolour(pixels, own, target))

    def spec(self) -> dict[str, Any]:
        """All that decides a profile, as JSON-able values."""
        return {**self.method.spec(), "tiles": self.tiles}

    def made_by(self) -> dict[str, Any]:
        """All that decides a colour beside the slide."""
        target = {name: np.asarray(v).tolist() for name, v in sorted(self._fitted().items())}
        return {**self.spec(), "nodes": SIDE, "target": target}

    def sentences(self, modality: str) -> list[str]:
        """What a reader of the report must know."""
        if self._target is None:
            return []
        return [
            f"Stain of {modality}: every slide is brought to the colours of the "
            f"{self._patients} training patients' slides ({self.method.name.capitalize()}). Slides "
            "of other centres are changed by their own colours, without labels."
        ]

    def state(self) -> dict[str, Any]:
        """What `fit` learned, as JSON-able values, exact."""
        return {"patients": self._patients, "target": self.made_by()["target"]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`."""
        self._target = {n: np.asarray(v, dtype=float) for n, v in state["target"].items()}
        self._patients = state["patients"]

    def _fitted(self) -> Profile:
        if self._target is None:
            raise ConfigError("the stain has no target yet; call `fit` or `restore` first")
        return self._target


def _mean(profiles: Sequence[Profile]) -> Profile:
    return {name: np.mean([p[name] for p in profiles], axis=0) for name in profiles[0]}
