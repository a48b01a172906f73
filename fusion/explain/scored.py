"""A patient's tiles with their scores: what is drawn, written and judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from fusion.data.entry import Entry
from fusion.data.sources.placed_tiles import PlacedTiles


@dataclass(frozen=True)
class ScoredTiles:
    """One patient, one answer, one method."""

    patient_id: str
    answer: str
    """What is explained, for a reader: `subtype oligodendroglioma`, `survival risk`."""
    method: str
    entries: Sequence[Entry]
    """The patient's slides, as `placed.slide` numbers them."""
    placed: PlacedTiles
    scores: Float[np.ndarray, " tiles"]
    """As `fusion.explain.methods.scores` gives them."""
    telling: Float[np.ndarray, " tiles"]
    """How much each speaks for what the slide as a whole makes of the answer."""

    @property
    def signed(self) -> bool:
        """Whether a score below zero speaks against the answer."""
        return self.method != "attention"

    @property
    def shown(self) -> Float[np.ndarray, " tiles"]:
        """For the eye: evidence per tile, or attention as a multiple of an even share."""
        return self.scores if self.signed else self.scores * len(self.scores)

    def of_slide(self, number: int) -> Int[np.ndarray, " some"]:
        """Which tiles are from one of the slides."""
        return np.flatnonzero(self.placed.slide == number)

    def table(self) -> pd.DataFrame:
        """A row per tile, most telling first: file, place and side, scores, quality."""
        placed = self.placed
        columns: Mapping[str, object] = {
            "file": [self.entries[i].path.name for i in placed.slide],
            "line": [self.entries[i].line for i in placed.slide],
            "x_px": placed.corner_px[:, 0],
            "y_px": placed.corner_px[:, 1],
            "side_px": placed.side_px,
            "x_um": placed.corner_um[:, 0],
            "y_um": placed.corner_um[:, 1],
            "score": self.scores,
            "telling": self.telling,
            "sharpness": placed.sharpness,
            "background": placed.background,
        }
        order = np.argsort(-self.telling, kind="stable")
        return pd.DataFrame(columns).iloc[order].reset_index(drop=True)
