"""Model configuration -> encoders and head."""

from collections.abc import Mapping

import torch

from fusion.config.head import HeadConfig
from fusion.config.modality import BagConfig, ModalityConfig, VectorConfig, VolumeConfig
from fusion.config.parts.head import build_head
from fusion.encoders.backbones import volume_backbone
from fusion.encoders.bag import GatedAttentionEncoder
from fusion.encoders.base import Encoder
from fusion.encoders.vector import VectorEncoder
from fusion.encoders.volume import VolumeEncoder
from fusion.model import FusionModel


def build_encoder(config: ModalityConfig, width: int) -> Encoder:
    """One modality's encoder, for inputs of `width` channels, features or columns."""
    match config:
        case VolumeConfig():
            net = config.encoder
            backbone, features = volume_backbone(
                net.name, channels=width, width=net.width, layers=net.layers
            )
            return VolumeEncoder(
                backbone=backbone,
                features=features,
                channels=width,
                dim=net.dim,
                pool=net.pool,
            )
        case BagConfig():
            return GatedAttentionEncoder(
                features=width,
                dim=config.encoder.dim,
                attention_dim=config.encoder.attention_dim,
                dropout=config.encoder.dropout,
            )
        case VectorConfig():
            return VectorEncoder(
                in_features=width,
                dim=config.encoder.dim,
                hidden=config.encoder.hidden,
                dropout=config.encoder.dropout,
            )


def build_model(
    modalities: Mapping[str, ModalityConfig],
    head: HeadConfig,
    *,
    widths: Mapping[str, int],
    out_features: int,
    modality_dropout: float,
    seed: int,
) -> FusionModel:
    """Encoders and head, with weights that depend on the seed alone."""
    torch.manual_seed(seed)
    encoders = {name: build_encoder(modalities[name], widths[name]) for name in sorted(modalities)}
    dims = {name: encoder.dim for name, encoder in encoders.items()}
    return FusionModel(
        encoders=encoders,
        head=build_head(head, dims=dims, out_features=out_features),
        modality_dropout=modality_dropout,
    )
