"""One region as a segment: its codes, what drew it, and under which name it is followed."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any
from uuid import UUID, uuid5

from fusion.data.label_scheme import COMPARTMENTS, REGIONS
from fusion.errors import ConfigError
from fusion.report.dicom_seg_codes import CATEGORY, FAMILY, Code

NAMESPACE = UUID("5c1f0c8e-0c55-4f0e-9d0f-8f6d9d0d7a51")
"""Of all UIDs that are made here; another number would break the tracking of old findings."""


@dataclass(frozen=True)
class Algorithm:
    """What drew the outlines."""

    name: str
    version: str


def segment(
    number: int,
    region: str,
    kind: Code,
    algorithm: Algorithm,
    tracking: str,
    who: str,
) -> Any:
    """Describe a region as highdicom wants it.

    Args:
        number: 1 for the first.
        region: of which it is; becomes the label.
        kind: its coded type.
        algorithm: what drew it.
        tracking: the tracking ID, unique within the patient.
        who: the patient.

    Raises:
        ConfigError: without highdicom.
    """
    highdicom = library()
    coded = highdicom.sr.CodedConcept
    described = highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=region,
        segmented_property_category=coded(*CATEGORY),
        segmented_property_type=coded(*kind),
        algorithm_type="AUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            algorithm.name, coded(*FAMILY), algorithm.version
        ),
        tracking_id=tracking,
        tracking_uid=make_uid("tracking", repr((who, tracking))),
    )
    described.SegmentDescription = "; ".join(COMPARTMENTS[part] for part in REGIONS[region])
    return described


def make_uid(what: str, of: str) -> str:
    """A UID that follows from what it stands for.

    Example:
        >>> make_uid("tracking", "P1 tumour/ET") == make_uid("tracking", "P1 tumour/ET")
        True
    """
    return f"2.25.{uuid5(NAMESPACE, f'{what} {of}').int}"


def library() -> ModuleType:
    """Import highdicom.

    Raises:
        ConfigError: where it is not installed.
    """
    try:
        import highdicom
    except ImportError as error:
        raise ConfigError(
            "DICOM SEG needs the library `highdicom`: pip install 'fusion-onco[dicom]'"
        ) from error
    return highdicom
