"""One patient's input as a plain vector, for questions about centres."""

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.types import Bags, Input, Volumes

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def summarise(value: Input) -> Float[np.ndarray, " d"]:
    """What a plain classifier could tell a centre by.

    A table's vector as it is; mean and standard deviation over a bag's tiles; of a volume, for
    each channel whether it is there, quantiles, mean and standard deviation of its foreground, the
    share of the box that is foreground, and how much neighbours differ.

    Args:
        value: of one patient.

    Example:
        >>> import torch
        >>> summarise(Bags(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 2]))).tolist()
        [2.0, 1.0]
        >>> summarise(torch.tensor([[0.5, 2.0]])).tolist()
        [0.5, 2.0]
    """
    match value:
        case Bags():
            tiles = value.features.double().numpy()
            return np.concatenate([tiles.mean(axis=0), tiles.std(axis=0)])
        case Volumes():
            there = value.channels[0].numpy()
            images = value.image[0].double().numpy()
            return np.concatenate([_channel(x, t) for x, t in zip(images, there, strict=True)])
        case Tensor():
            return value[0].double().numpy()


def _channel(image: Float[np.ndarray, "x y z"], there: np.bool_) -> Float[np.ndarray, " d"]:
    """Zeros for a channel that is absent or empty; its presence is the first number."""
    inside = image != 0
    out = np.zeros(len(QUANTILES) + 5)
    if not there or not inside.any():
        return out
    values = image[inside]
    out[0] = 1.0
    out[1:-4] = np.quantile(values, QUANTILES)
    out[-4:] = values.mean(), values.std(), inside.mean(), _roughness(image, inside)
    return out


def _roughness(image: Float[np.ndarray, "x y z"], inside: Bool[np.ndarray, "x y z"]) -> float:
    """Mean difference of neighbours, in standard deviations: sharp and noisy scanners have more."""
    steps = [np.abs(np.diff(image, axis=a))[_both(inside, a)] for a in range(3)]
    spread = image[inside].std()
    every = np.concatenate(steps)
    return float(every.mean() / spread) if len(every) and spread > 0 else 0.0


def _both(inside: Bool[np.ndarray, "x y z"], axis: int) -> Bool[np.ndarray, "u v w"]:
    """Pairs of neighbours that both are foreground."""
    turned = np.moveaxis(inside, axis, 0)
    return np.moveaxis(turned[1:] & turned[:-1], 0, axis)
