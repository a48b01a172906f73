"""One patient's tiles, scored, drawn and written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.data.entry import Entry
from fusion.data.sample import Sample
from fusion.data.sources.bag import BagSource
from fusion.errors import UndefinedMetric
from fusion.explain.faithful import Curves, curves, direction
from fusion.explain.geojson import tile_geojson
from fusion.explain.heat_map import heat_map
from fusion.explain.methods import scores, telling
from fusion.explain.planted import planted_auc
from fusion.explain.question import Question
from fusion.explain.scored import ScoredTiles
from fusion.explain.telling_tiles import telling_tiles
from fusion.report.publish import publish, to_csv
from fusion.report.tasks import TaskInfo
from fusion.run.trained import Trained
from fusion.types import PatientId


@dataclass(frozen=True)
class Asked:
    """What is to be explained of every patient, and how."""

    modality: str
    task: TaskInfo
    answer: str | None
    """A class, or `risk`; None takes the class that the model gives the most probability."""
    method: str
    draws: int
    """Blind orders of tiles beside each ranking."""
    seed: int


@dataclass(frozen=True)
class Explained:
    """What one patient's explanation is worth."""

    patient: str
    pictures: Mapping[str, str]
    """What each shows, by file below the patient's folder."""
    row: dict[str, object]
    curves: Curves


def explain_patient(
    trained: Trained,
    sample: Sample,
    entries: Sequence[Entry],
    source: BagSource,
    asked: Asked,
    folder: Path,
    signal: pd.DataFrame | None,
) -> Explained:
    """Write heat maps, GeoJSON, the telling tiles and a table of all tiles.

    Raises:
        ConfigError: for an answer that the task does not give, or a method that does not fit.
        ReadError: where a slide cannot be read any more.
    """
    column = asked.answer or likeliest(
        asked.task, lambda name: ask(trained, sample, asked, name).whole()
    )
    question = ask(trained, sample, asked, column)
    found, sign = scores(question, asked.method), direction(question)
    tiles = ScoredTiles(
        patient_id=str(sample.patient_id),
        answer=f"{asked.task.name}: {column}",
        method=asked.method,
        entries=entries,
        placed=source.tiles(PatientId(sample.patient_id), tuple(entries)),
        scores=found,
        telling=telling(found, asked.method, sign),
    )
    pictures = {}
    for number, _ in enumerate(entries, start=1):
        name = f"heat_map_{number}.png"
        pictures[name] = f"slide of {tiles.patient_id}"
        publish(folder / name, heat_map(tiles, number - 1))
        publish(folder / f"tiles_{number}.geojson", tile_geojson(tiles, number - 1))
    pictures["telling_tiles.png"] = "its telling tiles"
    publish(folder / "telling_tiles.png", telling_tiles(tiles))
    publish(folder / "tiles.csv", to_csv(tiles.table()))
    curve = curves(question, tiles.telling, draws=asked.draws, seed=asked.seed)
    row: dict[str, object] = {
        "patient_id": tiles.patient_id,
        "answer": column,
        "evidence": question.whole(),
        "of_the_tiles": question.whole() - question.nothing(),
        "tiles": len(found),
        "half_of_it_in": half(tiles.telling),
        "insertion_gain": curve.gain,
        "deletion_gain": curve.loss,
    }
    if signal is not None:
        row["planted_auc"] = where_known(lambda: planted_auc(tiles, signal))
    return Explained(tiles.patient_id, pictures, row, curve)


def where_known(found: Callable[[], float]) -> float:
    """AUC against the known signal; NaN for a patient who has only one kind of part."""
    try:
        return found()
    except UndefinedMetric:
        return float("nan")


def ask(trained: Trained, sample: Sample, asked: Asked, column: str) -> Question:
    """One answer of the task about one patient."""
    return Question(
        model=trained.model,
        tasks=trained.tasks,
        task=asked.task.source,
        column=column,
        probability=is_probability(asked.task, column),
        sample=sample,
        modality=asked.modality,
    )


def is_probability(task: TaskInfo, column: str) -> bool:
    """Whether evidence for an answer is its log-odds; else it is the answer itself."""
    return task.kind != "survival" or not column.endswith("risk")


def likeliest(task: TaskInfo, whole: Callable[[str], float]) -> str:
    """The class that the model gives most probability; `risk` for survival.

    Args:
        task: which.
        whole: evidence for a class, from all that the patient has.
    """
    if task.kind == "survival":
        return "risk" if task.cause is None else f"{task.cause.name}_risk"
    evidence = {name: whole(name) for name in task.classes}
    return max(evidence, key=lambda name: evidence[name])


def half(telling: Float[np.ndarray, " parts"]) -> float:
    """Share of the tiles or voxels that holds half of what speaks for the answer; NaN if none does.

    Example:
        >>> half(np.array([0.0, 6.0, 2.0, 2.0, -5.0]))
        0.2
    """
    best = np.sort(np.clip(telling, 0, None))[::-1].cumsum()
    if best[-1] <= 0:
        return float("nan")
    return (int(np.searchsorted(best, best[-1] / 2)) + 1) / len(telling)
