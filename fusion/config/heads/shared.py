"""Heads that take apart, or translate, what modalities share."""

from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from fusion.config.heads.kinds import Dropout
from fusion.config.strict import Strict


class SharedUniqueConfig(Strict):
    """Shared and unique parts of each modality, read by attention (DRIM)."""

    name: Literal["shared_unique"]
    dim: PositiveInt
    hidden: PositiveInt
    heads: PositiveInt
    dropout: Dropout
    alignment: NonNegativeFloat
    """Factor of the contrastive loss of the shared parts."""
    temperature: PositiveFloat
    """Of that loss: the smaller, the more the nearest other patient counts."""
    separation: NonNegativeFloat
    """Factor of the discriminators' two losses, which push unique parts from shared ones."""


class TranslationConfig(Strict):
    """Each modality is also decoded from the others, and translated where absent (CMTA)."""

    name: Literal["translation"]
    dim: PositiveInt
    heads: PositiveInt
    hidden: PositiveInt
    dropout: Dropout
    similarity: NonNegativeFloat
    """Factor of the difference between a translation and the modality's own representation."""


class SharedSpecificConfig(Strict):
    """One encoder for all modalities beside one of each (ShaSpec)."""

    name: Literal["shared_specific"]
    dim: PositiveInt
    hidden: PositiveInt
    dropout: Dropout
    alignment: NonNegativeFloat
    """Factor of the difference between the shared features of one patient."""
    domain: NonNegativeFloat
    """Factor of the cross-entropy of telling the modality from its specific features."""
