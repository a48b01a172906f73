"""One patient's volume, scored, drawn and written."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from fusion.data.entry import Entry
from fusion.data.prepare.volume_native import to_native
from fusion.data.prepare.volume_rows import MASK
from fusion.data.readers.volume import VolumeFile, read_volume
from fusion.data.readers.volume_write import write_like
from fusion.data.sample import Sample
from fusion.data.sources.volume import VolumeSource
from fusion.explain.faithful import curves, direction
from fusion.explain.volume_cells import Cells
from fusion.explain.volume_methods import VoxelScores, volume_scores
from fusion.explain.volume_picture import ScoredVolume, volume_picture
from fusion.explain.volume_planted import read_planted, voxel_auc
from fusion.explain.volume_question import VolumeQuestion
from fusion.report.publish import publish
from fusion.run.explain_patient import (
    Asked,
    Explained,
    half,
    is_probability,
    likeliest,
    where_known,
)
from fusion.run.outlines import preferred
from fusion.run.trained import Trained
from fusion.types import PatientId


def explain_volume(
    trained: Trained,
    sample: Sample,
    entries: tuple[Entry, ...],
    source: VolumeSource,
    asked: Asked,
    folder: Path,
    truth: Path | None,
) -> Explained:
    """Write scores on the grid of the patient's files, and a picture of three planes.

    Args:
        trained: in evaluation mode.
        sample: the patient.
        entries: rows of the patient's volumes; a mask among them is not looked at.
        source: of the volumes.
        asked: what of the patient.
        folder: where to.
        truth: folder of planted voxels, as `read_planted` takes them.

    Raises:
        ConfigError: for an answer that the task does not give, or a method that does not fit.
        ReadError: where a file cannot be read any more, or the truth does not fit it.
    """
    patient = PatientId(sample.patient_id)
    question = _likeliest(trained, sample, asked)
    found, sign = volume_scores(question, asked.method), direction(question)
    images = tuple(entry for entry in entries if entry.sequence != MASK)
    shown = preferred(images)
    volume = read_volume(shown.path, patient)
    meta = source.meta(patient, entries)
    native = to_native(found.values.astype(np.float32), meta)
    brain = _on_file(question.brain, source, patient, entries, volume)
    folder.mkdir(parents=True, exist_ok=True)
    write_like(folder / "scores.nii.gz", native, shown.path)
    planted = None if truth is None else read_planted(truth, str(patient), volume)
    picture = ScoredVolume(
        patient_id=str(patient),
        answer=f"{asked.task.name}: {question.column}",
        method=asked.method,
        sequence=shown.sequence or "",
        volume=volume,
        scores=native,
        signed=found.signed,
        asked=brain,
        planted=planted,
    )
    publish(folder / "planes.png", volume_picture(picture))
    cells, telling = Cells(question), found.telling(sign)
    curve = curves(cells, cells.ranking(telling), draws=asked.draws, seed=asked.seed)
    row = {
        "patient_id": str(patient),
        "answer": question.column,
        "evidence": question.whole(),
        "of_the_volume": question.whole() - question.nothing(),
        **_by_sequence(found, question, source.sequences),
        "brain_voxels": int(question.brain.sum()),
        "half_of_it_in": half(telling[question.brain]),
        "insertion_gain": curve.gain,
        "deletion_gain": curve.loss,
    }
    if planted is not None:
        told = native * (sign if found.signed else 1)
        row["planted_voxel_auc"] = where_known(lambda: voxel_auc(told, planted, brain))
    return Explained(str(patient), {"planes.png": f"three planes of {patient}"}, row, curve)


def _likeliest(trained: Trained, sample: Sample, asked: Asked) -> VolumeQuestion:
    def ask(column: str) -> VolumeQuestion:
        return VolumeQuestion(
            model=trained.model,
            tasks=trained.tasks,
            task=asked.task.source,
            column=column,
            probability=is_probability(asked.task, column),
            sample=sample,
            modality=asked.modality,
        )

    return ask(asked.answer or likeliest(asked.task, lambda name: ask(name).whole()))


def _on_file(
    brain: Bool[np.ndarray, "x y z"],
    source: VolumeSource,
    patient: PatientId,
    entries: tuple[Entry, ...],
    volume: VolumeFile,
) -> Bool[np.ndarray, "u v w"]:
    """Voxels of the file that are brain and lie inside the box that the network sees."""
    return to_native(brain.astype(np.float32), source.meta(patient, entries)) > 0.5


def _by_sequence(
    found: VoxelScores, question: VolumeQuestion, sequences: Sequence[str]
) -> dict[str, float]:
    """What each sequence adds; nothing is said of one that the patient lacks."""
    if found.by_channel is None:
        return {}
    parts = zip(sequences, found.by_channel, question.channels.tolist(), strict=True)
    return {
        "scores_sum_to": float(found.by_channel.sum()),
        **{f"of {name}": float(v) if there else float("nan") for name, v, there in parts},
    }
