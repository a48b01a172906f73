"""Labels of sampled regions as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from fusion.data.cohort import Files
from fusion.data.entry import Entry
from fusion.errors import Fault


@dataclass(frozen=True)
class RegionClasses:
    """What a region may be.

    Example:
        >>> from pathlib import Path
        >>> rows = [Entry("p", "c", "wsi", Path("1.svs"), 2, region="A1", region_label="edge")]
        >>> rows += [Entry("p", "c", "wsi", Path("2.svs"), 3)]
        >>> RegionClasses(("core", "edge")).of_tiles(rows, [2, 1])
        tensor([ 1,  1, -1])
    """

    names: tuple[str, ...]

    def of_tiles(self, rows: Sequence[Entry], tiles: Sequence[int]) -> Int[Tensor, " total"]:
        """Class of the region of each tile; -1 where the region has no label.

        Args:
            rows: of the manifest, one for each slide.
            tiles: how many each of them has.
        """
        numbers: dict[str | None, int] = {None: -1} | {n: i for i, n in enumerate(self.names)}
        found = torch.tensor([numbers[row.region_label] for row in rows])
        return found.repeat_interleave(torch.tensor(list(tiles)))

    def faults(self, files: Files) -> list[Fault]:
        """A fault for each row whose label is none of these."""
        return [
            Fault(
                f"region_label {row.region_label!r}: the configuration has {', '.join(self.names)} "
                "(encoder.region_classes)",
                "manifest.csv",
                row.line,
                patient,
            )
            for patient, rows in files.items()
            for row in rows
            if row.region_label is not None and row.region_label not in self.names
        ]
