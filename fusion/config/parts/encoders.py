"""Encoder configuration -> encoder, and how much of it learns."""

from collections.abc import Mapping

from fusion.config.adapt import (
    AdaptConfig,
    FrozenConfig,
    FullConfig,
    LoraConfig,
    StagedConfig,
)
from fusion.config.encoders import (
    BagEncoderConfig,
    ClamConfig,
    DsmilConfig,
    GatedAttentionConfig,
    GeneTransformerConfig,
    HierarchyConfig,
    IdentityConfig,
    PathwaysConfig,
    PooledEncoderConfig,
    PrototypesConfig,
    SnnConfig,
    TilesConfig,
    TopTilesConfig,
    TransmilConfig,
    VectorEncoderConfig,
)
from fusion.config.modality import BagConfig, ModalityConfig, VectorConfig
from fusion.config.volume import VolumeConfig
from fusion.config.volume_encoders import (
    TumourEncoderConfig,
    VolumeBackboneConfig,
    VolumeEncoderConfig,
)
from fusion.data.layout import Layout
from fusion.encoders.backbones import volume_backbone
from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.base import Encoder
from fusion.encoders.clam import ClamEncoder
from fusion.encoders.dsmil import DsmilEncoder
from fusion.encoders.freeze import freeze, stages
from fusion.encoders.gene_transformer import GeneTransformerEncoder
from fusion.encoders.hierarchy import HierarchyEncoder
from fusion.encoders.identity import IdentityEncoder
from fusion.encoders.lora import add_lora
from fusion.encoders.map_networks import map_network
from fusion.encoders.pathways import PathwayEncoder
from fusion.encoders.pooled import PooledEncoder
from fusion.encoders.prototypes import PrototypeEncoder
from fusion.encoders.tiles import TilesEncoder
from fusion.encoders.top_tiles import TopTilesEncoder
from fusion.encoders.transmil import TransmilEncoder
from fusion.encoders.tumour import TumourEncoder
from fusion.encoders.vector import VectorEncoder
from fusion.encoders.volume import VolumeEncoder
from fusion.lit.unfreeze import Unfreeze
from fusion.model import FusionModel


def build_encoder(config: ModalityConfig, layout: Layout) -> Encoder:
    """One modality's encoder, for inputs of this layout, adapted as configured."""
    match config:
        case VolumeConfig():
            encoder: Encoder = _volume(config.encoder, layout)
        case BagConfig():
            encoder = _bag(config.encoder, layout)
        case VectorConfig():
            encoder = _vector(config.encoder, layout)
    adapt(encoder, config.adapt)
    return encoder


def token_width(config: ModalityConfig, layout: Layout) -> int:
    """Of the tokens that the encoder will give."""
    if isinstance(config.encoder, IdentityConfig):
        return layout.width
    return config.encoder.dim


def adapt(encoder: Encoder, config: AdaptConfig) -> None:
    """Say which weights learn; stages are the trainer's to say, epoch by epoch."""
    match config:
        case FullConfig() | StagedConfig():
            pass
        case FrozenConfig():
            freeze(encoder)
        case LoraConfig():
            add_lora(encoder, rank=config.rank, alpha=config.alpha)


def build_unfreezing(
    modalities: Mapping[str, ModalityConfig], model: FusionModel
) -> list[Unfreeze]:
    """What lets staged encoders learn stage by stage."""
    found = []
    for name, config in sorted(modalities.items()):
        encoder, adapted = model.encoders[name], config.adapt
        if isinstance(adapted, StagedConfig):
            assert isinstance(encoder, Encoder)
            settings = adapted.model_dump(include={"first", "every"})
            found.append(Unfreeze(stages=stages(encoder), **settings))
    return found


def _volume(config: VolumeEncoderConfig, layout: Layout) -> Encoder:
    match config:
        case TumourEncoderConfig():
            return TumourEncoder(
                network=map_network(
                    config.network,
                    channels=layout.width,
                    width=config.width,
                    layers=config.layers,
                ),
                channels=layout.width,
                regions=len(layout.regions),
                dim=config.dim,
                supervised=config.supervised,
                drop_tokens=config.drop_tokens,
            )
        case VolumeBackboneConfig():
            return _backbone(config, layout)


def _backbone(config: VolumeBackboneConfig, layout: Layout) -> Encoder:
    backbone, features = volume_backbone(
        config.name, channels=layout.width, width=config.width, layers=config.layers
    )
    return VolumeEncoder(
        backbone=backbone,
        features=features,
        channels=layout.width,
        dim=config.dim,
        pool=config.pool,
    )


def _bag(config: BagEncoderConfig, layout: Layout) -> Encoder:
    settings = config.model_dump(exclude={"name"})
    match config:
        case PooledEncoderConfig():
            return PooledEncoder(features=layout.width, pool=config.name, **settings)
        case GatedAttentionConfig():
            return GatedAttentionEncoder(features=layout.width, **settings)
        case HierarchyConfig():
            classes = settings.pop("region_classes") or ()
            return HierarchyEncoder(features=layout.width, classes=len(classes), **settings)
        case ClamConfig():
            return ClamEncoder(features=layout.width, **settings)
        case DsmilConfig():
            return DsmilEncoder(features=layout.width, **settings)
        case TransmilConfig():
            return TransmilEncoder(features=layout.width, **settings)
        case TilesConfig():
            return TilesEncoder(features=layout.width, **settings)
        case TopTilesConfig():
            return TopTilesEncoder(features=layout.width, **settings)
        case PrototypesConfig():
            return PrototypeEncoder(features=layout.width, **settings)


def _vector(config: VectorEncoderConfig, layout: Layout) -> Encoder:
    settings = config.model_dump(exclude={"name", "signatures"})
    match config:
        case SnnConfig():
            return VectorEncoder(in_features=layout.width, **settings)
        case PathwaysConfig():
            return PathwayEncoder(groups=layout.groups, **settings)
        case GeneTransformerConfig():
            return GeneTransformerEncoder(in_features=layout.width, **settings)
        case IdentityConfig():
            return IdentityEncoder(in_features=layout.width)
