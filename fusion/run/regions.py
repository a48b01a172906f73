"""Every region of the evaluated patients, and what the network takes it for."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import torch

from fusion.data.sources.bag import BagSource
from fusion.encoders.hierarchy import HierarchyEncoder
from fusion.report.region_section import PROBABILITY
from fusion.run.inputs import Inputs
from fusion.run.place import Place
from fusion.run.trained import Trained
from fusion.types import Modality

PARTS = ("test", "external")


@torch.no_grad()
def tell_regions(
    trained: Trained, inputs: Inputs, places: Sequence[Place], device: torch.device
) -> pd.DataFrame | None:
    """A row for each region with a name; None where there is none, or no network tells them.

    Returns:
        `patient_id`, `center`, `cohort`, `part`, `modality`, `region`, `label` (missing where
        nobody knows), `x_mm`, `y_mm`, `z_mm` (missing where nobody says), and `p_CLASS`.
    """
    rows: list[dict[str, Any]] = []
    for modality in trained.modalities:
        encoder, source = trained.model.encoders[modality], inputs.sources[modality]
        if not isinstance(encoder, HierarchyEncoder) or encoder.tell is None:
            continue
        assert isinstance(source, BagSource)
        assert source.regions is not None  # both are of one setting
        encoder.to(device).eval()
        for place in places:
            if place.part not in PARTS:
                continue
            for patient in inputs.dataset(place, (modality,)).patients:
                entries = place.cohort.entries[patient][Modality(modality)]
                logits, where = encoder.region_logits(source.load(patient, entries).to(device))
                named = {entry.region: entry for entry in reversed(entries)}
                names = list(dict.fromkeys(entry.region for entry in entries))
                for shares, number in zip(logits.softmax(dim=1).tolist(), where[:, 1], strict=True):
                    entry = named[names[int(number)]]
                    if entry.region is None:  # the rest of the patient is no region
                        continue
                    x, y, z = entry.region_mm or (None, None, None)
                    rows.append(
                        {
                            "patient_id": str(patient),
                            "center": str(place.cohort.centers[patient]),
                            "cohort": place.cohort.name,
                            "part": place.part,
                            "modality": modality,
                            "region": entry.region,
                            "label": entry.region_label,
                            **{"x_mm": x, "y_mm": y, "z_mm": z},
                            **{
                                f"{PROBABILITY}{name}": share
                                for name, share in zip(source.regions.names, shares, strict=True)
                            },
                        }
                    )
    return pd.DataFrame(rows) if rows else None
