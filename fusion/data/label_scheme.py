"""What the numbers in a tumour mask mean. A scheme is named in the manifest and never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from jaxtyping import Bool, Integer, UInt8

from fusion.errors import ConfigError

COMPARTMENTS = {
    "NETC": "non-enhancing tumour core: necrosis and non-enhancing tumour",
    "SNFH": "surrounding non-enhancing FLAIR hyperintensity: oedema and infiltration",
    "ET": "enhancing tumour",
    "RC": "resection cavity",
    "CC": "cystic component",
    "tumour": "tumour that is not divided",
}
"""What a voxel can be."""

REGIONS = {
    "WT": ("NETC", "SNFH", "ET", "CC", "tumour"),
    "TC": ("NETC", "ET", "CC"),
    "ET": ("ET",),
    "NETC": ("NETC",),
    "SNFH": ("SNFH",),
    "RC": ("RC",),
    "CC": ("CC",),
}
"""What is segmented and measured: whole tumour, tumour core, and single compartments. They may
lie within each other."""

MOST_REGIONS = 8
"""So many are kept as bits of a byte."""


@dataclass(frozen=True)
class LabelScheme:
    """Labels of one convention, and the regions that its annotators outlined."""

    name: str
    labels: Mapping[int, str]
    """Number in the file -> compartment."""
    tells: frozenset[str]
    """Regions that such a mask says something about; the others are unknown, not absent."""


def _scheme(name: str, labels: Mapping[int, str]) -> LabelScheme:
    found = set(labels.values())
    told = {region for region, parts in REGIONS.items() if found & set(parts)}
    return LabelScheme(name, labels, frozenset({"WT"} if found == {"tumour"} else told))


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        _scheme("brats_2022", {1: "NETC", 2: "SNFH", 4: "ET"}),
        _scheme("brats_2023", {1: "NETC", 2: "SNFH", 3: "ET"}),
        _scheme("brats_post_treatment", {1: "NETC", 2: "SNFH", 3: "ET", 4: "RC"}),
        _scheme("brats_ped", {1: "ET", 2: "NETC", 3: "CC", 4: "SNFH"}),
        _scheme("msd_brain", {1: "SNFH", 2: "NETC", 3: "ET"}),
        _scheme("whole_tumour", {1: "tumour"}),
    )
}
"""By name: BraTS up to 2022, from 2023 on, after treatment (2024), paediatric; the brain tumours
of the Medical Segmentation Decathlon; and a mask that only tells tumour from the rest."""


def label_scheme(name: str) -> LabelScheme:
    """The scheme of that name.

    Raises:
        ConfigError: where there is none.

    Example:
        >>> label_scheme("brats_2022").labels[4], label_scheme("brats_post_treatment").labels[4]
        ('ET', 'RC')
    """
    if name in SCHEMES:
        return SCHEMES[name]
    near = get_close_matches(name, SCHEMES, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ConfigError(
        f"the label scheme {name!r} does not exist, there are {', '.join(SCHEMES)}{hint}"
    )


def check_regions(regions: Sequence[str]) -> None:
    """See that regions can be asked for.

    Raises:
        ConfigError: for one that does not exist or is named twice, and for too many.
    """
    unknown = sorted(set(regions) - set(REGIONS))
    if unknown or len(set(regions)) < len(regions) or len(regions) > MOST_REGIONS:
        raise ConfigError(
            f"regions {list(regions)}: name each once, up to {MOST_REGIONS}, "
            f"out of {', '.join(REGIONS)}"
        )


def strange_labels(mask: Integer[np.ndarray, "*shape"], scheme: LabelScheme) -> dict[int, int]:
    """Labels that the scheme does not have -> their voxels.

    Example:
        >>> strange_labels(np.array([0, 1, 4, 4]), label_scheme("brats_2023"))
        {4: 2}
    """
    found, counts = np.unique(mask, return_counts=True)
    known = {0, *scheme.labels}
    return {
        int(label): int(n)
        for label, n in zip(found, counts, strict=True)
        if int(label) not in known
    }


def region_bits(
    mask: UInt8[np.ndarray, "*shape"], scheme: LabelScheme, regions: Sequence[str]
) -> UInt8[np.ndarray, "*shape"]:
    """A byte per voxel: bit r is set where the voxel lies in `regions[r]`.

    Example:
        >>> mask = np.array([0, 1, 2, 4], dtype=np.uint8)
        >>> region_bits(mask, label_scheme("brats_2022"), ("WT", "TC", "ET")).tolist()
        [0, 3, 1, 7]
    """
    bits = np.zeros(mask.shape, dtype=np.uint8)
    mask = np.ascontiguousarray(mask)
    for label, compartment in scheme.labels.items():  # less than half the time of a table
        mine = sum(1 << bit for bit, name in enumerate(regions) if compartment in REGIONS[name])
        bits |= (mask == label) * np.uint8(mine)
    return bits


def region_masks(
    mask: UInt8[np.ndarray, "*shape"], scheme: LabelScheme, regions: Sequence[str]
) -> Bool[np.ndarray, "regions *shape"]:
    """The same, a Boolean mask for each region.

    Example:
        >>> mask = np.array([0, 1, 2, 4], dtype=np.uint8)
        >>> region_masks(mask, label_scheme("brats_2022"), ("WT", "ET")).astype(int).tolist()
        [[0, 1, 1, 1], [0, 0, 0, 1]]
    """
    bits = region_bits(mask, scheme, regions)
    return np.stack([(bits >> bit & 1).astype(bool) for bit in range(len(regions))])


def known_regions(scheme: LabelScheme, regions: Sequence[str]) -> Bool[np.ndarray, " regions"]:
    """Which of the regions a mask of this scheme tells.

    Example:
        >>> known_regions(label_scheme("whole_tumour"), ("WT", "TC", "ET")).tolist()
        [True, False, False]
    """
    return np.array([region in scheme.tells for region in regions])
