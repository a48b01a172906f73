"""Feature-wise modulation: tables scale and shift the channels of a feature map."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.missing.fill import stand_in
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class FilmFusion(FusionHead):
    """`F' = (1 + sum_t A_t) * F + sum_t B_t` for every cell `F` of the map; then a network a cell.

    `[A_t, B_t]` is a bottleneck network's answer to the mean of the map and of table `t`, as in
    DAFT. Its last layer starts at 0, so training begins with the map as it is; where a table is
    absent `A_t = B_t = 0`, whatever was learned. Somebody without the map gets one learned cell,
    which the tables modulate. A network reads every modulated cell before their mean is taken:
    modulation of the mean alone could not choose between places.

    Cells are tokens: with `encoder.pool: grid` those of the volume encoder's last map. The papers
    modulate inside the network, whose later convolutions then mix neighbouring cells and
    whose earlier layers learn under it; here modulation follows the last convolution, its
    projection and its norm, and no cell sees its neighbours afterwards.

    Cost: linear in cells.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        map: the modality whose tokens are modulated.
        tables: those that modulate; with `map`, all modalities that there are.
        bottleneck: width of the network that finds scale and shift.
        hidden: width of the network that reads a cell.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where `map` and `tables` are not exactly the modalities.

    Sources: Perez et al. 2018 (FiLM); Pölsterl, Wolf and Wachinger 2021 (DAFT).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        map: str,
        tables: Sequence[str],
        bottleneck: int = 7,
        hidden: int = 64,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        if sorted([map, *tables]) != list(self.names):
            raise ConfigError(
                f"head film: map {map!r} and tables {', '.join(tables) or 'none'}, expected each "
                f"of the modalities once: {', '.join(self.names)}; set head.map and head.tables, "
                "or take another head"
            )
        self.map = map
        self.tables = tuple(sorted(tables))
        width = dims[map]
        self.absent = nn.Parameter(torch.randn(width) * 0.02)
        self.modulate = nn.ModuleDict()
        for name in self.tables:
            last = nn.Linear(bottleneck, 2 * width)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            first = nn.Linear(width + dims[name], bottleneck)
            self.modulate[name] = nn.Sequential(first, nn.ReLU(), last)
        self.cell = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout))
        self.out = nn.Linear(hidden, out_features)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Modulate, read, average."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        given = named[self.map]
        cells = stand_in(given, self.absent.expand(len(given), -1), ~given.present)
        pooled = cells.mean()
        change = torch.zeros_like(pooled).repeat(1, 2)
        for name in self.tables:
            table = named[name]
            asked = self.modulate[name](torch.cat([pooled, table.mean()], dim=1))
            change = change + asked * table.present[:, None]
        scale, shift = change[:, None].chunk(2, dim=2)
        read = self.cell((1.0 + scale) * cells.filled + shift)
        return Fused(self.out(Tokens(read, cells.mask).mean()))
