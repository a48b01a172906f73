"""Filled checklists as the page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fusion.report.checklists.item import Checklist, Filled, Item, Reply
from fusion.report.checklists.write import summary

Pairs = Sequence[tuple[Item, Reply]]


@dataclass(frozen=True)
class View:
    """One list."""

    checklist: Checklist
    summary: str
    applies: bool
    """Any item does."""
    sections: Sequence[tuple[str, Pairs]]
    """Heading -> items with their replies, in order."""


def view(filled: Filled) -> View:
    """Group the items by section."""
    pairs = list(zip(filled.checklist.items, filled.replies, strict=True))
    grouped = [
        (name, list(part)) for name, part in groupby(pairs, key=lambda pair: pair[0].section)
    ]
    applies = filled.count("not applicable") < len(pairs)
    return View(filled.checklist, summary(filled), applies, grouped)
