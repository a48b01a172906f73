"""Noise in volumes, and another contrast of them; for training only. The background stays 0."""

import torch
from jaxtyping import Float
from torch import Tensor

Image = Float[Tensor, "batch channels x y z"]


def add_noise(image: Image, generator: torch.Generator, most: float) -> Image:
    """Gaussian, of a standard deviation between 0 and `most` for each channel of each patient.

    The noise is drawn where the image is, by a generator that `generator` seeds.

    Example:
        >>> image = torch.tensor([0.0, 1.0]).view(1, 1, 1, 1, 2)
        >>> noisy = add_noise(image, torch.Generator().manual_seed(0), 0.5)
        >>> noisy.flatten()[0].item(), bool(noisy.flatten()[1] != 1)
        (0.0, True)
    """
    sd = most * torch.rand(image.shape[:2], generator=generator).to(image)
    seed = int(torch.randint(2**62, (1,), generator=generator))
    own = torch.Generator(image.device).manual_seed(seed)
    noise = torch.randn(image.shape, generator=own, dtype=image.dtype, device=image.device)
    # one pass fewer than torch.where: what is 0 gets no noise
    return image + noise.mul_(image != 0).mul_(sd[..., None, None, None])


def change_gamma(image: Image, generator: torch.Generator, most: float) -> Image:
    """Raise each channel of each patient to a power from exp(-most) to exp(most).

    Over the voxels that are not 0: their range becomes 0 to 1 and back, and then their mean and
    SD are what they were, so that only the contrast between dark and bright is another.

    Source: Isensee 2021 (nnU-Net), supplement, section 4, which also keeps mean and SD.

    Example:
        >>> image = torch.tensor([0.0, 1.0, 2.0, 4.0]).view(1, 1, 1, 1, 4)
        >>> other = change_gamma(image, torch.Generator().manual_seed(0), 0.5)
        >>> other.flatten()[0].item(), bool(torch.isclose(other.sum(), image.sum()))
        (0.0, True)
    """
    powers = torch.exp(most * (1 - 2 * torch.rand(image.shape[:2], generator=generator)))
    changed = torch.zeros_like(image)
    for row, patient in enumerate(image):
        for channel, old in enumerate(patient):
            inside = old != 0
            values = old.masked_select(inside)  # a head fills half of its box
            if len(values) and bool(values.max() > values.min()):
                values = _bend(values, float(powers[row, channel]))
            changed[row, channel].masked_scatter_(inside, values)
    return changed


def _bend(values: Float[Tensor, " n"], power: float) -> Float[Tensor, " n"]:
    low, high = values.aminmax()
    bent = ((values - low) / (high - low)).pow_(power)
    # in two steps; torch.std_mean takes three times as long
    scale = (values.var() / bent.var()).sqrt()
    return bent.sub_(bent.mean()).mul_(scale).add_(values.mean())
