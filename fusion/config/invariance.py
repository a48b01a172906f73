"""Penalties on what the tokens tell of the centre, by name."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveInt

from fusion.config.strict import Strict


class NoInvarianceConfig(Strict):
    """No penalty."""

    name: Literal["none"]


class CoralConfig(Strict):
    """Equal covariances and means of the centres in a batch (Sun and Saenko 2016)."""

    name: Literal["coral"]
    weight: NonNegativeFloat
    """Of the covariances."""
    means: NonNegativeFloat
    """Weight of the means; 0 is the CORAL of the paper."""
    patients: int = Field(ge=2)
    """That a centre must have in a batch to be compared."""


class AdversarialConfig(Strict):
    """A classifier of the centre behind a reversal of the gradient (Ganin 2016)."""

    name: Literal["adversarial"]
    weight: NonNegativeFloat
    """Of the reversed gradient at the end of training; it grows from 0."""
    hidden: PositiveInt
    """Width of the classifier of each modality."""


InvarianceConfig = Annotated[
    NoInvarianceConfig | CoralConfig | AdversarialConfig, Field(discriminator="name")
]
