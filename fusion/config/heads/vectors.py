"""Heads that fuse one vector of each modality: its mean token."""

from typing import Literal

from pydantic import NonNegativeFloat, PositiveInt

from fusion.config.heads.kinds import Dropout
from fusion.config.strict import Strict


class EarlyConfig(Strict):
    """Concatenate, then an MLP."""

    name: Literal["early"]
    dim: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class PooledConfig(Strict):
    """Mean or maximum of those present, then an MLP."""

    name: Literal["pooled"]
    how: Literal["mean", "max"]
    dim: PositiveInt
    hidden: PositiveInt
    dropout: Dropout


class GatedConfig(Strict):
    """Gated multimodal unit (Arevalo 2017)."""

    name: Literal["gated"]
    dim: PositiveInt
    dropout: Dropout


class KroneckerConfig(Strict):
    """Kronecker product of gated modalities (Pathomic Fusion)."""

    name: Literal["kronecker"]
    dim: PositiveInt
    """Features of each modality; the product has (dim + 1)^M."""
    hidden: PositiveInt
    dropout: Dropout
    max_width: PositiveInt
    """Largest product that is not refused."""


class LowRankConfig(Strict):
    """Low-rank tensor fusion (LMF)."""

    name: Literal["low_rank"]
    dim: PositiveInt
    rank: PositiveInt
    dropout: Dropout


class BilinearConfig(Strict):
    """Factorised bilinear fusion of all pairs (HFBSurv, PORPOISE)."""

    name: Literal["bilinear"]
    dim: PositiveInt
    rank: PositiveInt
    dropout: Dropout


class ExpertsConfig(Strict):
    """Mixture of experts whose router sees which modalities are there."""

    name: Literal["experts"]
    experts: PositiveInt
    top: PositiveInt
    """Experts that answer for a patient."""
    dim: PositiveInt
    hidden: PositiveInt
    dropout: Dropout
    balance: NonNegativeFloat
    """Factor of the penalty on uneven work."""


class ProductConfig(Strict):
    """Product of Gaussian experts (MVAE)."""

    name: Literal["product"]
    dim: PositiveInt
    hidden: PositiveInt
    dropout: Dropout
    beta: NonNegativeFloat
    """Factor of the divergence from the prior."""
