"""Co-attention: the tokens of a guide, such as gene families, ask all tokens of the others."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.check import positive
from fusion.heads.guide import Guide, read_by, real_or_zero
from fusion.heads.masking import masked_softmax
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.sides import TwoSides
from fusion.types import Tokens


class CoattentionFusion(FusionHead):
    """`H_m = softmax(Q_g K_m' / sqrt(dim)) V_m`, then two sides: what was read, and the guide.

    Each token of the guide gets one answer from each other modality. The answers of all look at
    each other and are pooled by gated attention, and so are the guide's tokens; an MLP reads both.
    Learned queries stand in for an absent guide. An absent modality gives no answers. A patient
    with no modality at all gets a learned constant.

    The tokens that are read are never projected: `Q_g (X W_k)' = (Q_g W_k') X'`, and `A (X W_v) =
    (A X) W_v`, so that beside the tokens only the scores are kept, `guide tokens x tokens`.

    The paper reads one modality, whose layers these are, but for the norm that stands before
    attention here and after it there, and for sides that may look at nothing (`softmax_one`).

    `Fused.attention` is the share of each modality that was read in the pooling of the answers;
    it sums to one over those present. The guide asks, and has none.

    Cost: linear in the tokens that are read, as many scores for each as the guide has tokens;
    quadratic in the guide's tokens, which look at each other on the sides.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        guide: the modality that asks; all others are read.
        dim: width of queries and answers; a multiple of `heads`.
        queries: learned ones, where the guide is absent.
        layers: of self-attention, on each side.
        heads: of self-attention; co-attention has one, as in the paper.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, the heads do not divide `dim`, or the guide does not
            guide anything.

    Source: Chen et al. 2021 (MCAT).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        guide: str,
        dim: int = 64,
        queries: int = 4,
        layers: int = 2,
        heads: int = 4,
        hidden: int = 64,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("coattention", queries=queries, layers=layers)
        self.names = sorted_names(dims)
        self.read = read_by("coattention", guide, self.names)
        self.guide_name = guide
        self.guide = Guide(width=dims[guide], dim=dim, queries=queries)
        self.query = nn.Linear(dim, dim)
        # a bias of the key adds the same to all scores of a query, which the softmax cancels
        self.key = nn.ModuleDict({m: nn.Linear(dims[m], dim, bias=False) for m in self.read})
        self.value = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.read})
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
        query = self.query(guide.features)
        answers = {m: self._answer(m, query, named[m]) for m in self.read}
        result: Fused = self.sides(guide, answers, {m: named[m].present for m in self.read})
        return result

    def _answer(
        self, name: str, query: Float[Tensor, "batch asking dim"], read: Tokens
    ) -> Float[Tensor, "batch asking dim"]:
        """What each query reads in one modality."""
        x = real_or_zero(read)
        asked = query @ self.key[name].weight * query.shape[2] ** -0.5  # type: ignore[operator]
        weights = masked_softmax(asked @ x.transpose(1, 2), read.mask[:, None], dim=2)
        answer: Tensor = self.value[name](weights @ x)
        return answer
