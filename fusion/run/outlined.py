"""One patient's tumour, outlined by one network or several, on the grid of the patient's files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64

from fusion.config.volume import OutlineConfig
from fusion.data.entry import Entry
from fusion.data.prepare.volume_native import nested, to_native
from fusion.data.sources.volume import VolumeSource
from fusion.encoders.outline import entropy, outline
from fusion.encoders.tumour import TumourEncoder
from fusion.metrics.small_parts import without_small
from fusion.types import PatientId


@dataclass(frozen=True)
class Member:
    """A network with the source that it reads."""

    encoder: TumourEncoder
    source: VolumeSource
    config: OutlineConfig


@dataclass(frozen=True)
class Outlined:
    """What was found, on the grid of the files."""

    patient: str
    regions: tuple[str, ...]
    share: Float32[np.ndarray, "regions x y z"]
    """Probability of each region, mean of all networks and views."""
    masks: Bool[np.ndarray, "regions x y z"]
    """Where it is above one half, without parts that are too small; what lies in an inner region
    lies in the outer ones too."""
    uncertainty_bits: Float32[np.ndarray, "x y z"]
    """Entropy of the first region: 0 sure, 1 a toss of a coin."""
    affine: Float64[np.ndarray, "4 4"]
    spacing_mm: tuple[float, float, float] | None
    """None where the files do not say."""
    clipped: int
    """Voxels of the files that are not 0 and lie outside the box that the network saw."""


def outline_patient(
    members: Sequence[Member],
    patient: PatientId,
    rows: tuple[Entry, ...],
    device: torch.device,
) -> Outlined:
    """Outline one patient.

    Args:
        members: One, or an ensemble that outlines the same regions; settings are the first's.
        patient: Who.
        rows: The patient's volumes; a mask among them is not looked at.
        device: Where the networks run.

    Raises:
        ReadError: for a file that cannot be used.
    """
    images = tuple(entry for entry in rows if entry.sequence != "mask")
    first = members[0].config
    total: np.ndarray | None = None
    doubts = []
    meta: Mapping[str, Any] = {}
    for member in members:
        volumes = member.source.load(patient, images).to(device)
        meta = member.source.meta(patient, images)
        with torch.no_grad():
            views = outline(
                member.encoder.to(device).eval(),
                volumes,
                window=member.config.patch,
                overlap=member.config.overlap,
                flips=first.flips,
            )[:, 0].cpu()
        found = np.stack([to_native(part, meta) for part in views.mean(dim=0).numpy()])
        total = found if total is None else total + found
        doubts.append(found[0])
    assert total is not None, "an ensemble has a member"
    share = (total / len(members)).astype(np.float32)
    spacing = _spacing(meta)
    voxel_mm3 = 1.0 if spacing is None else float(np.prod(spacing))
    masks = np.stack([without_small(part > 0.5, first.least_mm3 / voxel_mm3) for part in share])
    return Outlined(
        str(patient),
        tuple(first.regions),
        share,
        nested(masks, first.regions),
        entropy(torch.from_numpy(np.stack(doubts))).numpy(),
        np.array(meta["native_affine"], dtype=np.float64),
        spacing,
        int(meta["clipped"]),
    )


def _spacing(meta: Mapping[str, Any]) -> tuple[float, float, float] | None:
    if not meta["units_known"]:
        return None
    x, y, z = np.linalg.norm(np.array(meta["native_affine"])[:3, :3], axis=0).tolist()
    return x, y, z
