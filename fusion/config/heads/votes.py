"""Heads in which each modality predicts by itself."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from fusion.config.heads.kinds import Dropout
from fusion.config.strict import Strict


class SingleConfig(Strict):
    """One modality alone."""

    name: Literal["single"]
    modality: str
    hidden: PositiveInt
    dropout: Dropout


class LateConfig(Strict):
    """One predictor for each modality, averaged with learned weights."""

    name: Literal["late"]
    hidden: PositiveInt
    dropout: Dropout


class DynamicConfig(Strict):
    """One linear risk for each modality, weighed by the patient's attention (DyAM)."""

    name: Literal["dynamic"]
    attention_dim: PositiveInt
    dropout: Dropout


class EnsembleConfig(Strict):
    """One model for each modality, trained alone; then their predictions are pooled."""

    name: Literal["ensemble"]
    how: Literal["mean", "validation", "rank", "stacked"]
    """Mean; mean with weights fitted on validation patients; mean rank; regression on
    out-of-fold predictions of the training patients."""
    folds: int = Field(ge=2)
    """Inner folds of `stacked`: each modality is trained once more for each."""
    ridge: PositiveFloat
    """Half of it times the squared log-weights, slope or coefficients is added to the loss."""
    hidden: PositiveInt
    """Of the models alone, too."""
    dropout: Dropout
