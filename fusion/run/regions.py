"""Every region of the evaluated patients, and what the network takes it for."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import torch

from fusion.data.entry import Entry
from fusion.data.source import Source
from fusion.data.sources.bag import BagSource
from fusion.data.sources.tile_parts import region_numbers
from fusion.encoders.hierarchy import HierarchyEncoder
from fusion.report.region_section import PROBABILITY
from fusion.report.task_scores import JUDGED
from fusion.run.inputs import Inputs
from fusion.run.place import Place
from fusion.run.trained import Trained
from fusion.types import Modality, PatientId


@torch.no_grad()
def tell_regions(
    trained: Trained, inputs: Inputs, places: Sequence[Place], device: torch.device
) -> pd.DataFrame | None:
    """A row for each region with a name; None where there is none, or no network tells them.

    Returns:
        `patient_id`, `center`, `cohort`, `part`, `modality`, `region`, `label` (missing where
        nobody knows), `x_mm`, `y_mm`, `z_mm` (missing where nobody says), and `p_CLASS`.
    """
    rows = [
        {
            "patient_id": str(patient),
            "center": str(place.cohort.centers[patient]),
            "cohort": place.cohort.name,
            "part": place.part,
            "modality": modality,
            **row,
        }
        for modality in trained.modalities
        if isinstance(encoder := trained.model.encoders[modality], HierarchyEncoder)
        if encoder.tell is not None
        for place in places
        if place.part in JUDGED
        for patient in inputs.dataset(place, (modality,)).patients
        for row in _of_patient(
            encoder.to(device).eval(),
            inputs.sources[modality],
            patient,
            place.cohort.entries[patient][Modality(modality)],
            device,
        )
    ]
    return pd.DataFrame(rows) if rows else None


def _of_patient(
    encoder: HierarchyEncoder,
    source: Source,
    patient: PatientId,
    entries: tuple[Entry, ...],
    device: torch.device,
) -> Iterator[dict[str, Any]]:
    assert isinstance(source, BagSource)
    assert source.regions is not None  # source and encoder are of one setting
    logits, where = encoder.region_logits(source.load(patient, entries).to(device))
    shares = dict(zip(where[:, 1].tolist(), logits.softmax(dim=1).tolist(), strict=True))
    first = {entry.region: entry for entry in reversed(entries)}
    for region, number in region_numbers(entries).items():
        if region is None:  # the rest of the patient is no region
            continue
        x, y, z = first[region].region_mm or (None, None, None)
        yield {
            "region": region,
            "label": first[region].region_label,
            **{"x_mm": x, "y_mm": y, "z_mm": z},
            **{
                f"{PROBABILITY}{name}": share
                for name, share in zip(source.regions.names, shares[number], strict=True)
            },
        }
