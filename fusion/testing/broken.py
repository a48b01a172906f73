"""What a contract raises, and how it compares."""

import torch
from torch import Tensor

from fusion.errors import FusionError


class BrokenLaw(FusionError, AssertionError):
    """A part breaks a law of its family; says which and how."""


def require(condition: bool, message: str) -> None:
    """Raise `BrokenLaw` where the condition fails.

    Example:
        >>> require(1 + 1 == 2, "arithmetic")
    """
    if not condition:
        raise BrokenLaw(message)


def same(a: Tensor, b: Tensor, message: str, tolerance: float = 1e-5) -> None:
    """Raise `BrokenLaw` where two tensors differ by more than the tolerance; NaN always differs.

    Example:
        >>> same(torch.ones(2), torch.ones(2), "ones are ones")
    """
    require(a.shape == b.shape, f"{message}: shape {tuple(a.shape)} is not {tuple(b.shape)}")
    if not torch.allclose(a, b, rtol=tolerance, atol=tolerance):
        raise BrokenLaw(f"{message}: differs by {float((a - b).abs().max()):.2g}")


def finite(x: Tensor, message: str) -> None:
    """Raise `BrokenLaw` where a value is NaN or infinite.

    Example:
        >>> finite(torch.zeros(1), "zero is a number")
    """
    require(bool(torch.isfinite(x).all()), f"{message}: NaN or infinite")
