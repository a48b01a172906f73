"""Every evaluated patient outlined, and held against the mask that somebody drew."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.progress import track

from fusion.config.run import RunConfig
from fusion.config.volume import VolumeConfig
from fusion.data.entry import Entry
from fusion.data.label_scheme import label_scheme
from fusion.data.prepare.volume_rows import MASK
from fusion.data.readers.volume import read_mask, read_volume
from fusion.data.source import Source
from fusion.data.sources.volume import VolumeSource
from fusion.encoders.tumour import TumourEncoder
from fusion.report.outline_picture import Pictured
from fusion.report.outlines import Outlines
from fusion.run.inputs import Inputs
from fusion.run.outline_planes import pictured
from fusion.run.outline_scores import lesion_marks, region_scores
from fusion.run.outlined import Member, Outlined, outline_patient
from fusion.run.place import Place
from fusion.run.trained import Trained
from fusion.types import Modality

PARTS = ("test", "external")


def member_of(config: RunConfig, trained: Trained, source: Source, modality: str) -> Member | None:
    """The network that outlines a modality; None where it does not."""
    settings, encoder = config.modalities[modality], trained.model.encoders[modality]
    if isinstance(encoder, TumourEncoder) and isinstance(settings, VolumeConfig):
        assert isinstance(source, VolumeSource)
        assert settings.outline is not None  # the configuration sees to it
        return Member(encoder, source, settings.outline)
    return None


def outline_places(
    config: RunConfig,
    trained: Trained,
    inputs: Inputs,
    places: Sequence[Place],
    device: torch.device,
) -> Outlines | None:
    """Outline all test and external patients who have a mask; None without such a network."""
    scores, marks, pictures = list[dict[str, Any]](), list[dict[str, Any]](), list[Pictured]()
    members = {
        modality: member
        for modality in trained.modalities
        if (member := member_of(config, trained, inputs.sources[modality], modality)) is not None
    }
    if not members:
        return None
    work = [
        (modality, place, patient, rows)
        for modality in members
        for place in places
        if place.part in PARTS
        for patient, rows in _masked(place, inputs, modality)
    ]
    for modality, place, patient, rows in track(
        work, "outlining", console=Console(stderr=True), disable=not config.progress
    ):
        found = outline_patient([members[modality]], patient, rows, device)
        mask = next(entry for entry in rows if entry.sequence == MASK)
        assert mask.label_scheme is not None, "a mask without a scheme is a fault of its row"
        scheme = label_scheme(mask.label_scheme)
        drawn = read_mask(mask.path, str(patient)).array.astype(np.uint8)
        settings = members[modality].config
        who = {
            "patient_id": str(patient),
            "center": str(place.cohort.centers[patient]),
            "cohort": place.cohort.name,
            "part": place.part,
            "modality": modality,
        }
        mine = [
            {**who, **row}
            for row in region_scores(
                found, drawn, scheme, rule=settings.lesions, tolerance_mm=settings.tolerance_mm
            )
        ]
        scores += mine
        hits, lesions = lesion_marks(found, drawn, scheme)
        marks += [{**who, "lesions": lesions, **m} for m in hits or [{"score": None, "hit": None}]]
        if mine and place.part == "external":
            pictures.append(_pictured(found, drawn, rows, mine[0]["dice"]))
    if not scores:
        return None
    return Outlines(pd.DataFrame(scores), pd.DataFrame(marks), _telling(pictures))


def _masked(place: Place, inputs: Inputs, modality: str) -> Iterator[tuple[Any, tuple[Entry, ...]]]:
    for patient in inputs.dataset(place, (modality,)).patients:
        rows = place.cohort.entries[patient][Modality(modality)]
        if any(entry.sequence == MASK for entry in rows):
            yield patient, rows


def _pictured(found: Outlined, drawn: np.ndarray, rows: tuple[Entry, ...], dice: float) -> Pictured:
    entry = preferred(rows)
    volume = read_volume(entry.path, found.patient)
    return pictured(found, volume, entry.sequence or "", drawn > 0, dice)


def preferred(rows: Sequence[Entry]) -> Entry:
    """FLAIR shows most of a tumour; else whatever comes first."""
    images = [entry for entry in rows if entry.sequence != MASK]
    return next((entry for entry in images if entry.sequence == "FLAIR"), images[0])


def _telling(pictures: Sequence[Pictured]) -> tuple[Pictured, ...]:
    """The best, the median and the worst, by Dice of the first region."""
    order = sorted(pictures, key=lambda picture: (-(picture.dice or 0.0), picture.patient))
    if len(order) < 3:
        return tuple(order)
    return order[0], order[len(order) // 2], order[-1]
