"""Bags that are a little other at each step; for training only."""

import torch

from fusion.types import Bags


def sample_tiles(bags: Bags, generator: torch.Generator, *, keep: float) -> Bags:
    """Keep each tile with the chance `keep`, and at least one tile of every bag.

    Args:
        bags: as a source gives them.
        generator: where all randomness comes from.
        keep: above 0, up to 1.

    Example:
        >>> bags = Bags(torch.arange(6.0)[:, None], torch.tensor([0, 1, 6]))
        >>> part = sample_tiles(bags, torch.Generator().manual_seed(0), keep=0.5)
        >>> len(part), part.lengths.tolist()
        (2, [1, 3])
    """
    device = bags.offsets.device
    draw = torch.rand(len(bags.features), generator=generator).to(device)
    # the tile with the lowest draw of its bag stays whatever the chance
    lowest = torch.full((len(bags),), 2.0, device=device)
    lowest = lowest.scatter_reduce(0, bags.owner, draw, "amin")
    kept = (draw < keep) | (draw == lowest[bags.owner])
    lengths = torch.zeros(len(bags), dtype=torch.long, device=device)
    lengths = lengths.index_add(0, bags.owner, kept.long())
    offsets = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
    parts, labels = (None if x is None else x[kept] for x in (bags.parts, bags.labels))
    return Bags(bags.features[kept], offsets, parts, labels)


def disturb_tiles(bags: Bags, generator: torch.Generator, *, noise: float, mix: float) -> Bags:
    """Move every tile's features a part of the way to another tile of its bag, and blur them.

    Cached features cannot be stained or turned any more; this is what is left to vary.

    Args:
        bags: with standardised features.
        generator: where all randomness comes from.
        noise: standard deviation of what is added to each feature, in those of training.
        mix: largest part of the way, drawn evenly from 0 on for each tile; in [0, 1).

    Source: Verma 2019 (manifold mixup), within a bag, so that its label holds.

    Example:
        >>> bags = Bags(torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([0, 2, 3]))
        >>> found = disturb_tiles(bags, torch.Generator().manual_seed(0), noise=0.0, mix=0.5)
        >>> float(found.features[2]), bool(0 <= found.features[0] <= 0.5)
        (5.0, True)
    """
    device, features = bags.offsets.device, bags.features
    if mix:
        draw = torch.rand(2, len(features), generator=generator).to(features)
        first, lengths = bags.offsets[:-1][bags.owner], bags.lengths[bags.owner]
        other = first + (draw[0] * lengths).long().clamp(max=lengths - 1)
        features = torch.lerp(features, features[other], (mix * draw[1]).unsqueeze(1))
    if noise:
        features = features + noise * torch.randn(features.shape, generator=generator).to(device)
    return Bags(features, bags.offsets, bags.parts, bags.labels)
