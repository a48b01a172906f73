"""Late fusion of models that were trained alone: each predicts, then the predictions are pooled."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.columns import Columns, in_intervals, places
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.heads.pools import RankAverage, Stacked, WeightedMean
from fusion.types import Tokens

How = Literal["mean", "validation", "rank", "stacked"]


class EnsembleFusion(FusionHead):
    """One predictor for each modality, taken from a model that saw no other, and a pool.

    - `mean`: of probabilities; of log-hazards, each less its training mean, since a Cox model
      leaves the zero open.
    - `validation`: the same with weights on the simplex, for each group of columns.
    - `rank`: mean of the ranks among the training patients' predictions, then one slope above
      0, and a shift of each column.
    - `stacked`: a regression on the predictions.

    Nothing of it is trained by gradient descent: predictors are copied, and what pools them lies
    in buffers (`fusion.run.ensemble_pool` fills them). Each group of columns is pooled by itself.

    `Fused.attention` holds each modality's share of the weights, the mean over groups of columns.

    Cost: linear in tokens, which are averaged.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        how: the pool.
        columns: what the outputs are, in order; None for plain numbers.
        hidden: width of each predictor.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where the columns are not as many as the outputs.

    Sources: Wolpert 1992 and Breiman 1996 (stacking); Genest and Zidek 1986 (linear pool).
    """

    member: Bool[Tensor, " modalities"]
    """Which modalities could be trained alone; the others have no say."""
    overlap: Float[Tensor, "modalities out out"]
    """Takes hazards from a model's own intervals to those of the ensemble."""
    pool: WeightedMean | RankAverage | Stacked

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        how: How = "mean",
        columns: Sequence[Columns] | None = None,
        hidden: int = 128,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        groups = [Columns("plain", out_features)] if columns is None else columns
        self.places = places(groups, out_features)
        self.predictors = nn.ModuleDict(
            {m: perceptron(dims[m], hidden, out_features, dropout) for m in self.names}
        )
        self.register_buffer("member", torch.ones(len(self.names), dtype=torch.bool))
        self.register_buffer("overlap", torch.eye(out_features).repeat(len(self.names), 1, 1))
        self.pool = pool_class(how)(modalities=len(self.names), columns=groups)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        there = torch.stack([t.present for t in ordered], dim=1) & self.member
        votes = [
            in_intervals(self.predictors[m](t.mean()).float(), self.places, shared)
            for m, t, shared in zip(self.names, ordered, self.overlap, strict=True)
        ]
        with torch.autocast(there.device.type, enabled=False):
            outputs = self.pool(torch.stack(votes, dim=1), there)
        say = self.pool.say(there)
        return Fused(outputs, attention={m: say[:, i] for i, m in enumerate(self.names)})


def pool_class(how: How) -> type[WeightedMean] | type[RankAverage] | type[Stacked]:
    """What pools the predictions."""
    match how:
        case "mean" | "validation":
            return WeightedMean
        case "rank":
            return RankAverage
        case "stacked":
            return Stacked
