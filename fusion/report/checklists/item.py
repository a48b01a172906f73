"""A checklist, its items, and what a run can reply to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["yes", "no", "not applicable", "for the authors"]

PLACES = {
    "asked": "What was asked",
    "answer": "The answer",
    "who": "Who was in it",
    "table-one": "Characteristics of the patients",
    "missing": "What is missing, by centre",
    "left-out": "Who was left out",
    "audit": "Leakage and shift",
    "results": "Results",
    "centers": "By centre",
    "modalities": "Against the clinical model and each modality",
    "limits": "Limits",
    "reproduce": "How to reproduce",
    "discrimination": "Over centres",
    "operating": "At a threshold",
    "calibration": "Calibration",
    "net-benefit": "Net benefit",
    "subgroups": "Subgroups",
    "robustness": "Without some modalities",
    "most-wrong": "The most wrong",
}
"""Anchors of the page -> how they are called; any other pointer is a file of the run's folder."""


@dataclass(frozen=True)
class Item:
    """One item, as the YAML says it."""

    id: str
    section: str
    topic: str
    """What it covers, in few words that are not the publication's."""
    rule: str | None = None
    """Name of the rule that knows a reply; None leaves it to the authors."""
    part: Literal["development", "evaluation", "both"] = "both"
    """The kind of study that it is for."""
    weight: float | None = None
    """In a score; None where the list has none."""
    condition: str | None = None
    """A method without which the item is not applicable; see `RunSummary.methods`."""


@dataclass(frozen=True)
class Checklist:
    """A published list."""

    stem: str
    name: str
    about: str
    source: str
    wording: str
    """Whose words the topics are."""
    items: tuple[Item, ...]
    requires: tuple[str, ...] = ()
    """Methods of which a run must have one for the list to be about it; empty for any run."""


@dataclass(frozen=True)
class Reply:
    """What the run knows of an item."""

    status: Status
    note: str = ""
    where: tuple[str, ...] = ()
    """Anchors of the page (see `PLACES`) or files."""


def yes(note: str, *where: str) -> Reply:
    """The item is met, and there it stands."""
    return Reply("yes", note, where)


def no(note: str, *where: str) -> Reply:
    """The run knows that it is not met."""
    return Reply("no", note, where)


def not_applicable(note: str) -> Reply:
    """The item is about something that this run does not have."""
    return Reply("not applicable", note)


def authors(note: str = "", *where: str) -> Reply:
    """The run cannot know; what it can supply is said, and where."""
    return Reply("for the authors", note, where)


@dataclass(frozen=True)
class Filled:
    """A checklist with a reply to each item."""

    checklist: Checklist
    replies: Sequence[Reply]
    """In the order of the items."""

    def count(self, status: Status) -> int:
        """How many items have it."""
        return sum(reply.status == status for reply in self.replies)
