"""All predictions of one task, read once for every section of the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from fusion.report.evaluate import models
from fusion.report.groups import Group
from fusion.report.scores import Scores, scores
from fusion.report.tasks import TaskInfo

MINIMUM = 10
"""Patients of each class, or events, below which nothing is said of a centre or subgroup."""

JUDGED = {"test": "Internal test", "external": "External centres"}
"""Parts on which a model is judged, and how they are written."""


@dataclass(frozen=True)
class TaskScores:
    """Who predicted what; the model that the report is about comes first."""

    task: TaskInfo
    found: Mapping[str, Scores]
    main: str
    baseline: str | None
    """None where it did not predict this task."""
    brought: Mapping[str, float] = field(default_factory=dict)
    """Rule -> threshold that came with the main model, where its validation patients are not."""

    @staticmethod
    def read(
        predictions: pd.DataFrame,
        task: TaskInfo,
        *,
        model: str,
        baseline: str | None,
        brought: Mapping[str, float] | None = None,
    ) -> "TaskScores":
        """Pivot the rows of every model."""
        names = models(predictions, task, model, *([baseline] if baseline else []))
        found = {name: scores(predictions, task, name) for name in names}
        other = baseline if baseline in found and baseline != names[0] else None
        return TaskScores(task, found, names[0], other, brought or {})

    @property
    def pair(self) -> tuple[str, ...]:
        """The main model, and the baseline if there is one."""
        return (self.main,) if self.baseline is None else (self.main, self.baseline)

    def of(self, model: str, part: str, center: str = "all") -> Scores:
        """A model's patients of a part, or of one of its centres."""
        return Group(part, "all", center).of(self.found[model])

    def centers(self, part: str) -> Sequence[str]:
        """Where the patients of a part come from, sorted."""
        return sorted(np.unique(self.of(self.main, part).who["center"].astype(str)))
