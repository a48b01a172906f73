"""The lesions of a patient as a table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from fusion.lesions.lesion_list import Lesion, lesions


def lesion_table(
    masks: Bool[np.ndarray, "regions x y z"],
    regions: Sequence[str],
    affine: Float[np.ndarray, "4 4"],
    spacing_mm: Sequence[float] | None,
) -> pd.DataFrame:
    """A row per lesion, the largest first.

    Columns: `lesion`; of each region `voxels`, `ml`, `longest_mm`, `perpendicular_mm` (missing of
    a region that is not there); `x_mm`, `y_mm`, `z_mm`, the centroid in RAS; `x_first`, `x_end`
    and so on, the box of voxels that holds the lesion, its end not included. Where the spacing is
    not known there are no columns in millimetres or millilitres.

    Raises:
        ConfigError: where masks and names, or affine and spacing, do not fit.

    Example:
        >>> masks = np.zeros((1, 4, 4, 4), dtype=bool)
        >>> masks[0, 1:3, 1:3, 1:3] = True
        >>> lesion_table(masks, ["WT"], np.eye(4), None).to_dict("list")["WT_voxels"]
        [8]
    """
    rows = [_row(lesion) for lesion in lesions(masks, regions, affine, spacing_mm)]
    if rows:
        return pd.DataFrame(rows)
    # no lesion: the columns of one, so that tables of patients fit together
    one = lesions(np.ones((len(regions), 1, 1, 1), dtype=bool), regions, affine, spacing_mm)[0]
    return pd.DataFrame([_row(one)]).iloc[:0]


def _row(lesion: Lesion) -> dict[str, int | float]:
    row: dict[str, int | float] = {"lesion": lesion.number}
    for region, voxels in lesion.voxels.items():
        row[f"{region}_voxels"] = voxels
        if lesion.volumes_ml is not None and lesion.diameters is not None:
            across = lesion.diameters[region]
            row[f"{region}_ml"] = lesion.volumes_ml[region]
            row[f"{region}_longest_mm"] = np.nan if across is None else across.longest_mm
            row[f"{region}_perpendicular_mm"] = (
                np.nan if across is None else across.perpendicular_mm
            )
    if lesion.centroid_ras_mm is not None:
        row |= dict(zip(("x_mm", "y_mm", "z_mm"), lesion.centroid_ras_mm, strict=True))
    for axis, (first, end) in zip("xyz", lesion.box, strict=True):
        row |= {f"{axis}_first": first, f"{axis}_end": end}
    return row
