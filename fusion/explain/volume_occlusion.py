"""Scores of voxels by what is lost where a box hides them."""

from collections.abc import Sequence
from itertools import product
from math import ceil

import torch
from jaxtyping import Float
from torch import Tensor

from fusion.explain.volume_question import BATCH, VolumeQuestion

_STRIDES = 12
"""Steps of the box along a side of the volume."""


def occlusion(
    question: VolumeQuestion, *, stride: Sequence[int] | None = None
) -> Float[Tensor, "x y z"]:
    """How much evidence goes where a sliding box of background hides a voxel in all channels.

    The score of a voxel is the mean over the boxes that cover it. Below zero, the answer is
    likelier without what lies there. A box in which there is nothing but background changes
    nothing, and is not asked about.

    Args:
        question: of one patient.
        stride: voxels between boxes along x, y and z, half a box; a twelfth of the volume if not
            given.

    Source: Zeiler and Fergus 2014.
    """
    image = question.image
    shape = image.shape[1:]
    steps = [ceil(n / _STRIDES) for n in shape] if stride is None else list(stride)
    boxes = [
        tuple(slice(first, first + 2 * step) for first, step in zip(start, steps, strict=True))
        for start in product(*(_starts(n, s) for n, s in zip(shape, steps, strict=True)))
    ]
    brain = torch.from_numpy(question.brain)
    asked = [box for box in boxes if bool(brain[box].any())]
    lost, covered = torch.zeros(shape, dtype=torch.float64), torch.zeros(shape)
    for box in boxes:
        covered[box] += 1
    for first in range(0, len(asked), BATCH):
        some = asked[first : first + BATCH]
        hidden = image.repeat(len(some), 1, 1, 1, 1)
        for row, box in zip(hidden, some, strict=True):
            row[:, *box] = 0
        for box, said in zip(some, question.said(hidden), strict=True):
            lost[box] += question.whole() - float(said)
    return lost / covered


def _starts(size: int, step: int) -> list[int]:
    """Of boxes of two steps, so that every voxel is covered; the last one ends with the volume.

    Example:
        >>> _starts(7, 2), _starts(3, 2)
        ([0, 2, 3], [0])
    """
    last = max(0, size - 2 * step)
    return [*range(0, last, step), last]
