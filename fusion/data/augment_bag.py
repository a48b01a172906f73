"""A part of every bag, drawn anew at each step; for training only."""

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
    return Bags(bags.features[kept], offsets)
