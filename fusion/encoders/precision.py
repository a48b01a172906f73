"""Mixed precision for operations that torch does not know."""

import torch
from torch import Tensor


def as_autocast(*tensors: Tensor) -> list[Tensor]:
    """What autocast would make of the arguments of a matrix product; itself outside of it.

    Example:
        >>> with torch.autocast("cpu", dtype=torch.bfloat16):
        ...     [x.dtype for x in as_autocast(torch.zeros(2))]
        [torch.bfloat16]
    """
    kind = tensors[0].device.type
    if not torch.is_autocast_enabled(kind):
        return list(tensors)
    return [tensor.to(torch.get_autocast_dtype(kind)) for tensor in tensors]
