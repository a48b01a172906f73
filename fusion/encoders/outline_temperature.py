"""One number per region that makes a network's probabilities of voxels honest."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from fusion.encoders.tumour import TumourEncoder, bits
from fusion.types import Volumes

SAMPLE = 20_000
"""Voxels of each patient; near the tumour and far from it, as they come."""


def fit_temperature(encoder: TumourEncoder, inputs: Iterable[Volumes], *, seed: int) -> None:
    """Set `encoder.temperature`, which divides the logits of each region; the masks do not move.

    Fitted by the cross-entropy of voxels, over patients who did not train the weights. A region
    that nobody of them has outlined keeps 1.

    Args:
        encoder: Trained; in evaluation mode.
        inputs: Of validation patients, with outlines.
        seed: Of the voxels that are drawn.

    Source: Guo et al. 2017, for each region by itself.
    """
    drawn: list[list[tuple[Tensor, Tensor]]] = [[] for _ in range(encoder.regions)]
    generator = torch.Generator().manual_seed(seed)
    for x in inputs:
        if x.regions is None or x.known is None or not bool(x.known.any()):
            continue
        with torch.no_grad():
            logits = encoder.region_logits(x).flatten(2).cpu()
        truth = bits(x.regions, encoder.regions).flatten(2).cpu()
        for i, region in x.known.cpu().nonzero().tolist():
            voxels = torch.randint(logits.shape[2], (SAMPLE,), generator=generator)
            drawn[region].append((logits[i, region, voxels], truth[i, region, voxels].float()))
    for region, found in enumerate(drawn):
        if found:
            parts = torch.cat([z for z, _ in found]), torch.cat([t for _, t in found])
            encoder.temperature[region] = _best(*parts)


def _best(logits: Tensor, truth: Tensor) -> float:
    """By golden section over log T: the cross-entropy is convex in 1 / T."""
    low, high = -2.0, 3.0
    ratio = (5**0.5 - 1) / 2

    def cost(log_t: float) -> float:
        scaled = logits.double() / float(torch.tensor(log_t).exp())
        return float(functional.binary_cross_entropy_with_logits(scaled, truth.double()))

    for _ in range(30):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if cost(a) < cost(b):
            high = b
        else:
            low = a
    return float(torch.tensor((low + high) / 2).exp())
