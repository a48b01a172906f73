"""Heads in which each modality predicts by itself."""

from typing import Literal

from pydantic import PositiveInt

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
