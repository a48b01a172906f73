"""Product of experts: what the modalities say of a latent vector, multiplied as densities."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.masking import shares
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class ProductFusion(FusionHead):
    """`q(z | x) = p(z) prod_m q(z | x_m)` over those present, all Gaussian; an MLP reads `z`.

    Each modality gives a mean and a precision (softplus, so that it never overflows) of every
    feature of `z`; the prior has 0 and 1. The product's precision is the sum of theirs and its
    mean their precision-weighted mean, so a modality that is sure counts for more and an absent
    one for nothing. With none at all the prior is left. Training draws `z` from torch's
    generator; evaluation takes the mean and draws nothing.

    `Fused.penalties["kl"]` is `beta` times the divergence of `q` from the prior, a sum over
    features and mean over patients. There is no decoder: the outcome is what `z` must explain,
    which makes `beta` that of an information bottleneck. Keep it small: at ten times the default
    `q` fell back to the prior before a planted interaction of two modalities was found.

    `Fused.attention` is each modality's share of the precision that the modalities bring.

    Cost: linear in tokens, which are averaged.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: width of `z`.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).
        beta: factor of the penalty.

    Sources: Wu and Goodman 2018 (MVAE); Alemi et al. 2017 (information bottleneck).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 32,
        hidden: int = 64,
        dropout: float = 0.25,
        beta: float = 0.001,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.beta = beta
        self.mean = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.precision = nn.ModuleDict(
            {m: nn.Sequential(nn.Linear(dims[m], dim), nn.Softplus()) for m in self.names}
        )
        self.out = perceptron(dim, hidden, out_features, dropout)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        means, precisions = self.beliefs(tokens)
        mean, variance = product(means, precisions)
        z = mean + variance.sqrt() * torch.randn_like(mean) if self.training else mean
        penalty = self.beta * divergence(mean, variance).mean()
        masses = list(precisions.mean(dim=2).unbind(dim=1))
        return Fused(self.out(z), penalties={"kl": penalty}, attention=shares(self.names, masses))

    def beliefs(
        self, tokens: Mapping[str, Tokens]
    ) -> tuple[Float[Tensor, "batch m dim"], Float[Tensor, "batch m dim"]]:
        """Mean and precision that each modality gives; the precision is 0 where it is absent."""
        named = list(zip(self.names, in_order(tokens, self.names), strict=True))
        means = [self.mean[m](t.mean()) for m, t in named]
        sure = [self.precision[m](t.mean()) * t.present[:, None] for m, t in named]
        return torch.stack(means, dim=1), torch.stack(sure, dim=1)


def product(
    means: Float[Tensor, "batch m dim"], precisions: Float[Tensor, "batch m dim"]
) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch dim"]]:
    """Mean and variance of the product of Gaussians with a standard normal prior.

    Example:
        >>> mean, variance = product(torch.tensor([[[4.0]]]), torch.tensor([[[3.0]]]))
        >>> mean.item(), variance.item()
        (3.0, 0.25)
    """
    variance = 1.0 / (1.0 + precisions.sum(dim=1))
    return variance * (precisions * means).sum(dim=1), variance


def divergence(
    mean: Float[Tensor, "batch dim"], variance: Float[Tensor, "batch dim"]
) -> Float[Tensor, " batch"]:
    """Kullback-Leibler divergence from the standard normal, summed over features.

    Example:
        >>> divergence(torch.zeros(1, 3), torch.ones(1, 3)).item()
        0.0
    """
    return 0.5 * (variance + mean.square() - 1.0 - variance.log()).sum(dim=1)
