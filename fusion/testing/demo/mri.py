"""From a head and its tumour to four MRI sequences, as one centre's scanner sees them."""

import numpy as np
from jaxtyping import Float, Int16

from fusion.testing.demo.centers import Lab
from fusion.testing.demo.fields import smooth_volume
from fusion.testing.demo.head import Head
from fusion.testing.demo.tumour import Tumour

TISSUES = {
    "T1": (0.82, 0.58, 0.22, 0.28, 0.45, 0.55),
    "T1c": (0.84, 0.61, 0.24, 0.26, 0.50, 0.56),
    "T2": (0.36, 0.52, 0.98, 0.95, 0.72, 0.76),
    "FLAIR": (0.44, 0.58, 0.14, 0.42, 0.74, 0.86),
}
"""Brightness of white matter, grey matter, fluid, necrotic core, solid tumour, oedema."""


def ideal(head: Head, tumour: Tumour, sequence: str) -> Float[np.ndarray, " voxels"]:
    """Brightness of a perfect scanner, 0 to about 1.2."""
    white, grey, fluid, core, solid, oedema = (np.float32(v) for v in TISSUES[sequence])
    liquid = np.clip(1 - head.white - head.grey, 0, 1)
    value = white * head.white + grey * head.grey + fluid * liquid
    if sequence in ("T1", "T1c"):  # the template is a T1: keep its detail
        value = 0.5 * value + 0.5 * np.float32(0.95) * head.t1
    if sequence == "T1c":
        solid = np.float32(0.50 + 0.62 * tumour.enhancement)
    healthy = 1 - tumour.core - tumour.rim - tumour.oedema
    value = healthy * value + core * tumour.core + solid * tumour.rim
    # swollen tissue keeps some of its own look
    return value + tumour.oedema * (np.float32(0.8) * oedema + np.float32(0.2) * white)


def scan(
    head: Head,
    tumour: Tumour,
    sequence: str,
    *,
    lab: Lab,
    shift: float,
    rng: np.random.Generator,
) -> Int16[np.ndarray, "x y z"]:
    """One sequence: contrast, gain, shading and Rician noise of the centre; 0 outside the brain.

    The noise is Rician (Gudbjartsson and Patz, Magn Reson Med 1995). Every scan has its own gain
    (10 %) beside the centre's.
    """
    value = np.clip(ideal(head, tumour, sequence), 0, None)
    value = value ** np.float32(np.exp(shift * lab.log_gamma))
    bias = shift * lab.bias + 0.03
    shape = head.brain.shape
    value *= np.exp(
        np.float32(bias) * smooth_volume(rng, (shape[0], shape[1], shape[2]), terms=3)[head.brain]
    )
    noise = rng.standard_normal((2, len(value)), dtype=np.float32) * np.float32(lab.noise)
    value = np.hypot(1000 * value + np.float32(shift * lab.offset) + noise[0], noise[1])
    gain = np.exp(shift * lab.log_gain + rng.normal(0, 0.1))
    image = np.zeros(head.brain.shape, dtype=np.int16)
    image[head.brain] = np.clip(np.rint(value * np.float32(gain)), 1, 32000).astype(np.int16)
    return image
