"""The material of a run as the audit wants it: plain data."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fusion.audit.association import Labelled
from fusion.audit.columns import all_numbers, input_columns
from fusion.audit.determines import PRESENCE
from fusion.audit.look import Look, look
from fusion.audit.roster import Roster
from fusion.config.parts.sources import build_table, defining
from fusion.config.parts.tasks import task_infos
from fusion.config.run import RunConfig
from fusion.config.task import CompetingConfig
from fusion.data.cohort import Files
from fusion.data.source import Source
from fusion.data.sources.vector import VectorSource
from fusion.run.material import Material
from fusion.types import PatientId


def roster_of(material: Material) -> Roster:
    """Everybody who takes part."""
    both = [(p, place) for place in material.places for p in place.patients]
    return Roster(
        parts={p: place.part for p, place in both},
        centers={p: place.cohort.centers[p] for p, place in both},
        cohorts={p: place.cohort.name for p, place in both},
    )


def usable(material: Material, modality: str) -> dict[PatientId, tuple]:
    """A modality's rows in all cohorts of the run, of patients in no part too."""
    lost = material.inputs.unusable.get(modality, frozenset())
    cohorts = {id(place.cohort): place.cohort for place in material.places}.values()
    return {p: rows for c in cohorts for p, rows in c.files(modality).items() if p not in lost}


def look_at_all(
    sources: Mapping[str, Source],
    files: Mapping[str, Files],
    patients: tuple[PatientId, ...],
    *,
    progress: bool,
) -> dict[str, Look]:
    """Load every input once, with a progress bar.

    Raises:
        ReadError: naming the patient and the file.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("inputs, time left"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    total = sum(p in files[name] for name in sources for p in patients)
    with Progress(*columns, console=console, transient=True, disable=not progress) as bar:
        task = bar.add_task("audit", total=total)
        return {
            name: look(source, files[name], patients, advance=lambda: bar.advance(task))
            for name, source in sources.items()
        }


def measured(sources: Mapping[str, Source], files: Mapping[str, Files]) -> dict[str, pd.DataFrame]:
    """Tables among the modalities -> everybody's numbers before imputation and scaling."""
    return {m: all_numbers(files[m]) for m, s in sources.items() if isinstance(s, VectorSource)}


def tasks_of(config: RunConfig, material: Material) -> list[Labelled]:
    """What is known of each task, in all cohorts."""
    known: dict[str, dict[PatientId, tuple[float, ...]]] = defaultdict(dict)
    for labels in material.inputs.labels.values():
        for patient, found in labels.items():
            for task, label in found.items():
                known[task][patient] = tuple(map(float, label))
    for name in [n for n, task in config.tasks.items() if isinstance(task, CompetingConfig)]:
        # an event is an event, whatever its cause
        known[name] = {p: (time, min(code, 1.0)) for p, (time, code) in known[name].items()}
    return [
        Labelled(name, task.column, task_infos(name, task)[0].classes, known[name])
        for name, task in sorted(config.tasks.items())
    ]


def training_columns(config: RunConfig, material: Material) -> dict[str, dict[str, pd.DataFrame]]:
    """Task -> table -> training patients x what any model sees of it, the clinical one included.

    One more table says which modalities a patient has: a network sees that too.
    """
    train = material.place("train")
    presence = train.cohort.presence().loc[list(train.patients)]
    has = pd.DataFrame(
        {f"having {m}": presence[m].astype(float) for m in sorted(config.modalities)}
    )
    whose = {
        name: input_columns(source, usable(material, name), train.patients)
        for name, source in material.inputs.sources.items()
        if isinstance(source, VectorSource)
    }
    found = {}
    for task in config.tasks:
        found[task] = {**whose, PRESENCE: has}
        if config.baseline is not None:
            clinical = config.baseline.modality
            extra = _clinical_columns(config, material, task)
            seen = whose.get(clinical, pd.DataFrame(index=extra.index))
            new = [c for c in extra.columns if c not in seen.columns]
            found[task][clinical] = pd.concat([seen, extra[new]], axis=1)
    return found


def _clinical_columns(config: RunConfig, material: Material, task: str) -> pd.DataFrame:
    """What the clinical model of a task is given of the training patients."""
    settings = config.baseline
    assert settings is not None
    train = material.place("train")
    files = train.cohort.files(settings.modality)
    mine = {p: files[p] for p in train.patients if p in files}
    if not mine:
        return pd.DataFrame()
    drop = defining([config.tasks[task]], settings.modality)
    source = build_table(settings.table, root=Path(config.cohort.root), drop=drop)
    source.prepare(mine)  # rows are then read for everybody at once
    source.fit(mine)
    return input_columns(source, mine, list(mine))
