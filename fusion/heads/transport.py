"""Optimal-transport co-attention: the tokens of the others are moved to those of a guide."""

from collections.abc import Mapping
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.check import positive
from fusion.heads.guide import Guide, read_by, real_or_zero
from fusion.heads.micro_batches import dealt, micro_batches
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.sides import TwoSides
from fusion.heads.sinkhorn import unbalanced_plan
from fusion.types import Tokens


class TransportFusion(FusionHead):
    """`H_m = G P_m' X_m`, where `P_m` moves the tokens of m to the guide's `G` at the least cost.

    As `coattention`, but what one token of the guide reads is taken from the others: a plan of
    unbalanced optimal transport shares the tokens out as a whole, `P = argmin <P, C> +
    epsilon KL(P | a b') + tau KL(P 1 | a) + tau KL(P' 1 | b)` with uniform `a` and `b`, and `C` the
    squared distance in a common width, divided by its largest value. As in the authors' code the
    plan is a constant of the gradient, which reaches the layers through what is moved.

    Plans are made for micro-batches of at most `micro_batch` tokens of a patient and joined, each
    by its share of the tokens. Each is a sample over the whole order of the tokens' content, so
    that the order in which they are stored never matters, and the same in training; the paper
    draws them at random, lets the network read each for itself and averages the losses.
    Other differences: the entropy is relative to `a b'` and answers are multiplied by `G`, so that
    neither depends on how many tokens there are; features are not shifted to a minimum of 0.

    Learned queries stand in for an absent guide. An absent modality gives no answers. A patient
    with no modality at all gets a learned constant.

    `Fused.attention` is the share of each modality that was read in the pooling of the answers;
    it sums to one over those present. The guide asks, and has none.

    Cost: linear in the tokens that are read, `iterations` over as many numbers for each as the
    guide has tokens; quadratic in the guide's tokens, which look at each other on the sides.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        guide: the modality to whose tokens all others are moved.
        dim: common width; a multiple of `heads`.
        queries: learned ones, where the guide is absent.
        micro_batch: most tokens of a plan.
        epsilon: weight of the entropy, above 0; 0.05 to 0.1 in the paper.
        tau: weight of the marginals, above 0.
        iterations: of the plan.
        layers: of self-attention, on each side.
        heads: of self-attention.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, a weight is not above 0, the heads do not divide
            `dim`, or the guide does not guide anything.

    Source: Xu and Chen 2023 (MOTCat).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        guide: str,
        dim: int = 64,
        queries: int = 4,
        micro_batch: int = 4096,
        epsilon: float = 0.1,
        tau: float = 0.5,
        iterations: int = 20,
        layers: int = 2,
        heads: int = 4,
        hidden: int = 64,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive(
            "transport",
            queries=queries,
            micro_batch=micro_batch,
            iterations=iterations,
            layers=layers,
        )
        if epsilon <= 0 or tau <= 0:
            raise ConfigError(
                f"head transport: epsilon={epsilon}, tau={tau}; expected both above 0"
            )
        self.names = sorted_names(dims)
        self.read = read_by("transport", guide, self.names)
        self.guide_name = guide
        self.micro_batch = micro_batch
        self.plan = partial(unbalanced_plan, epsilon=epsilon, tau=tau, iterations=iterations)
        self.guide = Guide(width=dims[guide], dim=dim, queries=queries)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.read})
        self.sides = TwoSides(
            names=self.read,
            out_features=out_features,
            dim=dim,
            layers=layers,
            heads=heads,
            hidden=hidden,
            dropout=dropout,
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        guide = self.guide(named[self.guide_name])
        answers = {m: self._answer(m, guide, named[m]) for m in self.read}
        result: Fused = self.sides(guide, answers, {m: named[m].present for m in self.read})
        return result

    def _answer(self, name: str, guide: Tokens, read: Tokens) -> Float[Tensor, "batch asking dim"]:
        """What is moved to each token of the guide: `P' (X W + b) = (P' X) W + (P' 1) b`."""
        layer: nn.Linear = self.project[name]  # type: ignore[assignment]
        plan = self._plan(name, guide, read).to(read.features.dtype)
        moved = plan @ real_or_zero(read)
        bias = plan.sum(dim=2, keepdim=True) * layer.bias
        return nn.functional.linear(moved, layer.weight) + bias

    @torch.no_grad()
    def _plan(self, name: str, guide: Tokens, read: Tokens) -> Float[Tensor, "batch asking tokens"]:
        """Of all micro-batches, times the number of the guide's tokens; 0 where masked."""
        asking = guide.mask.shape[1]
        whole = guide.features.new_zeros(len(read), read.mask.shape[1], asking)
        if not bool(read.mask.any()):
            return whole.transpose(1, 2)
        parts = micro_batches(read, self.micro_batch)
        rows, real = dealt(self.project[name](read.features[parts.patient, parts.position]), parts)
        columns = guide.mask[parts.owner]
        cost = torch.cdist(rows, guide.features[parts.owner]).square()
        cost = cost.masked_fill(~(real[:, :, None] & columns[:, None]), 0.0)
        largest = cost.amax(dim=(1, 2), keepdim=True).clamp(min=torch.finfo(cost.dtype).tiny)
        plan = self.plan(cost / largest, real, columns)
        share = real.sum(dim=1) / read.mask.sum(dim=1)[parts.owner]
        plan = plan * (share * columns.sum(dim=1))[:, None, None]
        whole[parts.patient, parts.position] = plan[parts.part, parts.place].to(whole.dtype)
        return whole.transpose(1, 2)
