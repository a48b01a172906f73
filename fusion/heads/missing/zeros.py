"""Zeros in place of a modality that a patient lacks, and a bit that says so."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch.nn.functional import pad

from fusion.heads.missing.fill import Fill, Filled, stand_in
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class ZerosWithBits(Fill):
    """A zero vector stands in, and every token gets one more feature: 1 if real, 0 if it stands in.

    The head sees a token of every modality of everybody, so it can read all presence bits. A
    patient with no modality at all is zeros, bits included.

    Args:
        dims: width of a token, by modality; those given are one wider.

    Example:
        >>> fill = ZerosWithBits(dims={"mri": 2, "rna": 1})
        >>> mri = Tokens(torch.ones(1, 1, 2), torch.tensor([[True]]))
        >>> rna = Tokens(torch.ones(1, 1, 1), torch.tensor([[False]]))
        >>> {m: t.features.tolist() for m, t in fill({"mri": mri, "rna": rna})[0].items()}
        {'mri': [[[1.0, 1.0, 1.0]]], 'rna': [[[0.0, 0.0]]]}
    """

    def __init__(self, *, dims: Mapping[str, int]) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.dims = {m: dims[m] + 1 for m in self.names}

    def forward(self, tokens: Mapping[str, Tokens]) -> Filled:
        """Fill; no penalty."""
        filled = {}
        for m, t in zip(self.names, in_order(tokens, self.names), strict=True):
            told = replace(t, features=pad(t.filled, (0, 1), value=1.0))
            zeros = torch.zeros(len(t), self.dims[m], device=t.features.device)
            filled[m] = stand_in(told, zeros, ~t.present)
        return filled, {}
