"""LoRA: weights stay, and what training adds to each has a low rank."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from fusion.encoders.base import Encoder
from fusion.errors import ConfigError


class LowRank(nn.Module):
    """W -> W + (alpha / rank) B A, with B = 0 at first: W itself, to the bit.

    Args:
        weight: of any layer; what follows the first axis is taken as one.
        rank: of B A.
        alpha: of the factor.

    Source: Hu 2021.

    Example:
        >>> weight = torch.randn(6, 4)
        >>> torch.equal(LowRank(weight, rank=1, alpha=1.0)(weight), weight)
        True
    """

    def __init__(self, weight: Float[Tensor, "out *rest"], *, rank: int, alpha: float) -> None:
        super().__init__()
        self.factor = alpha / rank
        self.a = nn.Parameter(weight.new_empty(rank, weight[0].numel()))
        self.b = nn.Parameter(weight.new_zeros(len(weight), rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, weight: Float[Tensor, "out *rest"]) -> Float[Tensor, "out *rest"]:
        """Add what was learned."""
        return weight + self.factor * (self.b @ self.a).view_as(weight)


def add_lora(encoder: Encoder, *, rank: int, alpha: float) -> None:
    """Freeze an encoder, and let each of its matrices learn at a low rank.

    Convolutions, embeddings and packed matrices count as matrices; one so small that the rank
    would save nothing stays frozen, as biases and norms do.

    Raises:
        ConfigError: where no matrix is large enough.
    """
    encoder.requires_grad_(False)
    large = [
        (module, name, weight)
        for module in encoder.modules()
        for name, weight in module.named_parameters(recurse=False)
        if weight.ndim > 1 and rank * (len(weight) + weight[0].numel()) < weight.numel()
    ]
    if not large:
        raise ConfigError(f"lora: no matrix of {type(encoder).__name__} is larger than rank {rank}")
    for module, name, weight in large:
        parametrize.register_parametrization(
            module, name, LowRank(weight.detach(), rank=rank, alpha=alpha)
        )


def plain_weights(encoder: Encoder) -> dict[str, Tensor]:
    """Weights by the names they have without LoRA; what it learned is added to them.

    Example:
        >>> from fusion.encoders.vector import VectorEncoder
        >>> encoder = VectorEncoder(in_features=9, dim=8, hidden=())
        >>> add_lora(encoder, rank=2, alpha=2.0)
        >>> sorted(plain_weights(encoder))
        ['layers.0.bias', 'layers.0.weight']
    """
    state = encoder.state_dict()
    plain = {name: v for name, v in state.items() if ".parametrizations." not in f".{name}"}
    for path, module in encoder.named_modules():
        if parametrize.is_parametrized(module):
            for leaf in module.parametrizations:
                plain[f"{path}.{leaf}".removeprefix(".")] = getattr(module, leaf).detach()
    return plain


def load_plain(encoder: Encoder, weights: Mapping[str, Tensor]) -> None:
    """Take `plain_weights` of another encoder as the weights that LoRA leaves as they are.

    Raises:
        ConfigError: naming what does not fit.
    """
    wanted = plain_weights(encoder)
    wrong = [
        name
        for name in sorted(wanted.keys() | weights.keys())
        if name not in wanted or name not in weights or wanted[name].shape != weights[name].shape
    ]
    if wrong:
        raise ConfigError(
            f"{len(wrong)} weights do not fit this encoder: {', '.join(wrong[:5])}"
            f"{' ...' if len(wrong) > 5 else ''}; it must be configured as where they come from"
        )
    state = encoder.state_dict()
    with torch.no_grad():
        for name, value in weights.items():
            module, _, leaf = name.rpartition(".")
            kept = f"{module}.parametrizations.{leaf}.original".removeprefix(".")
            state[kept if kept in state else name].copy_(value)
