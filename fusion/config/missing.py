"""What stands for a missing modality, by name."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from fusion.config.strict import Strict


class MaskedConfig(Strict):
    """Nothing: the head does what its own formula says of who is absent."""

    name: Literal["masked"]


class TokenConfig(Strict):
    """One learned token for each modality."""

    name: Literal["token"]


class ZerosConfig(Strict):
    """A zero vector, and a bit of presence with every token."""

    name: Literal["zeros"]


class MeanConfig(Strict):
    """The mean token of the training patients."""

    name: Literal["mean"]


class KnnConfig(Strict):
    """The mean token of the training patients who are most alike in what is there."""

    name: Literal["knn"]
    neighbours: PositiveInt


class ReconstructConfig(Strict):
    """A network's prediction from what is there."""

    name: Literal["reconstruct"]
    hidden: PositiveInt
    """Width of the network."""
    hide: float = Field(gt=0, le=1)
    """Probability that a modality is hidden from the network while it learns."""
    weight: NonNegativeFloat
    """Of the penalty `reconstruction`, which alone trains the network."""


MissingConfig = Annotated[
    MaskedConfig | TokenConfig | ZerosConfig | MeanConfig | KnnConfig | ReconstructConfig,
    Field(discriminator="name"),
]
