"""Filled checklists as files to paste: a CSV each, and one Markdown."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fusion.report.checklists.item import PLACES, Filled
from fusion.report.checklists.score import score_range, score_sentence
from fusion.report.publish import publish, to_csv

COLUMNS = ("item", "section", "topic", "reply", "note", "where")
"""Of the tables."""

STATEMENT = (
    "“yes”: this run answers the item, and the pointer says where. “for the authors”: the run "
    "cannot know; what it can supply is said. Topics are not the wording of the publications: "
    "report by those."
)
"""Above every list."""


def save_checklists(folder: Path, filled: Sequence[Filled]) -> None:
    """Write `checklists/<stem>.csv` and `checklists.md`.

    Raises:
        ReportError: where a file cannot be written.
    """
    for one in filled:
        publish(folder / "checklists" / f"{one.checklist.stem}.csv", to_csv(table(one)))
    publish(folder / "checklists.md", markdown(filled).encode())


def table(filled: Filled) -> pd.DataFrame:
    """A row per item; see `COLUMNS`."""
    rows = [
        (i.id, i.section, i.topic, r.status, r.note, "; ".join(pointer(w) for w in r.where))
        for i, r in zip(filled.checklist.items, filled.replies, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def pointer(where: str) -> str:
    """For people.

    Example:
        >>> pointer("who"), pointer("config.yaml")
        ('report: Who was in it', 'file: config.yaml')
    """
    return f"report: {PLACES[where]}" if where in PLACES else f"file: {where}"


def markdown(filled: Sequence[Filled]) -> str:
    """All lists, each with its source and a table."""
    blocks = ["# Reporting checklists", STATEMENT]
    for one in filled:
        blocks += [f"## {one.checklist.name}: {one.checklist.about}", summary(one)]
        lines = [COLUMNS, ("---",) * len(COLUMNS), *table(one).itertuples(index=False)]
        rows = [f"| {' | '.join(_plain(str(cell)) for cell in line)} |" for line in lines]
        blocks.append("\n".join(rows))
    return "\n\n".join(blocks) + "\n"


def summary(filled: Filled) -> str:
    """Where the list is from, how much of it is answered, and its score if it has one."""
    counts = ", ".join(
        f"{n} {status}"
        for status in ("yes", "no", "not applicable", "for the authors")
        if (n := filled.count(status))
    )
    found = score_range(filled)
    said = f" {score_sentence(found)}" if found is not None else ""
    one = filled.checklist
    return f"{one.source}; {one.wording}. {len(one.items)} items: {counts}.{said}"


def _plain(text: str) -> str:
    for mark, safe in {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "\\|"}.items():
        text = text.replace(mark, safe)
    return " ".join(text.split())
