"""Outlines -> DICOM SEG, for a PACS and its viewers, and back again."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from fusion.data.label_scheme import check_regions
from fusion.errors import ConfigError, ReadError
from fusion.report.dicom_seg_codes import TYPES, Code
from fusion.report.dicom_seg_grid import Grid, regrid
from fusion.report.dicom_seg_segment import Algorithm, library, make_uid, segment
from fusion.report.dicom_seg_series import SourceSeries, read_series
from fusion.report.publish import publish


@dataclass(frozen=True)
class ReadSeg:
    """What a DICOM SEG holds, frames that it leaves out being empty."""

    masks: Bool[np.ndarray, "regions x y z"]
    regions: tuple[str, ...]
    """The segments' labels, which need not be ours."""
    grid: Grid
    tracking: tuple[tuple[str | None, str | None], ...]
    """Tracking ID and UID of each segment."""


def write_seg(
    masks: Bool[np.ndarray, "regions x y z"],
    regions: Sequence[str],
    source_series: Path,
    path: Path,
    *,
    grid: Grid,
    algorithm: Algorithm,
    finding: str,
    patient: str | None = None,
    moment: datetime | None = None,
    types: Mapping[str, Code] = TYPES,
) -> Path:
    """Write one BINARY segment per region; the same input at the same moment gives the same bytes.

    Empty frames are left out, as is the custom; `read_seg` puts them back. Regions may overlap.

    Args:
        masks: on a NIfTI grid.
        regions: whose masks they are.
        source_series: folder of the one series that was outlined.
        path: of the new file.
        grid: of the masks; it has to be the series' own, axes in any order and direction.
        algorithm: what drew them. The segments are marked AUTOMATIC, so a person may not have.
        finding: what is followed over time, such as `tumour`; with the region it is the tracking
            ID, and that with the patient makes the tracking UID.
        patient: under whose name it is followed, if not under the series' PatientID.
        moment: of writing; now, where it is not given.
        types: coded type of each region.

    Raises:
        ConfigError: without highdicom, for an unknown region, or nobody to track findings of.
        ReadError: for a series that cannot be used, or that lies on another grid.
        ReportError: where the file cannot be written.

    Source: DICOM PS3.3 A.51; highdicom (Bridge 2022).
    """
    highdicom = library()
    check_regions(regions)
    if len(masks) != len(regions) or not len(regions):
        raise ConfigError(f"{len(masks)} masks were given for the regions {list(regions)}")
    series = read_series(source_series)
    placed = regrid(masks, grid, series.grid, source_series)
    first = series.images[0]
    who = patient or str(first.PatientID or "")
    if not who:
        raise ConfigError(
            f"{source_series}: PatientID is empty, so findings cannot be tracked; give patient=..."
        )
    when = moment or datetime.now()
    described = [
        segment(number, region, types[region], algorithm, f"{finding}/{region}", who)
        for number, region in enumerate(regions, start=1)
    ]
    gap_mm = round(float(np.linalg.norm(series.grid.affine[:3, 2])), 6)
    content = sha256(np.packbits(placed).tobytes()).hexdigest()
    sources = [str(image.SOPInstanceUID) for image in series.images]
    made = repr((content, sources, tuple(regions), algorithm, finding, who, types, when))
    try:
        seg = highdicom.seg.Segmentation(
            source_images=series.images,
            pixel_array=placed.transpose(3, 2, 1, 0).astype(np.uint8),
            segmentation_type="BINARY",
            segment_descriptions=described,
            series_instance_uid=make_uid("series", made),
            series_number=1000 + int(first.get("SeriesNumber") or 0),
            sop_instance_uid=make_uid("instance", made),
            instance_number=1,
            manufacturer="fusion-onco",
            manufacturer_model_name=algorithm.name,
            software_versions=algorithm.version,
            device_serial_number="none",
            pixel_measures=highdicom.PixelMeasuresSequence(
                pixel_spacing=[float(edge) for edge in first.PixelSpacing],
                slice_thickness=float(first.SliceThickness),
                spacing_between_slices=gap_mm,
            ),
            content_label="TUMOUR",
            content_description="Outlines of a tumour; research use only",
            series_description="Outlines of a tumour; research use only",
            omit_empty_frames=bool(placed.any()),  # one frame at least has to be there
            content_date=when.date(),
            content_time=when.time(),
        )
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ReadError(source_series, f"highdicom cannot refer to it: {error}") from error
    _settle(seg, when, make_uid("dimensions", made))
    stream = io.BytesIO()
    seg.save_as(stream)
    return publish(path, stream.getvalue())


def _settle(seg: Any, when: datetime, dimensions_uid: str) -> None:
    """Give highdicom's own clock and random UID the values of ours: same input, same bytes."""
    seg.InstanceCreationDate, seg.InstanceCreationTime = seg.ContentDate, seg.ContentTime
    for item in seg.get("ContributingEquipmentSequence", []):
        item.ContributionDateTime = when
    for item in (*seg.DimensionOrganizationSequence, *seg.DimensionIndexSequence):
        item.DimensionOrganizationUID = dimensions_uid


def read_seg(path: Path, source_series: Path, grid: Grid | None = None) -> ReadSeg:
    """Read a BINARY DICOM SEG onto the grid of its source series, or another order of its axes.

    Raises:
        ConfigError: without highdicom.
        ReadError: for a file that is no such segmentation, is of another series, has frames that
            name no slice of this one, or for a `grid` that is not the series' own.
    """
    highdicom = library()
    series = read_series(source_series)
    try:
        seg = highdicom.seg.segread(path)
        kind = seg.segmentation_type.value
        described = [seg.get_segment_description(number) for number in seg.segment_numbers]
    except Exception as error:  # pydicom and highdicom have no common base class
        raise ReadError(path, f"not a sound DICOM SEG ({error}); export it again") from error
    if kind != "BINARY":
        raise ReadError(path, f"segments are {kind}; expected BINARY, in which they may overlap")
    masks = regrid(_stack(seg, path, series), series.grid, grid or series.grid, path)
    return ReadSeg(
        masks,
        tuple(str(one.segment_label) for one in described),
        grid or series.grid,
        tuple((one.tracking_id, one.tracking_uid) for one in described),
    )


def _stack(seg: Any, path: Path, series: SourceSeries) -> Bool[np.ndarray, "regions x y z"]:
    slices = [str(image.SOPInstanceUID) for image in series.images]
    strange = {str(uid) for _, _, uid in seg.get_source_image_uids()} - set(slices)
    if strange:
        raise ReadError(
            path,
            f"refers to {len(strange)} images that are not in {series.folder} (such as "
            f"{min(strange)}); give the folder of the series that was outlined",
        )
    if (seg.Columns, seg.Rows) != series.grid.shape[:2]:
        raise ReadError(
            path,
            f"frames of {seg.Columns} x {seg.Rows} pixels, slices of "
            f"{series.grid.shape[0]} x {series.grid.shape[1]}; expected the same",
        )
    frames = seg.get_pixels_by_source_instance(slices, assert_missing_frames_are_empty=True)
    lost = int(seg.pixel_array.sum()) - int(frames.sum())
    if lost:
        raise ReadError(path, f"{lost} voxels lie in frames that name no slice of {series.folder}")
    return np.ascontiguousarray(frames.transpose(3, 2, 1, 0).astype(bool))
