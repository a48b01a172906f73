"""Regions that lie within each other, taken apart."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

Mask = Bool[np.ndarray, "x y z"]


def with_compartments(
    regions: Mapping[str, Bool[np.ndarray, "x y z"]],
) -> dict[str, Bool[np.ndarray, "x y z"]]:
    """The regions, and of TC, NETC and SNFH those that follow from them.

    TC from ET and NETC (and CC); NETC from TC without ET (and CC); SNFH from WT without TC. What
    does not follow is not there: a mask that only tells tumour from the rest says nothing of ET.

    Args:
        regions: by the names of `fusion.data.label_scheme.REGIONS`.

    Example:
        >>> line = np.arange(4).reshape(4, 1, 1)
        >>> found = with_compartments({"WT": line < 3, "TC": line < 2, "ET": line < 1})
        >>> {name: int(mask.sum()) for name, mask in found.items()}
        {'WT': 3, 'TC': 2, 'ET': 1, 'NETC': 1, 'SNFH': 1}
    """
    found = dict(regions)
    if "TC" not in found and {"ET", "NETC"} <= found.keys():
        found["TC"] = found["ET"] | found["NETC"]
        if "CC" in found:
            found["TC"] = found["TC"] | found["CC"]
    if "NETC" not in found and {"TC", "ET"} <= found.keys():
        found["NETC"] = found["TC"] & ~found["ET"]
        if "CC" in found:
            found["NETC"] = found["NETC"] & ~found["CC"]
    if "SNFH" not in found and {"WT", "TC"} <= found.keys():
        found["SNFH"] = found["WT"] & ~found["TC"]
    return found
