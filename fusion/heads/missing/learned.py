"""A learned token in place of a modality that a patient lacks."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.missing.fill import Fill, Filled, stand_in
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class LearnedToken(Fill):
    """One learned token of a modality stands in for whoever lacks it, whatever else they have.

    So absence itself can tell something, as where a test is only done if somebody is worried;
    that is also its danger, since who gets which test differs from centre to centre. A patient
    with no modality at all is the learned tokens of all.

    Args:
        dims: width of a token, by modality.

    Source: Lee et al. 2023 (missing-aware prompts), in the plainest form.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> fill = LearnedToken(dims={"mri": 2})
        >>> nobody = {"mri": Tokens(torch.zeros(1, 1, 2), torch.tensor([[False]]))}
        >>> bool((fill(nobody)[0]["mri"].features == fill.absent["mri"]).all())
        True
    """

    def __init__(self, *, dims: Mapping[str, int]) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.dims = dict(dims)
        self.absent = nn.ParameterDict(
            {m: nn.Parameter(torch.randn(dims[m]) * 0.02) for m in self.names}
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Filled:
        """Fill; no penalty."""
        filled = {}
        for m, t in zip(self.names, in_order(tokens, self.names), strict=True):
            filled[m] = stand_in(t, self.absent[m].expand(len(t), -1), ~t.present)
        return filled, {}
