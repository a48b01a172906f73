"""How one modality is read and encoded. The modality's *name* is the key in the YAML."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from fusion.config.adapt import AdaptConfig
from fusion.config.encoders import (
    BagEncoderConfig,
    TumourEncoderConfig,
    VectorEncoderConfig,
    VolumeEncoderConfig,
)
from fusion.config.harmonise import ComBatConfig, StainConfig
from fusion.config.strict import Strict


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


class TextureEncoderConfig(Strict):
    """The offline default: stain, texture and nuclear features, no weights."""

    name: Literal["texture"]


class TransformersEncoderConfig(Strict):
    """A vision model of `transformers` from a folder on this machine."""

    name: Literal["transformers"]
    folder: str
    device: str
    """cpu, cuda, ...: where the tiles are embedded."""


class ClipEncoderConfig(Strict):
    """The image side of a text-image model of `transformers`, from a folder on this machine."""

    name: Literal["clip"]
    folder: str
    device: str


class TimmEncoderConfig(Strict):
    """A published vision transformer through `timm`, its weights from a folder on this machine."""

    name: Literal["timm"]
    card: str
    """Which model: one of `fusion/data/prepare/patch_encoders/cards.py`."""
    folder: str
    device: str


class OwnEncoderConfig(Strict):
    """A network trained on one's own tiles, from the folder that `pretrain_tiles` left."""

    name: Literal["own"]
    folder: str
    device: str


PatchEncoderConfig = Annotated[
    TextureEncoderConfig
    | OwnEncoderConfig
    | TransformersEncoderConfig
    | ClipEncoderConfig
    | TimmEncoderConfig,
    Field(discriminator="name"),
]


class BagConfig(Strict):
    """Whole-slide images."""

    kind: Literal["bag"]
    patch_encoder: PatchEncoderConfig
    tile_px: PositiveInt
    mpp: PositiveFloat
    """Microns per pixel at which tiles are cut."""
    context_mpps: list[PositiveFloat]
    """Coarser ones at which the surroundings of each tile are read too, with as many pixels around
    the same centre; the features are joined."""
    stride_px: PositiveInt
    reject: list[Literal["ink", "folds"]]
    """What is no tissue. The rules are those of haematoxylin and eosin."""
    min_tissue: float = Field(ge=0, le=1)
    min_sharpness: float | None = Field(ge=0, le=1)
    """Leave out tiles that are more blurred; null keeps them. In focus is 0.3 and more."""
    max_background: float | None = Field(ge=0, le=1)
    """Leave out tiles with a larger share of empty glass; null keeps them."""
    max_tiles_per_slide: PositiveInt | None
    half_size_decode: bool
    """Read JPEG tiles at half a level's size by a smaller DCT: nearly twice as fast, and less than
    a grey level from the mean of all pixels."""
    stain: StainConfig | None
    """Colours made alike before tiles are encoded; null leaves them."""
    harmonise: ComBatConfig | None
    """Features made alike, by the patients' means; null leaves them."""
    workers: PositiveInt
    keep_tiles: float = Field(gt=0, le=1)
    """Share of a bag's tiles that each training step draws."""
    mix_tiles: float = Field(ge=0, lt=1)
    """In training, move each tile's features up to this part of the way to another's of its bag."""
    noise: float = Field(ge=0)
    """In training, added to features: its standard deviation, in those of the training tiles."""
    encoder: BagEncoderConfig
    adapt: AdaptConfig


class TableConfig(Strict):
    """Which columns of a table are inputs, and how; everything fitted is fitted in training."""

    columns: list[str] | None
    """Names or patterns; null takes all."""
    columns_file: str | None
    """One name a line (a gene list), in the cohort folder."""
    drop: list[str]
    """Names or patterns; one that matches nothing is an error."""
    select_variance: PositiveInt | None
    """Keep so many columns, by variance over the training patients."""
    log1p: bool
    categorical: dict[str, list[str]]
    indicators: bool
    """Add a column for each one that has missing values."""
    clip: PositiveFloat | None
    """Cut standardised numbers at so many training standard deviations."""


class VectorConfig(Strict):
    """A row of a table: RNA, mutations, CNV, methylation, clinical."""

    kind: Literal["vector"]
    table: TableConfig
    harmonise: ComBatConfig | None
    """Numbers made alike across centres; null leaves them. Categories are never changed."""
    encoder: VectorEncoderConfig
    adapt: AdaptConfig


ModalityConfig = Annotated[VolumeConfig | BagConfig | VectorConfig, Field(discriminator="kind")]
