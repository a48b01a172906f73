"""The tokens that heads are tested on."""

import itertools
from collections.abc import Mapping

import torch

from fusion.types import Tokens

DIMS: Mapping[str, int] = {"wsi": 5, "mri": 4, "rna": 3}
"""Modalities that heads are tested on, on purpose not in sorted order."""

OUT = 3
"""Outputs asked of a head."""

PATTERNS = list(itertools.product([True, False], repeat=len(DIMS)))
"""Who may have what."""

_TOKENS = {"wsi": 4, "mri": 1, "rna": 2}


def example(seed: int = 0) -> dict[str, Tokens]:
    """One patient for each of the 2^M presence patterns, twice, with some tokens masked."""
    draw = torch.Generator().manual_seed(seed)
    tokens = {}
    for i, (name, dim) in enumerate(DIMS.items()):
        present = torch.tensor([pattern[i] for pattern in PATTERNS * 2])
        mask = torch.rand(len(present), _TOKENS[name], generator=draw) < 0.6
        mask[:, 0] |= ~mask.any(dim=1)
        features = torch.randn(*mask.shape, dim, generator=draw)
        tokens[name] = Tokens(features, mask & present[:, None])
    return tokens


def rows(tokens: Tokens, index: list[int]) -> Tokens:
    """Some patients of a batch."""
    return Tokens(tokens.features[index], tokens.mask[index])
