"""What is kept of a file once it was read; small, so that any cohort fits the memory."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, UInt8

from fusion.data.entry import Entry
from fusion.doctor.finding import Finding


@dataclass(frozen=True, kw_only=True)
class VolumeFacts:
    """One volume that could be read."""

    entry: Entry
    file: str
    """Seen from the data root."""
    shape: tuple[int, int, int]
    """Voxels as stored."""
    affine: Float64[np.ndarray, "4 4"]
    orientation: str | None
    """Where the stored axes run to; None where the file does not say."""
    spacing_mm: tuple[float, float, float] | None
    """From left to right, from back to front and upwards, whatever way it is stored."""
    lowest: float
    p99: float
    """99th percentile of the intensities."""
    highest: float
    content: str
    """Hash of shape and voxels, so that a copy compressed anew is found too; blank for a mask
    without a label, which anybody may have."""


@dataclass(frozen=True, kw_only=True)
class SlideFacts:
    """One slide that could be read."""

    entry: Entry
    file: str
    mpp: float
    """Microns per pixel of level 0."""
    power: float | None
    vendor: str
    dimensions: tuple[int, int]
    """Width and height in pixels."""
    levels: int
    tissue_share: float
    """Of the slide's area, 0 to 1."""
    content: str
    """Hash of the files; blank where no other slide has as many bytes."""


@dataclass(frozen=True, kw_only=True)
class RowFacts:
    """One patient's row of a table."""

    entry: Entry
    file: str
    content: str
    """Hash of the numbers; blank where there are too few different ones to tell people apart."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """The rows of one table that one centre's patients (or everybody) have in a modality."""

    modality: str
    file: str
    center: str
    patients: int
    columns: int
    text_columns: int
    missing_share: float
    """Of the cells, 0 to 1."""
    empty_columns: int
    constant_columns: int
    nonfinite_cells: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a file looks like, for the contact sheet."""

    entry: Entry
    picture: UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of opening one file."""

    volumes: list[VolumeFacts] = field(default_factory=list)
    slides: list[SlideFacts] = field(default_factory=list)
    rows: list[RowFacts] = field(default_factory=list)
    tables: list[TableFacts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    look: Look | None = None
