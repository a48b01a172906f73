"""The encoders, by kind of modality and by name."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from fusion.config.strict import Strict

Dropout = Annotated[float, Field(ge=0, lt=1)]


class PooledEncoderConfig(Strict):
    """Mean or maximum of embedded tiles."""

    name: Literal["mean", "max"]
    dim: PositiveInt
    dropout: Dropout


class GatedAttentionConfig(Strict):
    """Gated attention MIL (Ilse 2018)."""

    name: Literal["gated_attention"]
    dim: PositiveInt
    attention_dim: PositiveInt
    dropout: Dropout


class HierarchyConfig(Strict):
    """Gated attention over tiles of a slide, slides of a region, regions of a patient."""

    name: Literal["hierarchy"]
    dim: PositiveInt
    attention_dim: PositiveInt
    dropout: Dropout
    region_classes: list[str] | None = Field(min_length=2)
    """What the manifest's `region_label` may be; regions then learn it too. null looks at none."""


class ClamConfig(Strict):
    """Gated attention that also sorts tiles (Lu 2021)."""

    name: Literal["clam"]
    dim: PositiveInt
    attention_dim: PositiveInt
    dropout: Dropout
    instances: PositiveInt
    """So many most and so many least attended tiles of a bag are told apart."""
    instance_weight: float = Field(ge=0)
    """Factor of that penalty, before `penalty.NAME_instance`."""


class DsmilConfig(Strict):
    """The most telling tile, and all others by their likeness to it (Li 2021)."""

    name: Literal["dsmil"]
    dim: PositiveInt
    query_dim: PositiveInt
    streams: PositiveInt
    """Tokens; the paper has one for each class."""
    dropout: Dropout


class TransmilConfig(Strict):
    """Tiles look at each other (Shao 2021)."""

    name: Literal["transmil"]
    dim: PositiveInt
    """A multiple of `heads`."""
    layers: PositiveInt
    heads: PositiveInt
    landmarks: PositiveInt
    """Of the approximation for large bags."""
    exact_up_to: PositiveInt
    """Bags of more tiles get the approximation."""
    dropout: Dropout


class TilesConfig(Strict):
    """A token for each tile, for heads that look at all of them."""

    name: Literal["tiles"]
    dim: PositiveInt
    most: PositiveInt | None
    """Tiles of a patient, drawn anew at each step of training; null keeps all."""
    dropout: Dropout


class TopTilesConfig(Strict):
    """A token for each tile that a learned score puts first (Gao 2019)."""

    name: Literal["top_tiles"]
    dim: PositiveInt
    most: PositiveInt
    dropout: Dropout


class PrototypesConfig(Strict):
    """A token for each kind of tile; the kinds are found among training tiles (Song 2024)."""

    name: Literal["prototypes"]
    dim: PositiveInt
    prototypes: int = Field(ge=2)
    """Kinds, and tokens."""
    tiles: PositiveInt
    """Drawn from each training patient to find the kinds."""
    dropout: Dropout


BagEncoderConfig = Annotated[
    PooledEncoderConfig
    | GatedAttentionConfig
    | HierarchyConfig
    | ClamConfig
    | DsmilConfig
    | TransmilConfig
    | TilesConfig
    | TopTilesConfig
    | PrototypesConfig,
    Field(discriminator="name"),
]


class SnnConfig(Strict):
    """Self-normalising MLP (Klambauer 2017)."""

    name: Literal["snn"]
    dim: PositiveInt
    hidden: list[PositiveInt]
    dropout: Dropout


class PathwaysConfig(Strict):
    """A token for each gene family or pathway (Chen 2021, Jaume 2024)."""

    name: Literal["pathways"]
    signatures: str
    """Sets of genes, in the cohort folder or by a whole path: a GMT file, or a CSV file with a
    column for each set."""
    dim: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class GeneTransformerConfig(Strict):
    """Columns look at each other (Gorishniy 2021)."""

    name: Literal["gene_transformer"]
    dim: PositiveInt
    """A multiple of `heads`."""
    layers: PositiveInt
    heads: PositiveInt
    most_columns: PositiveInt
    """More columns are refused: time grows with their square."""
    dropout: Dropout


class IdentityConfig(Strict):
    """The columns as they are, in one token as wide as the table."""

    name: Literal["identity"]


VectorEncoderConfig = Annotated[
    SnnConfig | PathwaysConfig | GeneTransformerConfig | IdentityConfig,
    Field(discriminator="name"),
]
