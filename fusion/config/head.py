"""The heads, by name."""

from typing import Annotated

from pydantic import Field

from fusion.config.heads.guided import (
    CoattentionConfig,
    PathwayAttentionConfig,
    PrototypeAttentionConfig,
    TransportConfig,
)
from fusion.config.heads.offset import OffsetConfig
from fusion.config.heads.sequences import (
    AttentionConfig,
    BottleneckConfig,
    CrossAttentionConfig,
    FilmConfig,
    LatentConfig,
    PairwiseConfig,
)
from fusion.config.heads.shared import SharedSpecificConfig, SharedUniqueConfig, TranslationConfig
from fusion.config.heads.vectors import (
    BilinearConfig,
    EarlyConfig,
    ExpertsConfig,
    GatedConfig,
    KroneckerConfig,
    LowRankConfig,
    PooledConfig,
    ProductConfig,
)
from fusion.config.heads.votes import DynamicConfig, EnsembleConfig, LateConfig, SingleConfig

FusingConfig = Annotated[
    EarlyConfig
    | PooledConfig
    | GatedConfig
    | KroneckerConfig
    | LowRankConfig
    | BilinearConfig
    | ExpertsConfig
    | ProductConfig
    | SingleConfig
    | LateConfig
    | DynamicConfig
    | AttentionConfig
    | CrossAttentionConfig
    | LatentConfig
    | BottleneckConfig
    | PairwiseConfig
    | CoattentionConfig
    | TransportConfig
    | PathwayAttentionConfig
    | PrototypeAttentionConfig
    | SharedUniqueConfig
    | TranslationConfig
    | SharedSpecificConfig
    | FilmConfig,
    Field(discriminator="name"),
]
"""Heads that stand by themselves."""

HeadConfig = Annotated[
    FusingConfig | EnsembleConfig | OffsetConfig[FusingConfig], Field(discriminator="name")
]
