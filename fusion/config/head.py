"""The heads, by name."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from fusion.config.strict import Strict

Dropout = Annotated[float, Field(ge=0, lt=1)]


class EarlyConfig(Strict):
    """Concatenate, then an MLP."""

    name: Literal["early"]
    dim: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class LateConfig(Strict):
    """One predictor for each modality, averaged with learned weights."""

    name: Literal["late"]
    hidden: PositiveInt
    dropout: Dropout


class AttentionConfig(Strict):
    """Masked self-attention over all tokens with a class token."""

    name: Literal["attention"]
    dim: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    dropout: Dropout


class SingleConfig(Strict):
    """One modality alone."""

    name: Literal["single"]
    modality: str
    hidden: PositiveInt
    dropout: Dropout


HeadConfig = Annotated[
    EarlyConfig | LateConfig | AttentionConfig | SingleConfig, Field(discriminator="name")
]
