"""How far apart the centres of a batch lie: in their covariances, and in their means."""

from itertools import combinations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def coral_loss(
    features: Float[Tensor, "patients dim"], center: Int[Tensor, " patients"], *, least: int
) -> Float[Tensor, ""]:
    """Deep CORAL between the centres of a batch: |C_a - C_b|^2 / (4 dim^2), mean over the pairs.

    C is a centre's covariance (divisor n - 1) and |.| the Frobenius norm. Means are not compared:
    a centre that only adds a constant costs nothing here (`mean_loss`). Two samples of one
    population differ too, and the more the fewer they are.

    Args:
        features: one row per patient.
        center: 0 and up; a negative number is a patient whose centre is not known, and who takes
            no part.
        least: patients that a centre must have to take part, 2 or more.

    Returns:
        The mean; exactly 0, with a gradient of zeros, where fewer than two centres take part.

    Raises:
        ValueError: where `least` is below 2: one patient has no covariance.

    Source: Sun and Saenko 2016 (Deep CORAL); over several domains as in Gulrajani and Lopez-Paz
    2021.

    Example:
        >>> features = torch.tensor([[0.0], [2.0], [0.0], [4.0]])
        >>> coral_loss(features, torch.tensor([0, 0, 1, 1]), least=2).item()  # (2 - 8)^2 / 4
        9.0
    """
    if least < 2:
        raise ValueError(f"least is {least}, expected 2 or more: one patient has no covariance")
    groups = _groups(features, center, least)
    covariances = [torch.cov(g.T).reshape(g.shape[1], g.shape[1]) for g in groups]
    return _between(covariances, features) / 4


def mean_loss(
    features: Float[Tensor, "patients dim"], center: Int[Tensor, " patients"], *, least: int
) -> Float[Tensor, ""]:
    """Squared distance of the centres' means, |m_a - m_b|^2 / dim, mean over the pairs.

    Args:
        features: one row per patient.
        center: 0 and up; a negative number is a patient whose centre is not known, and who takes
            no part.
        least: patients that a centre must have to take part, 1 or more.

    Returns:
        The mean; exactly 0, with a gradient of zeros, where fewer than two centres take part.

    Source: Gulrajani and Lopez-Paz 2021, who add it to CORAL.

    Example:
        >>> features = torch.tensor([[0.0], [2.0], [1.0], [5.0]])
        >>> mean_loss(features, torch.tensor([0, 0, 1, 1]), least=2).item()  # (1 - 3)^2
        4.0
    """
    return _between([g.mean(dim=0) for g in _groups(features, center, least)], features)


def _groups(features: Tensor, center: Tensor, least: int) -> list[Tensor]:
    """The rows of each centre that has enough."""
    found, counts = torch.unique(center[center >= 0], return_counts=True)
    wide = features.to(torch.promote_types(features.dtype, torch.float32))
    return [wide[center == c] for c in found[counts >= least]]


def _between(summaries: list[Tensor], features: Tensor) -> Float[Tensor, ""]:
    """Mean square of the entries' differences, over the pairs."""
    pairs = [(a - b).square().mean() for a, b in combinations(summaries, 2)]
    return torch.stack(pairs).mean() if pairs else features.float().sum() * 0.0
