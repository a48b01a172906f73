"""Heads in which some tokens guide what is read of the others, and which pool each modality."""

from typing import Literal

from pydantic import PositiveFloat, PositiveInt

from fusion.config.heads.kinds import Dropout
from fusion.config.strict import Strict


class CoattentionConfig(Strict):
    """The tokens of a guide ask those of all others (MCAT)."""

    name: Literal["coattention"]
    guide: str
    """The modality that asks, such as genes with `encoder: pathways`; all others are read."""
    dim: PositiveInt
    queries: PositiveInt
    """Learned ones, where the guide is absent."""
    layers: PositiveInt
    heads: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class TransportConfig(Strict):
    """The tokens of all others are moved to those of a guide, as a whole (MOTCat)."""

    name: Literal["transport"]
    guide: str
    """The modality to whose tokens all others are moved."""
    dim: PositiveInt
    queries: PositiveInt
    """Learned ones, where the guide is absent."""
    micro_batch: PositiveInt
    """Most tokens of one plan."""
    epsilon: PositiveFloat
    """Weight of the entropy; more blurs the plan."""
    tau: PositiveFloat
    """Weight of the marginals; less lets tokens stay where they are."""
    iterations: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class PathwayAttentionConfig(Strict):
    """Pathways look at all tokens, all others at pathways alone (SurvPath)."""

    name: Literal["pathway_attention"]
    guide: str
    """The modality whose tokens are the pathways."""
    dim: PositiveInt
    queries: PositiveInt
    """Learned ones, where the guide is absent."""
    heads: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class PrototypeAttentionConfig(Strict):
    """Self-attention over few tokens with a meaning, then a mean for each modality (MMP)."""

    name: Literal["prototype_attention"]
    dim: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    dropout: Dropout
