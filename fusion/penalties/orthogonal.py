"""MMO: the modalities' tokens lie in different directions, so that none repeats another."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.modalities import in_order, sorted_names
from fusion.penalties.base import Penalty, nothing
from fusion.types import Tokens


class Orthogonal(Penalty):
    """`(1 / rows) [sum_m max(1, |H_m|_*) - |H|_*]` over the patients who have two modalities.

    `H_m` has a row for each of them who has modality m: its mean token. `H` has all these rows
    below each other, as many as patients times modalities if nobody lacks any. `|.|_*` is the
    nuclear norm. It is 0 where no modality's rows share a direction with another's.

    Tokens of another width than `dim` are first put into `dim` features by a fixed matrix with
    orthonormal rows or columns. It is not learned: a learned one of each modality would make
    any tokens orthogonal by itself, and no encoder would feel the penalty.

    It has a scale, down to norms of 1: an encoder can lower it by shrinking its tokens.

    Args:
        dims: width of a token, by modality.
        dim: common width.
        factor: of the penalty.
        seed: of the fixed matrices; torch's own generator is left as it was.

    Source: Braman et al. 2021 (Deep Orthogonal Fusion), after Lezama et al. 2018. Who lacks a
    modality has no row in it; the paper has complete patients only.
    """

    def __init__(self, *, dims: Mapping[str, int], dim: int, factor: float, seed: int) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.factor = factor
        draw = torch.Generator().manual_seed(seed)
        for name in self.names:
            frame = torch.eye(dim) if dims[name] == dim else torch.empty(dims[name], dim)
            if dims[name] != dim:
                nn.init.orthogonal_(frame, generator=draw)
            self.register_buffer(f"frame_{name}", frame)

    def forward(self, tokens: Mapping[str, Tokens]) -> Mapping[str, Tensor]:
        """`orthogonal`."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        count = torch.stack([t.present for t in named.values()]).sum(dim=0)
        shared = count >= 2
        if int(shared.sum()) < 2:
            return {"orthogonal": nothing(tokens)}
        with torch.autocast(shared.device.type, enabled=False):
            rows = [
                t.mean()[shared & t.present].float() @ self.get_buffer(f"frame_{name}").float()
                for name, t in named.items()
            ]
            return {"orthogonal": self.factor * mmo([r for r in rows if len(r)])}


def mmo(rows: Sequence[Float[Tensor, "_ dim"]]) -> Float[Tensor, ""]:
    """The penalty of modalities that are given as rows of one width.

    Example:
        >>> apart = [torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]])]
        >>> same = [torch.tensor([[3.0, 0.0]]), torch.tensor([[4.0, 0.0]])]
        >>> mmo(apart).item(), mmo(same).item()  # |H|_* is 3 + 4, or 5
        (0.0, 1.0)
    """
    alone = torch.stack([nuclear_norm(r).clamp(min=1.0) for r in rows]).sum()
    together = torch.cat(list(rows))
    return (alone - nuclear_norm(together)) / len(together)


def nuclear_norm(matrix: Float[Tensor, "rows dim"]) -> Float[Tensor, ""]:
    """Sum of the singular values; its gradient is the subgradient of least norm.

    Where singular values are 0, as in a batch whose tokens are all alike, any gradient of an SVD
    takes arbitrary directions. Here such directions get none.

    Example:
        >>> x = torch.tensor([[2.0, 0.0], [0.0, 0.0]], requires_grad=True)
        >>> nuclear_norm(x).backward()
        >>> x.grad.tolist()
        [[1.0, 0.0], [0.0, 0.0]]
    """
    with torch.no_grad():
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        tiny = values.max() * max(matrix.shape) * torch.finfo(matrix.dtype).eps
        real = (values > tiny).to(matrix.dtype)
        direction = (left * real) @ right
    return (matrix * direction).sum()
