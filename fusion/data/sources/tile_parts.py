"""Which slide and which sampled region each tile of a patient is of."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from fusion.data.entry import Entry


def region_numbers(rows: Sequence[Entry]) -> dict[str | None, int]:
    """Name of each region of a patient -> its number, in the order of the manifest."""
    return {name: i for i, name in enumerate(dict.fromkeys(row.region for row in rows))}


def tile_parts(rows: Sequence[Entry], tiles: Sequence[int]) -> Int[Tensor, "total 2"]:
    """Number of the slide, and of the region, of each tile, both from 0.

    Slides without a region are of one region together: that of the patient.

    Args:
        rows: of the manifest, one for each slide.
        tiles: how many each of them has.

    Example:
        >>> from pathlib import Path
        >>> rows = [
        ...     Entry("p", "c", "wsi", Path(name), 2, region=region)
        ...     for name, region in (("1.svs", "core"), ("2.svs", "edge"), ("3.svs", "core"))
        ... ]
        >>> tile_parts(rows, [1, 2, 1]).tolist()
        [[0, 0], [1, 1], [1, 1], [2, 0]]
    """
    regions = region_numbers(rows)
    places = [[i, regions[row.region]] for i, row in enumerate(rows)]
    return torch.tensor(places).repeat_interleave(torch.tensor(list(tiles)), dim=0)
