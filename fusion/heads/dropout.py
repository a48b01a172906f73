"""Modality dropout: in training, some of what a patient has is hidden."""

from collections.abc import Mapping

import torch

from fusion.heads.modalities import sorted_names
from fusion.types import Tokens


def drop_modalities(
    tokens: Mapping[str, Tokens], p: float, generator: torch.Generator | None = None
) -> dict[str, Tokens]:
    """Hide each modality of each patient with probability `p`, but never the last one.

    Only the mask changes. Where chance would hide all that a patient has, one of them, each as
    likely, is kept; so with k modalities each is seen with probability (1 - p) + p^k / k. Draws
    follow the sorted names, never the order of the mapping. After ModDrop (Neverova 2015).

    Args:
        tokens: by modality, one row per patient.
        p: probability, in [0, 1]; 1 leaves each patient exactly one.
        generator: of the tokens' device; torch's own where None.

    Raises:
        ValueError: where `p` is no probability.

    Example:
        >>> two = {m: Tokens(torch.ones(3, 1, 2), torch.ones(3, 1).bool()) for m in ("a", "b")}
        >>> hidden = drop_modalities(two, 1.0, torch.Generator().manual_seed(0))
        >>> (hidden["a"].present ^ hidden["b"].present).tolist()
        [True, True, True]
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"modality dropout is {p}, expected a probability in [0, 1]")
    names = sorted_names(tokens)
    if p == 0.0:
        return {m: tokens[m] for m in names}
    present = torch.stack([tokens[m].present for m in names], dim=1)
    draws = torch.rand(present.shape, generator=generator, device=present.device)
    # a modality that is absent can be neither kept nor the luckiest
    draws = draws.masked_fill(~present, -1.0)
    keep = (draws >= p) | (draws == draws.amax(dim=1, keepdim=True))
    return {
        m: Tokens(tokens[m].features, tokens[m].mask & keep[:, i : i + 1])
        for i, m in enumerate(names)
    }
