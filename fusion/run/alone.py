"""How a modality is trained alone: to compare with, and for an ensemble."""

from fusion.config.head import SingleConfig
from fusion.config.heads.votes import EnsembleConfig
from fusion.config.run import RunConfig

HIDDEN = 32
DROPOUT = 0.1


def alone_head(config: RunConfig, modality: str) -> SingleConfig:
    """Its head; that of an ensemble's members is as the ensemble says."""
    hidden, dropout = HIDDEN, DROPOUT
    if isinstance(config.head, EnsembleConfig):
        hidden, dropout = config.head.hidden, config.head.dropout
    return SingleConfig(name="single", modality=modality, hidden=hidden, dropout=dropout)
