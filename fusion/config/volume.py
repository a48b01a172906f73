"""How 3-D images are read, encoded and outlined."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from fusion.config.adapt import AdaptConfig
from fusion.config.strict import Strict
from fusion.config.volume_encoders import TumourEncoderConfig, VolumeEncoderConfig


class VolumeAugmentConfig(Strict):
    """Small changes in training that leave the diagnosis what it is."""

    flip: bool
    """Mirror left and right."""
    scale: float = Field(ge=0, lt=1)
    """Largest relative change of a sequence's gain."""
    shift: float = Field(ge=0)
    """Largest offset, in units of the normalised image."""
    drop_sequences: float = Field(ge=0, lt=1)
    """Probability that a sequence is hidden; one always stays."""
    warp: float = Field(ge=0, le=1)
    """Probability that a patient is turned and zoomed."""
    rotate: float = Field(ge=0, le=180)
    """Largest turn about each axis, in degrees, of those who are."""
    zoom: float = Field(ge=0, lt=1)
    """Largest relative change of their size."""
    gamma: float = Field(ge=0, le=2)
    """Largest logarithm of the power to which intensities are raised."""
    noise: float = Field(ge=0)
    """Largest SD of the noise that is added, in units of the normalised image."""


class OutlineConfig(Strict):
    """What the encoder `tumour` outlines, and how a volume is outlined after training."""

    regions: list[str] = Field(min_length=1)
    """The whole tumour first: of WT, TC, ET, NETC, SNFH, RC, CC."""
    patch: list[PositiveInt] | None = Field(min_length=3, max_length=3)
    """Voxels of the part that training draws; null takes the whole shape. Larger volumes are
    then outlined in windows of this size."""
    foreground: float = Field(ge=0, le=1)
    """Probability that such a part holds tumour."""
    overlap: float = Field(ge=0, lt=1)
    """Of neighbouring windows."""
    flips: bool
    """Outline the mirrored volume too, and take the mean."""
    least_mm3: float = Field(ge=0)
    """Smaller connected parts of a predicted region are taken away."""
    lesions: Literal["glioma", "metastases"]
    """BraTS 2023's rule of which lesions are one and which count."""
    tolerance_mm: PositiveFloat
    """Of the normalised surface Dice."""


class VolumeConfig(Strict):
    """3-D MRI or CT."""

    kind: Literal["volume"]
    sequences: list[str] = Field(min_length=1)
    """Channels, in order, as named in the manifest's `sequence` column."""
    spacing_mm: list[PositiveFloat] | None
    """x, y, z; null keeps each file's own grid (and then never mixes spacings knowingly)."""
    shape: list[PositiveInt] = Field(min_length=3, max_length=3)
    """Voxels after crop or pad."""
    normalise: Literal["brain_zscore", "nyul", "hu_window"]
    """`nyul` maps the z-scored brain onto percentiles learned from the training patients."""
    hu_window: list[float] | None
    """Lower and upper HU, for CT only."""
    crop: Literal["center", "foreground", "tumour"]
    outline: OutlineConfig | None
    """With the encoder `tumour`, and only then."""
    workers: PositiveInt
    augment: VolumeAugmentConfig
    encoder: VolumeEncoderConfig
    adapt: AdaptConfig

    @model_validator(mode="after")
    def _outlines(self) -> "VolumeConfig":
        outlines = isinstance(self.encoder, TumourEncoderConfig)
        if outlines != (self.outline is not None):
            raise ValueError(
                f"the encoder {self.encoder.name!r} with outline: "
                f"{'null' if self.outline is None else 'given'}; `tumour` needs to know what to "
                "outline, and no other can (modality mri_tumour has both)"
            )
        if outlines and self.crop == "tumour":
            raise ValueError(
                "crop: tumour puts the box where the mask is, and would tell the network where to "
                "look; choose foreground or center"
            )
        return self
