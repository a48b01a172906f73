"""Refuse runs that were not made on the same patients, folds and targets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fusion.compare.folds import folds
from fusion.compare.labels import labels, settings
from fusion.compare.runs import Run
from fusion.data.split import named
from fusion.errors import ComparisonError
from fusion.run.clinical import MODEL as CLINICAL

_PARTS = ("train", "val", "test", "external")
_LABEL = ["cohort", "patient_id", "task", "class"]
_CLOSE = 1e-5
"""Two fits of one clinical model, on machines of two kinds."""


@dataclass(frozen=True)
class Entry:
    """A run and its place in the comparison."""

    run: Run
    label: str
    setting: str
    """What of its configuration is not as in the others, its head aside."""
    fold: str

    @property
    def seed(self) -> int:
        """Of the training: a replicate."""
        return self.run.config.seed


def agree(runs: Sequence[Run]) -> list[Entry]:
    """Name every run's configuration and fold, and see that all may be compared.

    Raises:
        ComparisonError: naming the two runs, what differs, and what to do.
    """
    configs = [run.config for run in runs]
    entries = [
        Entry(run, label, setting, fold)
        for run, label, setting, fold in zip(
            runs, labels(configs), settings(configs), folds([c.split for c in configs]), strict=True
        )
    ]
    first = runs[0]
    for run in runs[1:]:
        _same_cohort(first, run)
        _same_tasks(first, run)
    for run in runs:
        _has_clinical(run)
    for fold in dict.fromkeys(e.fold for e in entries):
        inside = [e for e in entries if e.fold == fold]
        for entry in inside[1:]:
            _same_patients(inside[0], entry)
    _crossed(entries)
    _same_labels(runs)
    _same_clinical(entries)
    return entries


def _same_cohort(a: Run, b: Run) -> None:
    if a.split.fingerprint != b.split.fingerprint:
        raise ComparisonError(
            f"{a.folder} and {b.folder} are of different cohorts: fingerprints "
            f"{a.split.fingerprint[:12]} and {b.split.fingerprint[:12]} (manifest or targets "
            "differ). Compare runs of one cohort as it stands; train the older ones again"
        )


def _same_tasks(a: Run, b: Run) -> None:
    ours, theirs = (run.config.model_dump(mode="json")["tasks"] for run in (a, b))
    differing = sorted(
        name
        for name in ours.keys() | theirs.keys()
        if name not in ours
        or name not in theirs
        or {**ours[name], "weight": None} != {**theirs[name], "weight": None}
    )
    if differing:
        raise ComparisonError(
            f"{a.folder} and {b.folder} have other targets: task {', '.join(differing)} is not the "
            "same, or is in one of them only. Give all runs the same tasks"
        )


def _has_clinical(run: Run) -> None:
    predicted = run.predictions.loc[run.predictions["model"] == CLINICAL, "task"].unique()
    missing = sorted({task.name for task in run.tasks} - set(predicted))
    if missing:
        raise ComparisonError(
            f"{run.folder} has no clinical model for {', '.join(missing)}: without one, no claim "
            "about fusion is possible. Train it again with baseline=NAME (not ~baseline)"
        )


def _same_patients(a: Entry, b: Entry) -> None:
    for part in _PARTS:
        ours, theirs = (getattr(e.run.split, part) for e in (a, b))
        if ours != theirs:
            raise ComparisonError(
                f"{a.run.folder} and {b.run.folder} divide the patients otherwise ({a.fold}): "
                f"{named(ours ^ theirs)} are in {part} of one of them only. Train them on the same "
                "split: the same split.* on the command line, or split=file split.path=FOLDER/"
                "split.json"
            )


def _crossed(entries: Sequence[Entry]) -> None:
    """Every configuration has every fold and seed, once."""
    cells: dict[tuple[str, str, int], Entry] = {}
    for e in entries:
        key = (e.label, e.fold, e.seed)
        if key in cells:
            raise ComparisonError(
                f"{cells[key].run.folder} and {e.run.folder} are the same: {e.label}, {e.fold}, "
                f"seed {e.seed}. Leave one of them out"
            )
        cells[key] = e
    wanted = dict.fromkeys((e.fold, e.seed) for e in entries)
    for label in dict.fromkeys(e.label for e in entries):
        lacking = [f"{f}, seed {s}" for f, s in wanted if (label, f, s) not in cells]
        if lacking:
            raise ComparisonError(
                f"{label} has no run of {'; '.join(lacking)}. Every configuration must have every "
                "fold and seed of the others: train those runs, or leave the fold out of all"
            )


def _same_labels(runs: Sequence[Run]) -> None:
    known = pd.concat(
        [
            run.predictions[[*_LABEL, "target", "event"]].drop_duplicates().assign(run=i)
            for i, run in enumerate(runs)
        ]
    ).drop_duplicates([*_LABEL, "target", "event"])
    twice = known[known.duplicated(_LABEL, keep=False)]
    if len(twice):
        row = twice.iloc[0]
        where = twice[(twice[_LABEL] == row[_LABEL]).all(axis=1)]["run"].unique()
        names = " and ".join(str(runs[i].folder) for i in where[:2])
        raise ComparisonError(
            f"{names} were given different labels: patient {row['patient_id']}, task "
            f"{row['task']}. Train them again on the targets as they are now"
        )


def _same_clinical(entries: Sequence[Entry]) -> None:
    seen: dict[tuple[str, int], tuple[Entry, pd.Series]] = {}
    for entry in entries:
        rows = entry.run.predictions
        mine = rows[rows["model"] == CLINICAL].set_index(_LABEL)["value"].sort_index()
        first, theirs = seen.setdefault((entry.fold, entry.seed), (entry, mine))
        if not mine.index.equals(theirs.index) or not np.allclose(
            mine.to_numpy(), theirs.to_numpy(), rtol=_CLOSE, atol=_CLOSE
        ):
            raise ComparisonError(
                f"{first.run.folder} and {entry.run.folder} have different clinical models in the "
                f"same fold ({entry.fold}): another `baseline`, or another clinical table. Train "
                "them with the same one"
            )
