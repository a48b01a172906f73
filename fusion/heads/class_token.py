"""A learned class token that reads a set of parts."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.heads.blocks import SelfBlock


class ClassToken(nn.Module):
    """One look of a learned token at the real parts, at itself, or at nothing.

    Linear in parts, since only the token asks. Where no part is real, a learned constant.

    Args:
        dim: width of a part; a multiple of `heads`.
        heads: of attention.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where the heads do not divide `dim`.

    Example:
        >>> answer, looks = ClassToken(dim=8, heads=2, dropout=0.0)(
        ...     torch.randn(3, 5, 8), torch.ones(3, 5).bool())
        >>> answer.shape, looks.shape
        (torch.Size([3, 8]), torch.Size([3, 5]))
    """

    def __init__(self, *, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.randn(dim) * 0.02)
        self.block = SelfBlock(dim=dim, heads=heads, dropout=dropout, softmax_one=True)
        self.norm = nn.LayerNorm(dim)

    def forward(
        self, parts: Float[Tensor, "batch n dim"], real: Bool[Tensor, "batch n"]
    ) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch n"]]:
        """What the token reads, normed, and the share of its look that each part had.

        What is not real has to be a number: it is given the weight 0.
        """
        x = torch.cat([self.token.expand(len(parts), 1, -1), parts], dim=1)
        present = torch.cat([real.new_ones(len(real), 1), real], dim=1)
        answer, looks = self.block(x, present, asking=1, look=True)
        return self.norm(answer[:, 0]), looks[:, 0, 1:]
