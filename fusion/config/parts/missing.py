"""Configuration of what is missing -> what stands for it."""

from collections.abc import Mapping

from fusion.config.missing import (
    KnnConfig,
    MaskedConfig,
    MeanConfig,
    MissingConfig,
    ReconstructConfig,
    TokenConfig,
    ZerosConfig,
)
from fusion.heads.missing.fill import Fill
from fusion.heads.missing.learned import LearnedToken
from fusion.heads.missing.mean import MeanToken
from fusion.heads.missing.nearest import NearestPatients
from fusion.heads.missing.reconstruct import Reconstruction
from fusion.heads.missing.zeros import ZerosWithBits


def build_fill(config: MissingConfig, *, dims: Mapping[str, int]) -> Fill | None:
    """What stands for an absent modality, for tokens of these widths; None for nothing.

    Nothing stands for the only modality of a model: nobody who lacks it has another to go by.
    """
    if len(dims) == 1:
        return None
    settings = config.model_dump(exclude={"name"})
    match config:
        case MaskedConfig():
            return None
        case TokenConfig():
            return LearnedToken(dims=dims)
        case ZerosConfig():
            return ZerosWithBits(dims=dims)
        case MeanConfig():
            return MeanToken(dims=dims)
        case KnnConfig():
            return NearestPatients(dims=dims, **settings)
        case ReconstructConfig():
            return Reconstruction(dims=dims, **settings)
