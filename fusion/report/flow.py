"""How many patients there were, who was left out and why, and who did what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from fusion.report.labels import known_labels, names_of
from fusion.report.predictions import PARTS
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo
from fusion.report.who import PART_TITLES, excluded_by_reason


@dataclass(frozen=True)
class Arm:
    """Patients who play one part."""

    part: str
    patients: int
    centers: tuple[str, ...]
    """Sorted."""
    labels: Mapping[str, Mapping[str, int]]
    """Task -> label -> patients who have it; patients without any are the rest."""

    def known(self, task: str) -> int:
        """How many have a label of the task."""
        return sum(self.labels[task].values())


@dataclass(frozen=True)
class Flow:
    """From the manifests to the parts; the numbers of each step add up to the one before."""

    listed: int
    left_out: Mapping[str, int]
    """Reason -> patients, the commonest first."""
    arms: tuple[Arm, ...]
    """Only those with patients, in the order train, val, test, external."""

    @property
    def included(self) -> int:
        """Who took part."""
        return sum(arm.patients for arm in self.arms)

    @property
    def development(self) -> tuple[Arm, ...]:
        """Training, validation and internal test."""
        return tuple(arm for arm in self.arms if arm.part != "external")

    def arm(self, part: str) -> Arm | None:
        """The patients of one part, if there are any."""
        return next((arm for arm in self.arms if arm.part == part), None)

    def table(self) -> pd.DataFrame:
        """Every count, for the figure's CSV: `step`, `what`, `patients`, `centers`."""
        rows: list[tuple[str, str, int, int | None]] = [
            ("listed", "in the manifests", self.listed, None)
        ]
        rows += [("left out", reason, n, None) for reason, n in self.left_out.items()]
        rows.append(("took part", "", self.included, len(centers_of(self.arms))))
        for arm in self.arms:
            title = PART_TITLES[arm.part]
            rows.append((title, "patients", arm.patients, len(arm.centers)))
            for task, labels in arm.labels.items():
                rows += [(title, f"{task}: {label}", n, None) for label, n in labels.items()]
                unknown = arm.patients - arm.known(task)
                rows.append((title, f"{task}: not known", unknown, None))
        table = pd.DataFrame(rows, columns=["step", "what", "patients", "centers"])
        return table.astype({"centers": "Int64"})


def flow(predictions: pd.DataFrame, summary: RunSummary) -> Flow:
    """Count everybody.

    Args:
        predictions: for who has which label.
        summary: who took part, where, and who was left out.
    """
    left_out = {r: len(who) for r, who in excluded_by_reason(summary.excluded).items()}
    labels = {task.name: known_labels(predictions, task) for task in summary.tasks}
    arms = [_arm(part, summary, summary.tasks, labels) for part in PARTS]
    return Flow(
        listed=len(summary.parts) + sum(left_out.values()),
        left_out=left_out,
        arms=tuple(arm for arm in arms if arm.patients),
    )


def centers_of(arms: Sequence[Arm]) -> tuple[str, ...]:
    """All centres of several parts, sorted."""
    return tuple(sorted({center for arm in arms for center in arm.centers}))


def _arm(
    part: str,
    summary: RunSummary,
    tasks: Sequence[TaskInfo],
    labels: Mapping[str, pd.DataFrame],
) -> Arm:
    patients = [p for p, own in summary.parts.items() if own == part]
    counts = {}
    for task in tasks:
        known = labels[task.name]
        here = known.loc[known["patient_id"].isin(patients), "label"]
        counts[task.name] = {name: int((here == name).sum()) for name in names_of(task)}
    centers = tuple(sorted({summary.centers[p] for p in patients}))
    return Arm(part, len(patients), centers, counts)
