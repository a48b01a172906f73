"""Who is compared in one task: clinical model, modalities alone, heads, heads with some hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from fusion.compare.agree import Entry
from fusion.report.groups import Group
from fusion.report.scores import Scores, scores
from fusion.report.tasks import TaskInfo
from fusion.run.clinical import MODEL as CLINICAL

Kind = Literal["clinical", "single", "head", "subset"]
Cells = Mapping[str, tuple[Scores, ...]]

FUSION = "fusion"
ALONE = " alone"
ONLY = ", only "


@dataclass(frozen=True)
class Entrant:
    """One way to answer: fold -> predictions, one for each seed."""

    name: str
    kind: Kind
    cells: Cells
    setting: str = ""
    """Of a head: what a modality alone must share to be its fair comparison."""

    def of(self, part: str) -> "Entrant":
        """The patients of a part; folds without any are left out."""
        group = Group(part, "all", "all")
        inside = {fold: tuple(group.of(s) for s in found) for fold, found in self.cells.items()}
        return Entrant(
            self.name,
            self.kind,
            {f: s for f, s in inside.items() if any(map(len, s))},
            self.setting,
        )


@dataclass(frozen=True)
class Field:
    """All entrants of a task, the clinical model first."""

    task: TaskInfo
    clinical: Entrant
    singles: tuple[Entrant, ...]
    heads: tuple[Entrant, ...]
    subsets: tuple[Entrant, ...]
    """Heads with some modalities hidden, in the patients who have all."""

    def singles_of(self, head: Entrant) -> tuple[Entrant, ...]:
        """Those that were trained as the head was, else those that there are."""
        alike = tuple(s for s in self.singles if s.setting == head.setting)
        return alike or self.singles

    @property
    def everybody(self) -> tuple[Entrant, ...]:
        """All but the subsets."""
        return (self.clinical, *self.singles, *self.heads)

    def of(self, part: str) -> "Field":
        """The patients of a part."""

        def inside(entrants: Sequence[Entrant]) -> tuple[Entrant, ...]:
            found = [e.of(part) for e in entrants]
            return tuple(e for e in found if e.cells)

        return Field(
            self.task,
            self.clinical.of(part),
            inside(self.singles),
            inside(self.heads),
            inside(self.subsets),
        )


def field(entries: Sequence[Entry], task: TaskInfo) -> Field:
    """Collect the predictions of a task.

    The clinical model and each modality alone are the same in every run of a fold and seed that
    differs by its head only, and are taken from the first that has them.

    Raises:
        PredictionsError: where predictions contradict the task.
    """
    heads: dict[str, dict[tuple[str, int], Scores]] = {}
    subsets: dict[str, dict[tuple[str, int], Scores]] = {}
    singles: dict[tuple[str, str], dict[tuple[str, int], Scores]] = {}
    clinical: dict[tuple[str, int], Scores] = {}
    setting_of = {e.label: e.setting for e in entries}
    for e in entries:
        cell = (e.fold, e.seed)
        heads.setdefault(e.label, {})[cell] = scores(e.run.predictions, task, FUSION)
        if cell not in clinical:
            clinical[cell] = scores(e.run.predictions, task, CLINICAL)
        for name in _models(e.run.predictions, task):
            mine = singles.setdefault((name, e.setting), {}) if name.endswith(ALONE) else None
            if mine is not None and cell not in mine:
                mine[cell] = scores(e.run.predictions, task, name)
        if e.run.robustness is not None:
            for left in _models(e.run.robustness, task):
                name = f"{e.label}{ONLY}{left}"
                subsets.setdefault(name, {})[cell] = scores(e.run.robustness, task, left)
    several = len({setting for _, setting in singles}) > 1
    return Field(
        task,
        Entrant(CLINICAL, "clinical", _by_fold(clinical)),
        tuple(
            Entrant(f"{n}, {s}" if several and s else n, "single", _by_fold(c), s)
            for (n, s), c in sorted(singles.items())
        ),
        tuple(Entrant(n, "head", _by_fold(c), setting_of[n]) for n, c in sorted(heads.items())),
        tuple(Entrant(n, "subset", _by_fold(c)) for n, c in subsets.items()),
    )


def _models(predictions: pd.DataFrame, task: TaskInfo) -> list[str]:
    return list(predictions.loc[predictions["task"] == task.name, "model"].unique())


def _by_fold(cells: Mapping[tuple[str, int], Scores]) -> Cells:
    found: dict[str, list[Scores]] = {}
    for (fold, _), value in sorted(cells.items(), key=lambda item: item[0]):
        found.setdefault(fold, []).append(value)
    return {fold: tuple(values) for fold, values in found.items()}
