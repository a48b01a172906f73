"""How much of an encoder learns."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from fusion.config.strict import Strict


class FullConfig(Strict):
    """All of it."""

    name: Literal["full"]
    start: str | None
    """Bundle whose encoder of this modality gives the first weights; null draws them."""


class FrozenConfig(Strict):
    """Nothing: it stays what it was."""

    name: Literal["frozen"]
    start: str
    """Bundle whose encoder of this modality it is."""


class StagedConfig(Strict):
    """Stage by stage, the output side first (Howard 2018)."""

    name: Literal["staged"]
    start: str | None
    first: NonNegativeInt
    """Stages that learn from the start."""
    every: PositiveInt
    """Epochs from one stage to the next."""


class LoraConfig(Strict):
    """Low-rank additions to its matrices (Hu 2021)."""

    name: Literal["lora"]
    start: str
    """Bundle whose encoder of this modality is added to."""
    rank: PositiveInt
    alpha: PositiveFloat
    """Additions count alpha / rank."""


AdaptConfig = Annotated[
    FullConfig | FrozenConfig | StagedConfig | LoraConfig, Field(discriminator="name")
]
