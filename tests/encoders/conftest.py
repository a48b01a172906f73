"""Bags to try encoders on."""

import pytest
import torch

from fusion.types import Bags


@pytest.fixture(scope="session")
def pack():
    """`pack([2, 3])`: random bags of these lengths, six features wide."""

    def packed(lengths, seed=0, width=6):
        random = torch.Generator().manual_seed(seed)
        offsets = torch.tensor([0, *lengths]).cumsum(0)
        return Bags(torch.randn(sum(lengths), width, generator=random), offsets)

    return packed
