"""A mask in a NIfTI file -> a DICOM SEG beside the series that it outlines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fusion.data.label_scheme import (
    REGIONS,
    check_regions,
    label_scheme,
    region_masks,
    strange_labels,
)
from fusion.data.readers.volume import read_mask
from fusion.errors import ConfigError, ReadError
from fusion.report.dicom_seg import Algorithm, write_seg
from fusion.report.dicom_seg_grid import Grid


def export_mask(
    mask: Path,
    scheme: str,
    series: Path,
    out: Path,
    *,
    regions: Sequence[str] = (),
    algorithm: Algorithm,
    finding: str,
    patient: str | None = None,
) -> dict[str, int]:
    """Write the regions that a mask tells.

    Args:
        mask: NIfTI on the grid of the series.
        scheme: what its labels mean.
        series: folder of the DICOM series.
        out: the new file.
        regions: which; all that the scheme tells, where none is named.
        algorithm: what drew the mask.
        finding: what is followed over time.
        patient: under whose name, if not the series' PatientID.

    Returns:
        Region -> its voxels.

    Raises:
        ConfigError: for an unknown scheme, or a region that the scheme does not tell.
        ReadError: for a mask without a grid, with labels that the scheme does not have, or on
            another grid than the series.
    """
    labels = label_scheme(scheme)
    wanted = list(regions) or [region for region in REGIONS if region in labels.tells]
    check_regions(wanted)
    unknown = sorted(set(wanted) - labels.tells)
    if unknown:
        raise ConfigError(
            f"a mask of {scheme} does not tell {', '.join(unknown)}; it tells "
            f"{', '.join(sorted(labels.tells))}"
        )
    volume = read_mask(mask, patient or "")
    if not volume.units_known:
        raise ReadError(mask, "has neither sform nor qform, so nobody knows where it lies", patient)
    array = volume.array.astype(np.uint8)
    odd = strange_labels(array, labels)
    if odd:
        raise ReadError(
            mask, f"labels {odd} (label: voxels) are not in {scheme}; name its own scheme", patient
        )
    masks = region_masks(array, labels, wanted)
    write_seg(
        masks,
        wanted,
        series,
        out,
        grid=Grid((array.shape[0], array.shape[1], array.shape[2]), volume.affine),
        algorithm=algorithm,
        finding=finding,
        patient=patient,
    )
    return {region: int(m.sum()) for region, m in zip(wanted, masks, strict=True)}
