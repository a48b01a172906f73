"""A table of a section, laid out for reading, with the numbers behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from fusion.report.drawing import Blank, Drawing
from fusion.report.publish import publish, to_csv
from fusion.report.tables import Table


@dataclass(frozen=True)
class Sheet:
    """What is read, and what a program reads."""

    name: str
    """File stem; what does not belong into one becomes `_`."""
    table: Table
    data: pd.DataFrame
    note: str = ""
    """Below the table: how it came about, for a clinician."""
    folded: bool = False
    """Whether a figure shows the same; on paper nothing is folded."""

    def save(self, folder: Path) -> None:
        """Write `<name>.csv`."""
        stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in self.name)
        publish(folder / f"{stem}.csv", to_csv(self.data))


@dataclass(frozen=True)
class Section:
    """What one chapter of the page shows, in its order."""

    items: Sequence[Sheet | Drawing] = ()
    blanks: Sequence[Blank] = field(default_factory=tuple)
    """What could not be shown, and why."""

    @staticmethod
    def of(found: Sequence[Sheet | Drawing | Blank]) -> "Section":
        """Tell what is there from what is not."""
        return Section(
            [x for x in found if not isinstance(x, Blank)],
            [x for x in found if isinstance(x, Blank)],
        )

    def save(self, folder: Path) -> None:
        """Figures go to `figures/`, tables to `tables/`."""
        for item in self.items:
            item.save(folder / ("figures" if isinstance(item, Drawing) else "tables"))
