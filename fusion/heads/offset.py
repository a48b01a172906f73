"""What the clinical model says, frozen, and beside it what fusion adds."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.offset_links import Offset
from fusion.types import Tokens


class ClinicalOffset(FusionHead):
    """Outputs = offset + g: regressions that are fitted before training, and any head's addition.

    The offset is linear in the token of the clinical table, but for ordered classes
    (`fusion.heads.offset_links`). Its coefficients are buffers: training cannot move them. g is
    the inner head and a linear layer that starts at 0, so before training the model is the
    clinical model. g sees every modality, the clinical table too.

    A patient without the table gets the training patients' mean offset, and g. So does one from
    whom modality dropout hides the table: it hides it from offset and g alike.

    `Fused.penalties` has `offset_shrink`, the mean square of g times `shrink`; `Fused.attention`
    is the inner head's, and so the shares are of g.

    Args:
        head: built for the same modalities, with `hidden` outputs.
        dims: width of a token, by modality; that of `clinical` is its number of columns.
        out_features: numbers that the tasks need.
        clinical: the modality that the offset reads.
        hidden: outputs of the inner head.
        shrink: factor of the penalty.

    Raises:
        ConfigError: where `clinical` is none of `dims`.

    Source: an offset in a regression, as McCullagh and Nelder 1989; a last layer at 0, as Zhang
    2019 (Fixup).
    """

    weight: Float[Tensor, "out columns"]
    """NaN until `freeze`."""
    bias: Float[Tensor, " out"]
    upper: Bool[Tensor, "out predictors"]
    lower: Bool[Tensor, "out predictors"]
    absent: Float[Tensor, " out"]

    def __init__(
        self,
        head: FusionHead,
        *,
        dims: Mapping[str, int],
        out_features: int,
        clinical: str,
        hidden: int,
        shrink: float,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        if clinical not in dims:
            raise ConfigError(
                f"head offset: modality {clinical!r} is not configured, "
                f"expected one of {', '.join(self.names)}"
            )
        self.clinical = clinical
        self.shrink = shrink
        self.head = head
        self.add = nn.Linear(hidden, out_features)
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(self.add.bias)
        empty = Offset.empty(out_features, columns=dims[clinical])
        for name, value in empty.tensors().items():
            self.register_buffer(name, value)

    def freeze(self, offset: Offset, columns: Float[Tensor, "patients columns"]) -> None:
        """Take over the fitted regressions.

        Args:
            offset: of all outputs.
            columns: of the training patients; their mean offset stands for whoever has none.
        """
        for name, value in offset.tensors().items():
            getattr(self, name).copy_(value)
        self.absent.copy_(self._values(columns.to(self.weight)).mean(dim=0))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Add up."""
        offset, g, inner = self.parts(tokens)
        shrink = self.shrink * g.float().square().mean()
        return Fused(offset + g, {**inner.penalties, "offset_shrink": shrink}, inner.attention)

    def parts(
        self, tokens: Mapping[str, Tokens]
    ) -> tuple[Float[Tensor, "batch out"], Float[Tensor, "batch out"], Fused]:
        """Offset, g, and what the inner head returned.

        Raises:
            ConfigError: before `freeze`, or before fitted weights were loaded.
        """
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        if bool(self.weight.isnan().any()):
            raise ConfigError("the clinical offset is not fitted yet: call freeze, or load weights")
        inner: Fused = self.head(named)
        g: Tensor = self.add(inner.outputs)
        mine = named[self.clinical]
        # the regression is not rounded: with g = 0 the answer is the clinical model's
        with torch.autocast(g.device.type, enabled=False):
            values = self._values(mine.mean().to(self.weight))
        offset = torch.where(mine.present[:, None], values, self.absent)
        return offset, g.to(offset.dtype), inner

    def _values(self, columns: Float[Tensor, "rows columns"]) -> Float[Tensor, "rows out"]:
        predictors = functional.pad(columns @ self.weight.t() + self.bias, (0, 1))[:, None]
        upper = predictors.masked_fill(~self.upper, -torch.inf).logsumexp(dim=-1)
        lower: Tensor = predictors.masked_fill(~self.lower, -torch.inf).logsumexp(dim=-1)
        return upper - lower
