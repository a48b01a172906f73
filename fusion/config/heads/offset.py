"""A head beside the frozen clinical model."""

from typing import Generic, Literal, TypeVar

from pydantic import ConfigDict, NonNegativeFloat, PositiveInt

from fusion.config.strict import Strict

Inner = TypeVar("Inner")


class OffsetConfig(Strict, Generic[Inner]):
    """The clinical regressions, fitted first and frozen, plus what another head adds."""

    # pydantic cannot find the source of a class that a type parameter made
    model_config = ConfigDict(use_attribute_docstrings=False)

    name: Literal["offset"]
    inner: Inner
    """The head that adds."""
    clinical: str
    """The modality with the columns of the clinical model: `baseline.modality`."""
    hidden: PositiveInt
    """Numbers that the inner head gives; a linear layer that starts at 0 follows."""
    shrink: NonNegativeFloat
    """Factor of the penalty on the mean square of what is added."""
