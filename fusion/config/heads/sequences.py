"""Heads that read all tokens of each modality."""

from typing import Literal

from pydantic import Field, PositiveInt

from fusion.config.heads.kinds import Dropout
from fusion.config.strict import Strict


class AttentionConfig(Strict):
    """Masked self-attention over all tokens with a class token."""

    name: Literal["attention"]
    dim: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    dropout: Dropout
    softmax_one: bool
    """Let a token look at nothing."""


class CrossAttentionConfig(Strict):
    """Learned queries read all tokens (Set Transformer)."""

    name: Literal["cross_attention"]
    dim: PositiveInt
    queries: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    dropout: Dropout


class LatentConfig(Strict):
    """A latent array reads one modality after another (HEALNet, Perceiver)."""

    name: Literal["latent"]
    dim: PositiveInt
    latents: PositiveInt
    rounds: PositiveInt
    heads: PositiveInt
    dropout: Dropout


class BottleneckConfig(Strict):
    """Modalities exchange through a few shared tokens (MBT)."""

    name: Literal["bottleneck"]
    dim: PositiveInt
    bottleneck: PositiveInt
    """Shared tokens."""
    layers: PositiveInt
    heads: PositiveInt
    dropout: Dropout


class PairwiseConfig(Strict):
    """The tokens of each modality read those of every other (MulT)."""

    name: Literal["pairwise"]
    dim: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class FilmConfig(Strict):
    """Tables scale and shift the channels of a feature map (FiLM, DAFT)."""

    name: Literal["film"]
    map: str
    """The modality whose tokens are modulated: a volume with `encoder.pool: grid`."""
    tables: list[str] = Field(min_length=1)
    """The modalities that modulate: all others."""
    bottleneck: PositiveInt
    hidden: PositiveInt
    dropout: Dropout
