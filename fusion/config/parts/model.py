"""Model configuration -> encoders and head."""

from collections.abc import Mapping, Sequence

import torch

from fusion.config.head import HeadConfig
from fusion.config.missing import MissingConfig
from fusion.config.modality import ModalityConfig
from fusion.config.parts.encoders import build_encoder
from fusion.config.parts.head import build_head
from fusion.config.penalties import BottleneckKlConfig
from fusion.data.layout import Layout
from fusion.heads.columns import Columns
from fusion.model import FusionModel


def build_model(
    modalities: Mapping[str, ModalityConfig],
    head: HeadConfig,
    *,
    layouts: Mapping[str, Layout],
    out_features: int,
    missing: MissingConfig,
    modality_dropout: float,
    seed: int,
    bottleneck: BottleneckKlConfig | None = None,
    columns: Sequence[Columns] | None = None,
) -> FusionModel:
    """Encoders and head, with weights that depend on the seed alone."""
    torch.manual_seed(seed)
    encoders = {name: build_encoder(modalities[name], layouts[name]) for name in sorted(modalities)}
    dims = {name: encoder.dim for name, encoder in encoders.items()}
    return FusionModel(
        encoders=encoders,
        head=build_head(
            head,
            dims=dims,
            out_features=out_features,
            missing=missing,
            bottleneck=bottleneck,
            columns=columns,
        ),
        modality_dropout=modality_dropout,
    )
