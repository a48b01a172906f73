"""Masks whose labels have a meaning: which are refused, and what the others outline."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from fusion.data.entry import Entry
from fusion.data.label_scheme import (
    SCHEMES,
    known_regions,
    label_scheme,
    region_bits,
    strange_labels,
)
from fusion.data.prepare.volume_rows import MASK
from fusion.data.readers.volume import VolumeFile
from fusion.errors import Fault, ReadError


def scheme_faults(rows: Sequence[Entry]) -> list[Fault]:
    """A fault for each mask whose labels could mean anything."""
    return [
        Fault(
            "the mask has no label_scheme, and a 4 is enhancing tumour in one convention and a "
            f"resection cavity in another; give one of {', '.join(SCHEMES)} in that column",
            "manifest.csv",
            entry.line,
            entry.patient_id,
        )
        for entry in rows
        if entry.sequence == MASK and entry.label_scheme is None
    ]


def check_mask(mask: VolumeFile, patient: str, rows: Sequence[Entry]) -> None:
    """See that all its labels are of the scheme that the manifest names.

    Raises:
        ReadError: naming the labels that are not, and their voxels.
    """
    name = _scheme(rows)
    scheme = label_scheme(name)
    drawn = mask.array[mask.array != 0]  # the rest would be sorted too, and is known
    strange = strange_labels(drawn.astype(np.uint8), scheme)
    if strange:
        shown = ", ".join(f"{label} ({voxels:,} voxels)" for label, voxels in strange.items())
        known = ", ".join(f"{label} {part}" for label, part in sorted(scheme.labels.items()))
        raise ReadError(
            mask.path,
            f"holds the labels {shown}, which {name} does not have ({known}); "
            "name the scheme that the mask was drawn in, or correct the mask",
            patient,
        )


def outlined_regions(
    mask: UInt8[np.ndarray, "x y z"] | None,
    box: tuple[slice, ...],
    shape: Sequence[int],
    rows: Sequence[Entry],
    regions: Sequence[str],
) -> list[np.ndarray]:
    """What was outlined in a box of a prepared mask, as bits; and which of the regions at all."""
    if mask is None:
        return [np.zeros(tuple(shape), dtype=np.uint8), np.zeros(len(regions), dtype=bool)]
    scheme = label_scheme(_scheme(rows))
    return [region_bits(mask[box], scheme, regions), known_regions(scheme, regions)]


def _scheme(rows: Sequence[Entry]) -> str:
    name = next(entry.label_scheme for entry in rows if entry.sequence == MASK)
    assert name is not None, "a mask without a scheme is a fault of its row"
    return name
