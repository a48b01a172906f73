"""Head configuration -> head."""

from collections.abc import Mapping, Sequence

from fusion.config.head import FusingConfig, HeadConfig
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
from fusion.config.missing import MissingConfig
from fusion.config.parts.missing import build_fill
from fusion.config.penalties import BottleneckKlConfig
from fusion.errors import ConfigError
from fusion.heads.attention import AttentionFusion
from fusion.heads.base import FusionHead
from fusion.heads.bilinear import BilinearFusion
from fusion.heads.bottleneck import BottleneckFusion
from fusion.heads.coattention import CoattentionFusion
from fusion.heads.columns import Columns
from fusion.heads.cross_attention import CrossAttentionFusion
from fusion.heads.dynamic import DynamicFusion
from fusion.heads.early import EarlyFusion
from fusion.heads.ensemble import EnsembleFusion
from fusion.heads.experts import ExpertFusion
from fusion.heads.film import FilmFusion
from fusion.heads.gated import GatedFusion
from fusion.heads.kronecker import KroneckerFusion
from fusion.heads.late import LateFusion
from fusion.heads.latent import LatentFusion
from fusion.heads.low_rank import LowRankFusion
from fusion.heads.missing.filled import FilledFusion
from fusion.heads.offset import ClinicalOffset
from fusion.heads.pairwise import PairwiseFusion
from fusion.heads.pathway_attention import PathwayAttentionFusion
from fusion.heads.pooled import PooledFusion
from fusion.heads.product import ProductFusion
from fusion.heads.prototype_attention import PrototypeAttentionFusion
from fusion.heads.shared_specific import SharedSpecificFusion
from fusion.heads.shared_unique import SharedUniqueFusion
from fusion.heads.single import SingleModality
from fusion.heads.translation import TranslationFusion
from fusion.heads.transport import TransportFusion
from fusion.heads.variational import VariationalBottleneck


def build_head(
    config: HeadConfig,
    *,
    dims: Mapping[str, int],
    out_features: int,
    missing: MissingConfig,
    bottleneck: BottleneckKlConfig | None = None,
    columns: Sequence[Columns] | None = None,
) -> FusionHead:
    """The head, for tokens of these widths; `columns` are for one that pools predictions.

    Raises:
        ConfigError: where something is to stand for what is missing in a pool of predictions.
    """
    fill = build_fill(missing, dims=dims)
    if isinstance(config, EnsembleConfig):
        if fill is not None:
            raise ConfigError(
                f"missing={missing.name} with head=ensemble: its models were each trained alone, "
                "on those who have the modality, and who lacks it is left out of the pool; choose "
                "missing=masked"
            )
        own = config.model_dump(include={"how", "hidden", "dropout"})
        return EnsembleFusion(dims=dims, out_features=out_features, columns=columns, **own)
    if isinstance(config, OffsetConfig):
        # what stands in is for the inner head: the offset is linear in what the clinic has
        inner = build_head(
            config.inner,
            dims=dims,
            out_features=config.hidden,
            missing=missing,
            bottleneck=bottleneck,
        )
        own = config.model_dump(include={"clinical", "hidden", "shrink"})
        return ClinicalOffset(inner, dims=dims, out_features=out_features, **own)
    settings = config.model_dump(exclude={"name"})
    widths = dims if fill is None else fill.dims
    head = head_class(config)(dims=widths, out_features=out_features, **settings)
    if bottleneck is not None:
        head = VariationalBottleneck(head, dims=widths, factor=bottleneck.factor)
    return head if fill is None else FilledFusion(head, fill=fill)


def head_class(config: FusingConfig) -> type[FusionHead]:
    """The class of a configuration, whose settings are its arguments."""
    match config:
        case EarlyConfig():
            return EarlyFusion
        case PooledConfig():
            return PooledFusion
        case GatedConfig():
            return GatedFusion
        case KroneckerConfig():
            return KroneckerFusion
        case LowRankConfig():
            return LowRankFusion
        case BilinearConfig():
            return BilinearFusion
        case ExpertsConfig():
            return ExpertFusion
        case ProductConfig():
            return ProductFusion
        case SingleConfig():
            return SingleModality
        case LateConfig():
            return LateFusion
        case DynamicConfig():
            return DynamicFusion
        case AttentionConfig():
            return AttentionFusion
        case CrossAttentionConfig():
            return CrossAttentionFusion
        case LatentConfig():
            return LatentFusion
        case BottleneckConfig():
            return BottleneckFusion
        case PairwiseConfig():
            return PairwiseFusion
        case CoattentionConfig():
            return CoattentionFusion
        case TransportConfig():
            return TransportFusion
        case PathwayAttentionConfig():
            return PathwayAttentionFusion
        case PrototypeAttentionConfig():
            return PrototypeAttentionFusion
        case SharedUniqueConfig():
            return SharedUniqueFusion
        case TranslationConfig():
            return TranslationFusion
        case SharedSpecificConfig():
            return SharedSpecificFusion
        case FilmConfig():
            return FilmFusion
