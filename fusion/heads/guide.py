"""The tokens of one modality guide what is read of all others."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.types import Tokens


class Guide(nn.Module):
    """The guide's tokens in a common width; learned queries for whoever lacks the guide.

    Both stand in one row, and the mask says which of them count for whom, so that patients with
    and without the guide share a batch, and its absence silences no other modality.

    Args:
        width: of the guide's tokens.
        dim: width that they get.
        queries: learned ones.

    Example:
        >>> tokens = Tokens(torch.ones(2, 1, 3), torch.tensor([[True], [False]]))
        >>> Guide(width=3, dim=4, queries=2)(tokens).mask.tolist()
        [[True, False, False], [False, True, True]]
    """

    def __init__(self, *, width: int, dim: int, queries: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, dim)
        # of about the size of a projected token, so that queries ask for different things at once
        self.absent = nn.Parameter(torch.randn(queries, dim) * 0.5)

    def forward(self, tokens: Tokens) -> Tokens:
        """Of shape [batch, tokens + queries, dim], something real for everybody."""
        batch, queries = len(tokens), len(self.absent)
        mine = self.project(tokens.filled)
        spare = self.absent.to(mine.dtype).expand(batch, -1, -1)
        lacking = ~tokens.present[:, None].expand(batch, queries)
        return Tokens(torch.cat([mine, spare], dim=1), torch.cat([tokens.mask, lacking], dim=1))


def read_by(head: str, guide: str, names: Iterable[str]) -> tuple[str, ...]:
    """The modalities that the guide reads: all but itself.

    Raises:
        ConfigError: where the guide is no modality, or the only one.

    Example:
        >>> read_by("coattention", "rna", ("mri", "rna", "wsi"))
        ('mri', 'wsi')
    """
    known = tuple(names)
    others = tuple(name for name in known if name != guide)
    if len(others) == len(known) or not others:
        raise ConfigError(
            f"head {head}: guide {guide!r}, expected one of the modalities and another one that it "
            f"reads, of {', '.join(known)}; set head.guide, or take another head"
        )
    return others


def real_or_zero(tokens: Tokens) -> Float[Tensor, "batch tokens dim"]:
    """`Tokens.filled`, but without a copy where nothing is masked, as with one large bag.

    Example:
        >>> tokens = Tokens(torch.ones(1, 2, 3), torch.tensor([[True, True]]))
        >>> real_or_zero(tokens) is tokens.features
        True
    """
    return tokens.features if bool(tokens.mask.all()) else tokens.filled
