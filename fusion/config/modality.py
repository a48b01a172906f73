"""How one modality is read and encoded. The modality's *name* is the key in the YAML."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from fusion.config.adapt import AdaptConfig
from fusion.config.encoders import BagEncoderConfig, HierarchyConfig, VectorEncoderConfig
from fusion.config.harmonise import ComBatConfig, StainConfig
from fusion.config.strict import Strict
from fusion.config.volume import VolumeConfig


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

    @model_validator(mode="after")
    def _regions(self) -> "BagConfig":
        told = isinstance(self.encoder, HierarchyConfig) and self.encoder.region_classes
        if told and self.mix_tiles:
            raise ValueError(
                "mix_tiles mixes tiles of all regions of a patient, which region_classes tell "
                "apart; set mix_tiles to 0, or region_classes to null"
            )
        return self


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
