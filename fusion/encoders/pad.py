"""Rows of several patients -> Tokens."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.types import Tokens


def pad(rows: Sequence[Float[Tensor, "_ dim"]]) -> Tokens:
    """Tokens as many as the longest patient has; the mask says which are real.

    Example:
        >>> pad([torch.ones(1, 2), torch.ones(3, 2)]).mask.tolist()
        [[True, False, False], [True, True, True]]
    """
    one = len(rows) == 1  # a large bag travels alone, and is not copied
    features = rows[0][None] if one else nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(r) for r in rows], device=features.device)
    places = torch.arange(features.shape[1], device=features.device)
    return Tokens(features, places < lengths[:, None])
