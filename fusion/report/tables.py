"""A table laid out for reading; the template only prints it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NOTES = 6
"""More footnotes than this are told by kind of reason."""

_NAMED = 12
"""Places named for one kind."""


@dataclass(frozen=True)
class Cell:
    """What is printed."""

    text: str
    interval: str = ""
    note: tuple[str, str, str] = ("", "", "")
    """(metric of model, where, why) if it has no value."""


@dataclass(frozen=True)
class Line:
    """One row: its name, and a cell per column."""

    name: str
    cells: tuple[Cell, ...]
    main: bool = False
    """Of the model that the report is about."""


@dataclass(frozen=True)
class Block:
    """Rows that belong together, such as a part."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """A caption, columns, and blocks of rows."""

    caption: str
    columns: tuple[str, ...]
    """The first is that of the rows' names."""
    blocks: tuple[Block, ...]
    remarks: tuple[str, ...] = ()
    """What a reader should know of the whole table."""

    @property
    def footnotes(self) -> tuple[str, ...]:
        """Remarks, and why cells have no value, each once; by kind where there are many."""
        cells = [c for block in self.blocks for line in block.lines for c in line.cells]
        notes = list(dict.fromkeys(c.note for c in cells if c.note[2]))
        places: dict[tuple[str, str], list[str]] = {}
        for what, where, why in notes:
            places.setdefault((what, why), []).append(where)
        if len(places) > _NOTES:
            return (*self.remarks, *_condensed(notes))
        reasons = tuple(
            f"{what} ({'; '.join(w)}): {why}{'' if why.endswith(('.', '?')) else '.'}"
            for (what, why), w in places.items()
        )
        return (*self.remarks, *reasons)


def _condensed(notes: Sequence[tuple[str, str, str]]) -> tuple[str, ...]:
    """Kind of reason -> where, without the models and counts that metrics.csv has.

    Example:
        >>> _condensed([("AUC", "A", "needs 2, found 1"), ("AUC", "B", "needs 2, found 0")])
        ('No value (needs 2) at: A; B.', 'The reason of each stands in metrics.csv.')
    """
    kinds: dict[str, list[str]] = {}
    for _, place, why in notes:
        found = kinds.setdefault(re.split(r",? (?:found|among) ", why)[0], [])
        if place not in found:
            found.append(place)
    told = []
    for kind, places in kinds.items():
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        told.append(f"No value ({kind}) at: {'; '.join(places[:_NAMED])}{more}.")
    return (*told, "The reason of each stands in metrics.csv.")
