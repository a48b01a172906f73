"""Outline whole volumes, in windows where they are large, and once more mirrored."""

import logging
from collections.abc import Sequence

import torch
from jaxtyping import Float
from monai.inferers import sliding_window_inference
from torch import Tensor

from fusion.encoders.tumour import TumourEncoder
from fusion.types import Volumes

log = logging.getLogger(__name__)

LEFT_RIGHT = 2
"""The only mirror of a head, and the only one that training shows."""


AIR = -30.0
"""Logit of a voxel that no window covers, because nothing is near: a probability of 1e-13."""


def outline(
    encoder: TumourEncoder,
    x: Volumes,
    *,
    window: Sequence[int] | None,
    overlap: float,
    flips: bool,
) -> Float[Tensor, "views batch regions x y z"]:
    """Probability that each voxel lies in each region, as each view of the volume tells.

    Args:
        encoder: Trained.
        x: Whole volumes.
        window: Voxels of the windows that larger volumes are cut into; None takes a volume whole.
            Only the box that holds all voxels other than 0 is cut.
        overlap: Share of a window that its neighbour covers too; where windows overlap, what lies
            near a window's border counts less.
        flips: Look at the mirrored volume too: two views.

    Where the device's memory does not suffice, windows are halved along their longest side, with
    a warning in the log.

    Raises:
        torch.OutOfMemoryError: where even the smallest window does not fit.
    """
    views = []
    for mirrored in (False, True) if flips else (False,):
        image = x.image.flip(LEFT_RIGHT) if mirrored else x.image
        logits = _logits(encoder, Volumes(image, x.channels), window, overlap)
        if mirrored:
            logits = logits.flip(LEFT_RIGHT)
        views.append(torch.sigmoid(logits / encoder.temperature[:, None, None, None]))
    return torch.stack(views)


def _logits(
    encoder: TumourEncoder, x: Volumes, window: Sequence[int] | None, overlap: float
) -> Float[Tensor, "batch regions x y z"]:
    sides = list(x.image.shape[2:]) if window is None else list(window)
    while True:
        try:
            if all(side >= have for side, have in zip(sides, x.image.shape[2:], strict=True)):
                return encoder.region_logits(x)
            return _windowed(encoder, x, sides, overlap)
        except torch.OutOfMemoryError:
            longest = max(range(3), key=sides.__getitem__)
            half = sides[longest] // 2 // encoder.network.step * encoder.network.step
            if half < encoder.network.step:
                raise
            log.warning(
                "not enough memory on %s to outline windows of %s voxels; trying smaller ones "
                "(slower, and borders count more)",
                x.image.device,
                "x".join(map(str, sides)),
            )
            sides[longest] = half


def _windowed(
    encoder: TumourEncoder, x: Volumes, sides: Sequence[int], overlap: float
) -> Float[Tensor, "batch regions x y z"]:
    # channels and what is air may differ between patients, so each goes by itself
    rows = []
    for i in range(len(x)):
        channels, image = x.channels[i : i + 1], x.image[i : i + 1]
        box = _inhabited(image[0, channels[0]], sides)
        found = sliding_window_inference(
            image[:, :, *box],
            roi_size=tuple(sides),
            sw_batch_size=1,
            predictor=lambda part, channels=channels: encoder.region_logits(
                Volumes(part, channels)
            ),
            overlap=overlap,
            mode="gaussian",
        )
        assert isinstance(found, Tensor)
        row = found.new_full((1, found.shape[1], *image.shape[2:]), AIR)
        row[:, :, *box] = found
        rows.append(row)
    return torch.cat(rows)


def _inhabited(
    image: Float[Tensor, "channels x y z"], sides: Sequence[int]
) -> tuple[slice, slice, slice]:
    """The box of all that is not 0, as large as a window where the volume is."""
    there = (image != 0).any(dim=0)
    ends = []
    for axis, side in enumerate(sides):
        others = tuple(a for a in range(3) if a != axis)
        places = torch.nonzero(there.sum(dim=others)).flatten().tolist() or [0]
        have, low, high = there.shape[axis], places[0], places[-1] + 1
        wide = min(have, max(high - low, side))
        low = min(max(0, (low + high - wide) // 2), have - wide)
        ends.append(slice(low, low + wide))
    x, y, z = ends
    return x, y, z


def entropy(views: Float[Tensor, "views *shape"]) -> Float[Tensor, "*shape"]:
    """Uncertainty of the mean of several views or networks, in bits: 0 sure, 1 a toss of a coin.

    Example:
        >>> entropy(torch.tensor([[1.0, 0.5], [1.0, 0.5]])).tolist()
        [0.0, 1.0]
    """
    mean = views.mean(dim=0)
    inside, outside = torch.special.entr(mean), torch.special.entr(1 - mean)
    return (inside + outside) / torch.log(torch.tensor(2.0))
