"""New patients outlined by bundles: files on each patient's own grid, and tables of all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.progress import track

from fusion.config.volume import VolumeConfig
from fusion.data.prepare.volume_native import paint
from fusion.data.readers.volume import read_volume
from fusion.data.readers.volume_write import write_like
from fusion.errors import ConfigError
from fusion.lesions.side import Midline
from fusion.report.outline_picture import outline_picture
from fusion.report.publish import publish, to_csv
from fusion.run.bundle import Bundle, load_bundle, open_folder
from fusion.run.lesion_files import gather_lesions, write_lesions
from fusion.run.outline_planes import pictured
from fusion.run.outlined import Member, Outlined, outline_patient
from fusion.run.outlines import member_of, preferred
from fusion.types import Modality

DONE = "outline.json"
"""The last file of a patient's folder."""


def segment(
    *,
    bundles: Sequence[Path],
    cohort: Path,
    out: Path,
    modality: str | None,
    patients: Sequence[str],
    device: str,
    cache: Path | None,
    on_fault: str | None,
    midline: Midline | None,
) -> Path:
    """Outline every patient who has the modality, one after the other; the table of all.

    Args:
        bundles: one, or an ensemble.
        cohort: folder of a manifest.
        out: gets a folder for each patient.
        modality: None where the first bundle outlines one only.
        patients: whom; empty takes all.
        device: where the networks run.
        cache: of prepared volumes; None keeps the bundle's.
        on_fault: of files; None keeps the bundle's.
        midline: between left and right, in the files' millimetres; None tells no sides.

    Raises:
        ConfigError: for a bundle that outlines nothing, or bundles that outline other regions.
        CohortError: listing every file that cannot be used.
    """
    models = [load_bundle(path, cache=cache, on_fault=on_fault) for path in bundles]
    found = open_folder(cohort, None)
    name = _modality(models[0], modality)
    taken = [model.take(found) for model in models]
    members = [_member(model, path, name) for model, path in zip(models, bundles, strict=True)]
    if len({tuple(member.config.regions) for member in members}) > 1:
        regions = "; ".join(", ".join(member.config.regions) for member in members)
        raise ConfigError(f"the bundles outline different regions ({regions}); give those alike")
    place, inputs = taken[0]
    who = inputs.dataset(place, (name,)).patients
    unknown = sorted(set(patients) - set(map(str, who)))
    if unknown:
        raise ConfigError(f"{', '.join(unknown)} have no {name} in {cohort}; take them out")
    chosen = [p for p in who if not patients or str(p) in patients]
    if not chosen:
        raise ConfigError(f"nobody in {cohort} has {name}; nothing to outline")
    key = {
        "bundles": [str(path) for path in bundles],
        "regions": list(members[0].config.regions),
        "midline": None if midline is None else [*midline.point_mm, *midline.to_right],
    }
    notes = []
    for patient in track(chosen, "outlining", console=Console(stderr=True)):
        folder = out / str(patient)
        note = _done(folder, key)
        if note is None:
            rows = place.cohort.entries[patient][Modality(name)]
            outlined = outline_patient(members, patient, rows, torch.device(device))
            entry = preferred(rows)
            volume = read_volume(entry.path, str(patient))
            note = _write(folder, outlined, entry.path) | write_lesions(folder, outlined, midline)
            note |= key
            picture = outline_picture(
                [pictured(outlined, volume, entry.sequence or "", None, None)],
                "overview",
                str(patient),
                "What the network outlined.",
            )
            publish(folder / "overview.png", picture.png)
            publish(folder / DONE, json.dumps(note, indent=1).encode())
        notes.append(note)
    publish(out / "outlines.json", json.dumps(notes, indent=1).encode())
    flat = [{k: v for k, v in note.items() if k not in key} for note in notes]
    publish(out / "outlines.csv", to_csv(pd.DataFrame(flat)))
    gather_lesions(out, [str(patient) for patient in chosen])
    return out / "outlines.csv"


def _modality(model: Bundle, asked: str | None) -> str:
    able = [
        name
        for name, config in model.config.modalities.items()
        if isinstance(config, VolumeConfig) and config.outline is not None
    ]
    if asked is None and len(able) == 1:
        return able[0]
    if asked in able:
        return str(asked)
    raise ConfigError(
        f"modality {asked}: this bundle outlines {', '.join(able) or 'nothing'}; "
        "train with modality mri_tumour, as +experiment=btsc does, or name one of these"
    )


def _member(model: Bundle, path: Path, name: str) -> Member:
    source = model.sources.get(name)
    if source is None:
        raise ConfigError(f"{path} has no modality {name}; it has {', '.join(model.sources)}")
    member = member_of(model.config, model.trained, source, name)
    if member is None:
        raise ConfigError(f"{path} does not outline {name}; train it with modality mri_tumour")
    return member


def _done(folder: Path, key: dict[str, Any]) -> dict[str, Any] | None:
    path = folder / DONE
    if not path.exists():
        return None
    note: dict[str, Any] = json.loads(path.read_text())
    return note if {name: note.get(name) for name in key} == key else None


def _write(folder: Path, found: Outlined, like: Path) -> dict[str, Any]:
    labels, scheme = paint(found.masks, found.regions)
    folder.mkdir(parents=True, exist_ok=True)
    write_like(folder / "mask.nii.gz", labels, like)
    for region, share in zip(found.regions, found.share, strict=True):
        write_like(folder / f"probability_{region}.nii.gz", share.astype(np.float32), like)
    write_like(folder / "uncertainty.nii.gz", found.uncertainty_bits, like)
    note: dict[str, Any] = {"patient_id": found.patient, "label_scheme": scheme}
    voxel_ml = None if found.spacing_mm is None else float(np.prod(found.spacing_mm)) / 1000
    for region, mask in zip(found.regions, found.masks, strict=True):
        voxels = int(mask.sum())
        note[f"{region}_voxels"] = voxels
        note[f"{region}_ml"] = None if voxel_ml is None else round(voxels * voxel_ml, 3)
    note["foreground_voxels_not_seen"] = found.clipped
    return note
