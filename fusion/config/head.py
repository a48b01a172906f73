"""The heads, by name."""

from typing import Annotated

from pydantic import Field

from fusion.config.heads.guided import (
    CoattentionConfig,
    PathwayAttentionConfig,
    PrototypeAttentionConfig,
    TransportConfig,
)
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

HeadConfig = Annotated[
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
    | EnsembleConfig
    | AttentionConfig
    | CrossAttentionConfig
    | LatentConfig
    | BottleneckConfig
    | PairwiseConfig
    | SharedUniqueConfig
    | TranslationConfig
    | SharedSpecificConfig
    | CoattentionConfig
    | TransportConfig
    | PathwayAttentionConfig
    | PrototypeAttentionConfig
    | FilmConfig,
    Field(discriminator="name"),
]
