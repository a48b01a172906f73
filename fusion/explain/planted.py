"""Do the most telling tiles lie where the signal is known to be?"""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.errors import ReadError
from fusion.explain.scored import ScoredTiles
from fusion.metrics.auc import auc

COLUMNS = ("path", "patient_id", "x_px", "y_px", "signal")

MOST, NONE = 0.5, 0.0
"""A tile with more than `MOST` of its area signal is one, with no more than `NONE` is none; what
lies between is asked of nobody."""


def read_signal(path: Path) -> pd.DataFrame:
    """A CSV of squares with the share of each that is signal, such as the demo's `truth/tiles.csv`.

    Columns: `path` of the slide (its file name is compared), `patient_id`, `x_px` and `y_px` of
    the square's corner in level-0 pixels, and `signal` in [0, 1].

    Raises:
        ReadError: where it is no such table.
    """
    try:
        table = pd.read_csv(path, dtype={"path": str, "patient_id": str})
    except (OSError, ValueError) as error:
        raise ReadError(path, f"it cannot be read as a table ({error})") from error
    if missing := [name for name in COLUMNS if name not in table]:
        raise ReadError(path, f"no column {', '.join(missing)}; expected {', '.join(COLUMNS)}")
    if not table["signal"].between(0, 1).all():
        line = int(np.flatnonzero(~table["signal"].between(0, 1))[0]) + 2
        raise ReadError(
            path, f"line {line}: signal is outside [0, 1], expected a share of the tile"
        )
    return table.assign(file=[Path(name).name for name in table["path"]])


def signal_of(tiles: ScoredTiles, truth: pd.DataFrame) -> Float[np.ndarray, " tiles"]:
    """The share of each tile that is signal; NaN for a tile that the table does not have."""
    mine = truth[truth["patient_id"] == tiles.patient_id]
    keys = zip(mine["file"], mine["x_px"].round(), mine["y_px"].round(), strict=True)
    known = dict(zip(keys, mine["signal"], strict=True))
    files = [tiles.entries[i].path.name for i in tiles.placed.slide]
    places = tiles.placed.corner_px.tolist()
    return np.array([known.get((f, x, y), np.nan) for f, (x, y) in zip(files, places, strict=True)])


def planted_auc(tiles: ScoredTiles, truth: pd.DataFrame) -> float:
    """Probability that a tile of signal is more telling than one without, within the patient.

    Raises:
        UndefinedMetric: where the patient has tiles of one kind only, as far as the table tells.
    """
    share = signal_of(tiles, truth)
    asked = (share > MOST) | (share <= NONE)
    return auc(tiles.telling[asked], share[asked] > MOST)
