"""Pathways and tiles look at each other, and tiles do not look at tiles."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.blocks import attention, feed_forward
from fusion.heads.check import positive
from fusion.heads.guide import Guide, read_by, real_or_zero
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class PathwayAttentionFusion(FusionHead):
    """Self-attention over pathways P and all other tokens H, in which no H looks at an H.

    The guide's tokens are P. They look at P and H at once, H at P alone, with the same weights:
    the matrix of all pairs, of which the part `H -> H` is masked, is never made. Each token then
    passes a feed-forward network and a norm; the mean of each modality stands in its place before
    an MLP, a learned vector where it is absent. Learned queries stand in for absent pathways.

    The attention is the paper's, with several heads; around it the paper has neither residuals
    nor more than one other modality.

    Means are compared by the MLP, so `Fused.attention` is empty.

    Cost: linear in the tokens of H, as many scores for each as there are pathways.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        guide: the modality whose tokens are P, such as one with the encoder `pathways`.
        dim: common width of a token; a multiple of `heads`.
        queries: learned ones, where the guide is absent.
        heads: of attention.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, the heads do not divide `dim`, or the guide does not
            guide anything.

    Source: Jaume et al. 2024 (SurvPath).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        guide: str,
        dim: int = 64,
        queries: int = 4,
        heads: int = 4,
        hidden: int = 64,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("pathway_attention", queries=queries)
        self.names = sorted_names(dims)
        self.read = read_by("pathway_attention", guide, self.names)
        self.guide_name = guide
        self.guide = Guide(width=dims[guide], dim=dim, queries=queries)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.read})
        self.norm = nn.LayerNorm(dim)
        # answers are dropped, not weights: torch would otherwise keep the weights
        self.attention = attention(dim, heads, 0.0, softmax_one=False)
        self.drop = nn.Dropout(dropout)
        self.feed = feed_forward(dim, dropout)
        self.last = nn.LayerNorm(dim)
        self.absent = nn.Parameter(torch.randn(len(self.read), dim) * 0.02)
        self.out = perceptron(len(self.names) * dim, hidden, out_features, dropout)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        guide = self.guide(named[self.guide_name])
        others = [named[m] for m in self.read]
        x = torch.cat([self.project[m](real_or_zero(named[m])) for m in self.read], dim=1)
        pathways, x = self._look(guide, Tokens(x, torch.cat([t.mask for t in others], dim=1)))
        means = [Tokens(self._each(pathways), guide.mask).mean()]
        read = self._each(x).split([t.mask.shape[1] for t in others], dim=1)
        for t, features, absent in zip(others, read, self.absent, strict=True):
            mean = Tokens(features, t.mask).mean()
            means.append(torch.where(t.present[:, None], mean, absent))
        return Fused(self.out(torch.cat(means, dim=1)))

    def _look(self, guide: Tokens, read: Tokens) -> tuple[torch.Tensor, torch.Tensor]:
        """`P` and `H` after attention."""
        p, h = self.norm(guide.features), self.norm(read.features)
        both, real = torch.cat([p, h], dim=1), torch.cat([guide.mask, read.mask], dim=1)
        of_p, _ = self.attention(p, both, both, key_padding_mask=~real, need_weights=False)
        of_h, _ = self.attention(h, p, p, key_padding_mask=~guide.mask, need_weights=False)
        return guide.features + self.drop(of_p), read.features + self.drop(of_h)

    def _each(self, x: torch.Tensor) -> torch.Tensor:
        """Each token for itself."""
        normed: torch.Tensor = self.last(x + self.feed(x))
        return normed
