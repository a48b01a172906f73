"""How well hidden voxels are filled in."""

from jaxtyping import Bool, Float
from torch import Tensor


def masked_error(
    found: Float[Tensor, "batch channels x y z"],
    image: Float[Tensor, "batch channels x y z"],
    hidden: Bool[Tensor, "batch x y z"],
    channels: Bool[Tensor, "batch channels"],
) -> Tensor:
    """Mean squared error over the hidden voxels of present channels; no other voxel counts.

    Args:
        found: by the network.
        image: the truth.
        hidden: what the network was not shown.
        channels: which each patient has.

    Returns:
        From 0 on; exactly 0, with a gradient of zeros, where nothing is hidden.

    Source: He et al. 2022 (MAE): the loss is taken on masked patches only.

    Example:
        >>> import torch
        >>> hidden = torch.tensor([True, False]).reshape(1, 2, 1, 1)
        >>> image = torch.tensor([1.0, 5.0]).reshape(1, 1, 2, 1, 1)
        >>> masked_error(image * 0, image, hidden, torch.tensor([[True]])).item()
        1.0
    """
    counts = hidden[:, None] & channels[:, :, None, None, None]
    if not bool(counts.any()):
        return found.sum() * 0.0
    return (found[counts] - image[counts]).square().mean()


def unexplained(
    found: Float[Tensor, "batch channels x y z"],
    image: Float[Tensor, "batch channels x y z"],
    hidden: Bool[Tensor, "batch x y z"],
    channels: Bool[Tensor, "batch channels"],
) -> Tensor:
    """That error as a share of what each channel's own mean, over its hidden voxels, leaves.

    Returns:
        0 where all is filled in, 1 where the mean would do as well, more where it does better.

    Example:
        >>> import torch
        >>> image, hidden = torch.rand(2, 3, 4, 4, 4), torch.ones(2, 4, 4, 4, dtype=torch.bool)
        >>> there = torch.ones(2, 3, dtype=torch.bool)
        >>> mean = image.mean(dim=(0, 2, 3, 4), keepdim=True).expand_as(image)
        >>> round(unexplained(mean, image, hidden, there).item(), 5)
        1.0
    """
    counts = (hidden[:, None] & channels[:, :, None, None, None]).to(image.dtype)
    over = (0, 2, 3, 4)
    number = counts.sum(dim=over, keepdim=True).clamp(min=1)
    mean = (image * counts).sum(dim=over, keepdim=True) / number
    left = ((found - image).square() * counts).sum()
    spread = ((image - mean).square() * counts).sum()
    return left / spread.clamp(min=1e-12)
