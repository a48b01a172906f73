"""Which of a bundle's patients, tasks and tiles are explained."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion.config.parts.tasks import task_infos
from fusion.data.dataset import PatientDataset
from fusion.data.entry import Entry
from fusion.data.sources.bag import BagSource
from fusion.data.sources.volume import VolumeSource
from fusion.errors import ConfigError
from fusion.report.tasks import TaskInfo
from fusion.run.bundle import Bundle
from fusion.run.inputs import Inputs
from fusion.run.place import Place
from fusion.types import Modality


@dataclass(frozen=True)
class Wanted:
    """What the user asks for; None takes what fits."""

    modality: str | None
    tasks: Sequence[str]
    """All of the model's, if empty."""
    answer: str | None
    method: str
    patients: Sequence[str]
    """The first `limit`, if empty."""
    limit: int
    draws: int
    truth: Path | None


def source_of(model: Bundle, name: str | None) -> tuple[str, BagSource | VolumeSource]:
    """The modality whose tiles or voxels are asked about.

    Where none is named, the only one with tiles, and where none has any, the only one with
    volumes.

    Raises:
        ConfigError: where it has neither, or where several could be meant.
    """
    bags = {m: s for m, s in model.sources.items() if isinstance(s, BagSource)}
    volumes = {m: s for m, s in model.sources.items() if isinstance(s, VolumeSource)}
    able: dict[str, BagSource | VolumeSource] = {**bags, **volumes}
    if name is None and len(bags or volumes) == 1:
        name = next(iter(bags or volumes))
    if name is None or name not in able:
        found = "modality is not given" if name is None else f"no tiles or volumes of {name}"
        had = (
            f"modalities with {kind}: {', '.join(some) or 'none'}"
            for kind, some in (("tiles", bags), ("volumes", volumes))
        )
        raise ConfigError(f"{found}; {'; '.join(had)}")
    return name, able[name]


def tasks_of(model: Bundle, names: Sequence[str]) -> list[TaskInfo]:
    """The tasks that are explained.

    Raises:
        ConfigError: for one that the model does not have.
    """
    infos = {i.name: i for n, t in sorted(model.config.tasks.items()) for i in task_infos(n, t)}
    if unknown := [name for name in names if name not in infos]:
        raise ConfigError(f"no task {', '.join(unknown)}; the model has {', '.join(infos)}")
    return [infos[name] for name in names or infos]


def who(
    model: Bundle, places: Sequence[Place], inputs: Inputs, modality: str, wanted: Wanted
) -> list[tuple[PatientDataset, int, tuple[Entry, ...]]]:
    """The patients who are explained: where each is in which dataset, and the rows of the slides.

    Raises:
        ConfigError: for a patient who is not there or has no such slide, or where nobody has.
    """
    able = []
    for place in places:
        dataset = inputs.dataset(place, model.trained.modalities)
        for i, patient in enumerate(dataset.patients):
            if dataset.has(patient, modality):
                able.append((dataset, i, place.cohort.entries[patient][Modality(modality)]))
    if not able:
        raise ConfigError(f"none of these patients has {modality}; nothing can be explained")
    if not wanted.patients:
        return able[: wanted.limit]
    names = {str(dataset.patients[i]): n for n, (dataset, i, _) in enumerate(able)}
    if unknown := [name for name in wanted.patients if name not in names]:
        raise ConfigError(
            f"nobody called {', '.join(unknown)} among the patients who may be asked about, or no "
            f"{modality} of theirs; those of training are not explained"
        )
    return [able[names[name]] for name in wanted.patients]
