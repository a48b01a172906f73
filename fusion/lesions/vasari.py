"""The VASARI features that geometry alone decides; a radiologist has to see to the rest."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from fusion.lesions.compartments import with_compartments
from fusion.lesions.diameters import diameters
from fusion.lesions.grid import axes_to_ras, known_spacing
from fusion.lesions.lesion_list import numbered
from fusion.lesions.side import Midline, side_of
from fusion.lesions.vasari_terms import FEATURES, NOT_ASSESSED, proportion
from fusion.metrics.lesions import GLIOMA

Mask = Bool[np.ndarray, "x y z"]

NetcMeaning = Literal["necrosis", "nCET", "mixed"]
"""What the readers put into NETC. BraTS puts both there, and then neither share is known."""

CENTRAL_MM = 5.0
"""A centre so near to the midline is on neither side."""

CROSSES_MM = 3.0
"""So far must a tumour reach to both sides to cross the midline: a plane is only near to it."""


def vasari(
    regions: Mapping[str, Bool[np.ndarray, "x y z"]],
    affine: Float[np.ndarray, "4 4"],
    spacing_mm: Sequence[float] | None,
    *,
    midline: Midline | None,
    netc: NetcMeaning,
) -> dict[str, str | float]:
    """Every VASARI feature by name, `not_assessed` where masks do not decide it.

    Proportions are of the whole abnormality (WT). Lesions and satellites count from 50 mm3 on, as
    in BraTS: smaller ones are specks. Diameters are those of the largest whole tumour, as VASARI
    measures the T2 abnormality; the centre is that of the largest core, where it is known.

    Args:
        regions: WT at least, by the names of `fusion.data.label_scheme.REGIONS`.
        affine: index to millimetres in RAS.
        spacing_mm: of x, y, z.
        midline: None where it is not known; then nothing is said of sides.
        netc: what the mask's NETC holds.

    Raises:
        ConfigError: where the spacing is not known, or the affine is singular.

    Source: VASARI, The Cancer Imaging Archive; RadElement RDES221.
    """
    spacing = known_spacing(spacing_mm, "VASARI")
    found = with_compartments(regions)
    answers: dict[str, str | float] = dict.fromkeys(FEATURES, NOT_ASSESSED)
    if not found["WT"].any():
        return answers
    answers |= _proportions(found, netc)
    least = GLIOMA.least_mm3 / float(np.prod(spacing))
    tumour = found.get("TC", found["WT"])
    tumour = tumour if tumour.any() else found["WT"]
    answers["F9 multifocal or multicentric"] = _multifocal(found["WT"], tumour, least)
    if {"TC", "ET"} <= found.keys():
        answers["F24 satellites"] = _satellites(found, least)
    size = diameters(_largest(found["WT"]), spacing, axes_to_ras(affine)[2])
    if size is not None:
        answers["F29 longest diameter (mm)"] = size.longest_mm
        answers["F30 perpendicular diameter (mm)"] = size.perpendicular_mm
    if midline is not None:
        answers |= _sides(found, tumour, affine, midline, netc)
    return answers


def _proportions(found: Mapping[str, Mask], netc: NetcMeaning) -> dict[str, str]:
    whole = found["WT"]
    share = {name: float((mask & whole).sum() / whole.sum()) for name, mask in found.items()}
    answers = {}
    if "ET" in share:
        answers["F5 proportion enhancing"] = proportion(share["ET"])
    if "NETC" in share and netc == "nCET":
        answers["F6 proportion nCET"] = proportion(share["NETC"])
    if "NETC" in share and (netc == "necrosis" or share["NETC"] == 0):
        answers["F7 proportion necrosis"] = proportion(share["NETC"])
    if "SNFH" in share:
        answers["F14 proportion of oedema"] = proportion(share["SNFH"])
    return answers


def _multifocal(whole: Mask, tumour: Mask, least: float) -> str:
    """Tumour that lies outside the abnormality around the largest."""
    parts, count = numbered(whole)
    inside = np.bincount(parts[tumour], minlength=count + 1)[1:]
    return "multifocal or multicentric" if (inside >= least).sum() > 1 else "focal"


def _satellites(found: Mapping[str, Mask], least: float) -> str:
    """Enhancing tumour apart from the core of the largest lesion, within its surroundings."""
    core = (found["TC"] | found["ET"]) & _largest(found["WT"])
    cores, number = numbered(core)
    sizes = np.bincount(cores.ravel(), minlength=number + 1)[2:]
    enhances = np.bincount(cores[found["ET"]], minlength=number + 1)[2:] > 0
    return "present" if ((sizes >= least) & enhances).any() else "absent"


def _largest(mask: Mask) -> Mask:
    return numbered(mask)[0] == 1


def _sides(
    found: Mapping[str, Mask],
    tumour: Mask,
    affine: Float[np.ndarray, "4 4"],
    midline: Midline,
    netc: NetcMeaning,
) -> dict[str, str]:
    crossing = {"F15 oedema crosses midline": "SNFH", "F23 enhancing tumour crosses midline": "ET"}
    if netc == "nCET":
        crossing["F22 nCET crosses midline"] = "NETC"
    answers = {}
    for feature, region in crossing.items():
        if region in found:
            side = side_of(found[region], affine, midline)
            answers[feature] = "yes" if side is not None and side.crosses(CROSSES_MM) else "no"
    centre = side_of(_largest(tumour), affine, midline)
    if centre is not None:
        lateral = "right" if centre.centre_mm > 0 else "left"
        near = abs(centre.centre_mm) < CENTRAL_MM
        answers["F2 side of tumour centre"] = "centre" if near else lateral
    return answers
