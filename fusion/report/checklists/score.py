"""The METRICS score, and between what it lies while the authors have not replied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fusion.errors import UndefinedMetric
from fusion.report.checklists.item import Filled

Mark = Literal["yes", "no", "not applicable"]

_BANDS = ((20, "very low"), (40, "low"), (60, "moderate"), (80, "good"))


@dataclass(frozen=True)
class ScoreRange:
    """What the score may still become."""

    low: float
    """Every open item is answered with no."""
    high: float
    """Every open item is answered with yes."""
    open: int
    """Items that wait for the authors."""


def score(marks: Mapping[str, Mark], weights: Mapping[str, float]) -> float:
    """Weight of the items met over that of the items that apply, in per cent.

    Args:
        marks: item -> reply, for every item.
        weights: item -> weight.

    Raises:
        UndefinedMetric: where no item applies.

    Source: Kocak et al. 2024, METhodological RadiomICs Score (METRICS).

    Example:
        >>> score({"1": "yes", "2": "no", "3": "not applicable"}, {"1": 0.3, "2": 0.1, "3": 0.6})
        75.0
    """
    met = sum(weights[i] for i, mark in marks.items() if mark == "yes")
    applies = sum(weights[i] for i, mark in marks.items() if mark != "not applicable")
    if applies == 0:
        raise UndefinedMetric("no item of the checklist applies")
    return 100 * met / applies


def score_range(filled: Filled) -> ScoreRange | None:
    """The lowest and the highest score that the open items allow; None without weights.

    An open item that turns out not to apply leaves the score between the two as well.
    """
    items = filled.checklist.items
    weights = {item.id: item.weight for item in items if item.weight is not None}
    waiting = filled.count("for the authors")
    if len(weights) < len(items) or filled.count("not applicable") == len(items):
        return None

    def with_open(mark: Mark) -> float:
        said: Sequence[Mark] = [
            mark if reply.status == "for the authors" else reply.status for reply in filled.replies
        ]
        return score({i.id: m for i, m in zip(items, said, strict=True)}, weights)

    return ScoreRange(with_open("no"), with_open("yes"), waiting)


def band(percent: float) -> str:
    """The published name of a score.

    Example:
        >>> [band(p) for p in (0.0, 19.9, 20.0, 59.9, 80.0, 100.0)]
        ['very low', 'very low', 'low', 'moderate', 'excellent', 'excellent']
    """
    return next((name for edge, name in _BANDS if percent < edge), "excellent")


def score_sentence(found: ScoreRange) -> str:
    """How much is known of the score.

    Example:
        >>> score_sentence(ScoreRange(42.0, 91.0, 12)).partition(": ")[0]
        'Not computed until the authors have answered 12 items'
        >>> score_sentence(ScoreRange(75.0, 75.0, 0))
        'Score: 75 % (good).'
    """
    low, high = (f"{p:.0f} % ({band(p)})" for p in (found.low, found.high))
    if not found.open:
        return f"Score: {low}."
    noun = "item" if found.open == 1 else "items"
    return (
        f"Not computed until the authors have answered {found.open} {noun}: at least {low} if all "
        f"of them are answered with no, at most {high} if all with yes."
    )
