"""Where one patient's tumour is, and what it is made of."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from fusion.testing.demo.biology import Patient
from fusion.testing.demo.fields import smooth_volume
from fusion.testing.demo.head import Head

CORE, RIM, OEDEMA = 1, 2, 3
"""Labels of the planted voxels."""

BRIGHT = 0.55
"""Enhancement above which the rim is brighter than white matter in T1c."""

CENTRES_MM = {
    "frontal": (28, 35, 18),
    "temporal": (44, -20, -14),
    "parietal": (30, -46, 38),
    "occipital": (26, -76, 10),
    "insula": (38, 4, 2),
}
"""MNI millimetres of a site on the right side; the left side mirrors it."""


@dataclass(frozen=True)
class Tumour:
    """Fractions of each compartment at the voxels of the head, 0 to 1, and their labels."""

    core: Float[np.ndarray, " voxels"]
    """Necrotic fluid."""
    rim: Float[np.ndarray, " voxels"]
    """Solid tumour."""
    oedema: Float[np.ndarray, " voxels"]
    labels: UInt8[np.ndarray, " voxels"]
    """0 none, 1 necrotic core, 2 solid rim, 3 oedema."""
    enhancement: float
    """Of the rim in T1c, 0 to 1."""


def soft(x: Float[np.ndarray, " n"], width: float) -> Float[np.ndarray, " n"]:
    """1 far below zero, 0 far above, with an edge of the given width."""
    return (0.5 - 0.5 * np.tanh(x / np.float32(width))).astype(np.float32)


def outlined(
    labels: UInt8[np.ndarray, "*shape"], enhancement: float
) -> UInt8[np.ndarray, "*shape"]:
    """Planted labels as an annotator would draw them (BraTS 2023: NETC 1, SNFH 2, ET 3).

    Example:
        >>> outlined(np.array([0, CORE, RIM, OEDEMA], dtype=np.uint8), 0.9).tolist()
        [0, 1, 3, 2]
    """
    solid = 3 if enhancement > BRIGHT else 1
    return np.array([0, 1, solid, 2], dtype=np.uint8)[labels]


def choose(
    head: Head, allowed: Bool[np.ndarray, " voxels"], target: Float[np.ndarray, " 3"]
) -> Float[np.ndarray, " 3"]:
    """The allowed voxel nearest to a place in MNI millimetres, in scan millimetres."""
    where = np.flatnonzero(allowed)
    far = ((head.mni_mm[:, where] - target[:, None].astype(np.float32)) ** 2).sum(axis=0)
    return head.place_mm[:, where[int(far.argmin())]].astype(np.float64)


def grow(patient: Patient, head: Head, rng: np.random.Generator) -> Tumour:
    """Grow a tumour: necrosis sets core and enhancement, vascularity the oedema.

    The size of the tumour is drawn without looking at any latent. A glioma is lumpy and starts in
    white matter; metastases are round, small and start where grey meets white.
    """
    met = patient.kind == "metastasis"
    shape = head.brain.shape
    lumps = smooth_volume(rng, (shape[0], shape[1], shape[2]), terms=9)[head.brain]
    fingers = smooth_volume(rng, (shape[0], shape[1], shape[2]), terms=12)[head.brain]
    necrotic = 1 / (1 + np.exp(-1.3 * patient.necrosis))
    core_at, enhancement = 0.12 + 0.63 * necrotic, 0.08 + 0.92 * necrotic
    border = (np.abs(head.grey - head.white) < 0.25) & (head.grey + head.white > 0.7)
    allowed = border if met else head.white > 0.8
    lumpiness = 0.05 if met else 0.16

    core, rim, oedema = (np.zeros(len(head.t1), dtype=np.float32) for _ in range(3))
    sign = 1 if patient.side == "right" else -1
    home = np.array(CENTRES_MM[patient.site], dtype=np.float64) * [sign, 1, 1]
    for lesion in range(patient.lesions):
        if lesion and met:  # the first is at the site of the clinical sheet, others anywhere
            home = head.mni_mm[:, rng.integers(head.mni_mm.shape[1])].astype(np.float64)
        centre = choose(head, allowed, home + rng.normal(0, 5 if lesion == 0 else 12, 3))
        size_mm = rng.uniform(8, 13) if met else rng.uniform(15, 24) * (0.6 if lesion else 1)
        squash = np.exp(rng.normal(0, 0.06 if met else 0.15, 3))
        offset = (head.place_mm - centre[:, None].astype(np.float32)) / np.float32(size_mm)
        distance = np.sqrt(((offset * squash[:, None].astype(np.float32)) ** 2).sum(axis=0))
        distance = distance + np.float32(lumpiness) * lumps
        reach = (2.1 if met else 1.4) + 0.25 * np.tanh(patient.vascularity)
        solid = soft(distance - 1, 0.08)
        inner = soft(distance - np.float32(core_at), 0.08)
        # oedema follows white matter and stops at the cortex
        swelling = soft(
            distance - np.float32(reach) + 0.45 * (1 - head.white) + 0.1 * fingers, 0.15
        )
        core = np.maximum(core, inner * solid)
        rim = np.maximum(rim, solid * (1 - inner))
        oedema = np.maximum(oedema, swelling)
    rim = np.minimum(rim, 1 - core)
    oedema = np.minimum(oedema, 1 - core - rim)
    labels = np.zeros(len(core), dtype=np.uint8)
    labels[oedema > 0.5] = OEDEMA
    labels[core + rim > 0.5] = RIM
    labels[core > 0.5] = CORE
    return Tumour(core, rim, oedema, labels, float(enhancement))
