"""Regressions as frozen coefficients: linear predictors, and how outputs come from them."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class Offset:
    """Output o = log sum exp of its `upper` predictors - log sum exp of its `lower` ones.

    There is a linear predictor for each output, and behind them one that is 0. A log-hazard or
    the logit of a class is one predictor minus that 0. A step between ordered classes is the
    log-odds of all classes above against the one below, with the lowest class as the 0, so that
    the probabilities are those of a multinomial regression.

    Example:
        >>> Offset.plain(torch.ones(1, 2), torch.zeros(1)).upper.tolist()
        [[True, False]]
    """

    weight: Float[Tensor, "out columns"]
    bias: Float[Tensor, " out"]
    upper: Bool[Tensor, "out predictors"]
    lower: Bool[Tensor, "out predictors"]

    @staticmethod
    def empty(out_features: int, *, columns: int) -> "Offset":
        """Nothing fitted: NaN."""
        nothing = torch.full((out_features, columns), torch.nan)
        return Offset.plain(nothing, torch.full((out_features,), torch.nan))

    @staticmethod
    def plain(weight: Float[Tensor, "out columns"], bias: Float[Tensor, " out"]) -> "Offset":
        """Each output is its own predictor: log-hazards, and logits of classes."""
        out = len(bias)
        zero = torch.arange(out + 1).eq(out).expand(out, out + 1)
        return Offset(weight, bias, torch.eye(out, out + 1, dtype=torch.bool), zero.clone())

    @staticmethod
    def steps(
        weight: Float[Tensor, "classes columns"], bias: Float[Tensor, " classes"]
    ) -> "Offset":
        """Of ordered classes, from the logit of each: a step fewer than there are classes."""
        steps = len(bias) - 1
        # class k > 0 is predictor k - 1, class 0 the last one
        place = torch.arange(-1, steps) % (steps + 1)
        step, of_class = torch.arange(steps)[:, None], place.argsort()[None]
        return Offset(weight[1:] - weight[0], bias[1:] - bias[0], of_class > step, of_class == step)

    @staticmethod
    def joined(parts: "list[Offset]") -> "Offset":
        """One after the other, each with its own predictors."""
        upper = [torch.block_diag(*(p.upper[:, :-1].int() for p in parts)).bool()]
        lower = [torch.block_diag(*(p.lower[:, :-1].int() for p in parts)).bool()]
        upper.append(torch.cat([p.upper[:, -1:] for p in parts]))
        lower.append(torch.cat([p.lower[:, -1:] for p in parts]))
        return Offset(
            torch.cat([p.weight for p in parts]),
            torch.cat([p.bias for p in parts]),
            torch.cat(upper, dim=1),
            torch.cat(lower, dim=1),
        )

    def tensors(self) -> dict[str, Tensor]:
        """By name, single precision; with the constant of whoever has no table, not known yet."""
        return {
            "weight": self.weight.float(),
            "bias": self.bias.float(),
            "upper": self.upper,
            "lower": self.lower,
            "absent": torch.full_like(self.bias, torch.nan).float(),
        }
