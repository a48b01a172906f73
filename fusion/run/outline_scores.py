"""What was outlined against what somebody drew: a row per region, and every mark for FROC."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy import ndimage

from fusion.data.label_scheme import REGIONS, LabelScheme
from fusion.metrics.lesions import GLIOMA, METASTASES, LesionRule, components, lesion_scores
from fusion.metrics.overlap import dice
from fusion.metrics.surface import SurfaceDistances
from fusion.run.outlined import Outlined

RULES: Mapping[str, LesionRule] = {"glioma": GLIOMA, "metastases": METASTASES}

FAINT = 0.1
"""Probability from which a connected part is a mark for FROC; its score is its highest."""


def region_scores(
    found: Outlined,
    drawn: UInt8[np.ndarray, "x y z"],
    scheme: LabelScheme,
    *,
    rule: str,
    tolerance_mm: float,
) -> Iterator[dict[str, Any]]:
    """A row for each region that the scheme tells of; lengths only where the spacing is known."""
    for place, region in enumerate(found.regions):
        if region not in scheme.tells:
            continue
        truth, mask = _region(drawn, scheme, region), found.masks[place]
        row: dict[str, Any] = {
            "region": region,
            "dice": dice(mask, truth),
            "truth_voxels": int(truth.sum()),
            "predicted_voxels": int(mask.sum()),
        }
        if found.spacing_mm is not None:
            distances = SurfaceDistances.between(mask, truth, found.spacing_mm)
            lesions = lesion_scores(mask, truth, found.spacing_mm, RULES[rule])
            ml = float(np.prod(found.spacing_mm)) / 1000
            row |= {
                "hd95_mm": distances.hausdorff_mm(),
                "nsd": distances.share_within(tolerance_mm),
                "lesion_dice": lesions.dice,
                "lesion_hd95_mm": lesions.hausdorff_mm,
                "lesions_found": lesions.found,
                "lesions_missed": lesions.missed,
                "lesions_false": lesions.false,
                "truth_ml": row["truth_voxels"] * ml,
                "predicted_ml": row["predicted_voxels"] * ml,
            }
        yield row


def lesion_marks(
    found: Outlined, drawn: UInt8[np.ndarray, "x y z"], scheme: LabelScheme
) -> tuple[list[dict[str, Any]], int]:
    """Every mark on the first region, and the number of its lesions.

    A mark is a connected part of what is likelier than `FAINT`; it is on the lesion that it
    shares most voxels with.
    """
    truth = _region(drawn, scheme, found.regions[0])
    lesion, count = components(truth)
    marked, marks = components(found.share[0] > FAINT)
    rows = []
    for number, box in enumerate(ndimage.find_objects(marked), start=1):
        inside = marked[box] == number
        touched = np.bincount(lesion[box][inside], minlength=count + 1)[1:]
        hit = int(touched.argmax()) if touched.any() else None
        rows.append({"score": _highest(found.share[0][box], inside), "hit": hit})
    assert len(rows) == marks
    return rows, count


def _highest(share: Float32[np.ndarray, "x y z"], inside: Bool[np.ndarray, "x y z"]) -> float:
    return float(share[inside].max())


def _region(
    drawn: UInt8[np.ndarray, "x y z"], scheme: LabelScheme, region: str
) -> Bool[np.ndarray, "x y z"]:
    labels = [label for label, part in scheme.labels.items() if part in REGIONS[region]]
    return np.isin(drawn, labels)
