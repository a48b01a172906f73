"""A tumour in numbers, ready for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from fusion.lesions.lesion_list import Lesion, lesions
from fusion.lesions.side import Midline, check_midline, side_of
from fusion.lesions.vasari import CROSSES_MM, NetcMeaning, vasari
from fusion.lesions.volumes import region_volumes_ml, region_voxels

WHOLE = "WT"
"""VASARI's proportions need a first region of this name."""


def summary(
    masks: Bool[np.ndarray, "regions x y z"],
    regions: Sequence[str],
    affine: Float[np.ndarray, "4 4"],
    spacing_mm: Sequence[float] | None,
    *,
    midline: Midline | None = None,
    netc: NetcMeaning = "mixed",
) -> dict[str, Any]:
    """Volumes, lesions, side and VASARI of one patient.

    What cannot be known is None: millilitres, diameters, sides and VASARI without a spacing, and
    sides without a midline (`TEMPLATE_MIDLINE` is one of images on a template only).

    Args:
        masks: one per region, on one grid; the whole tumour first.
        regions: their names.
        affine: index to millimetres in RAS.
        spacing_mm: None where it is not known.
        midline: the plane between left and right.
        netc: what the mask's NETC holds; `mixed` leaves VASARI's necrosis and nCET open.

    Raises:
        ConfigError: where masks and names, or affine and spacing, do not fit, and for a midline
            that does not divide the image.

    Example:
        >>> masks = np.ones((1, 10, 10, 10), dtype=bool)
        >>> found = summary(masks, ["WT"], np.eye(4), (1.0, 1.0, 1.0))
        >>> found["regions"], len(found["lesions"]), found["sides"]
        ({'WT': {'voxels': 1000, 'ml': 1.0}}, 1, None)
    """
    if midline is not None:
        check_midline(masks.shape[1:], affine, midline)
    listed = lesions(masks, regions, affine, spacing_mm)
    voxels = region_voxels(masks, regions)
    named = dict(zip(regions, masks, strict=True))
    known = spacing_mm is not None
    volumes = region_volumes_ml(masks, regions, spacing_mm) if known else dict.fromkeys(regions)
    told = known and WHOLE in named
    return {
        "spacing_mm": [float(mm) for mm in spacing_mm] if spacing_mm is not None else None,
        "regions": {name: {"voxels": voxels[name], "ml": volumes[name]} for name in regions},
        "lesions": [_lesion(lesion) for lesion in listed],
        "sides": _sides(named, affine, midline) if known and midline is not None else None,
        "vasari": vasari(named, affine, spacing_mm, midline=midline, netc=netc) if told else None,
    }


def _lesion(lesion: Lesion) -> dict[str, Any]:
    across = lesion.diameters
    return {
        "number": lesion.number,
        "voxels": lesion.voxels,
        "ml": lesion.volumes_ml,
        "diameters_mm": across
        and {name: one and [one.longest_mm, one.perpendicular_mm] for name, one in across.items()},
        "centroid_ras_mm": lesion.centroid_ras_mm and list(lesion.centroid_ras_mm),
        "box": [list(ends) for ends in lesion.box],
    }


def _sides(
    named: Mapping[str, Bool[np.ndarray, "x y z"]],
    affine: Float[np.ndarray, "4 4"],
    midline: Midline,
) -> dict[str, Any]:
    found = {name: side_of(mask, affine, midline) for name, mask in named.items()}
    return {
        name: one
        and {
            "side": one.side,
            "left_share": one.left_share,
            "crosses_midline": one.crosses(CROSSES_MM),
        }
        for name, one in found.items()
    }
