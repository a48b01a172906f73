"""Class labels of the training patients."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fusion.errors import ConfigError, TrainingError


def check_classes(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes of a task, in order.

    Raises:
        ConfigError: for fewer than two, or one given twice.
    """
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ConfigError(f"classes {list(classes)}: expected two or more different names")
    return tuple(classes)


def count_classes(
    targets: Float[Tensor, "known 1"], classes: Sequence[str]
) -> Int[Tensor, " classes"]:
    """Training patients of each class, all above zero.

    Raises:
        TrainingError: where a class has none, naming it, or a label is not a class.
    """
    index = targets[:, 0].long()
    if bool(((index != targets[:, 0]) | (index < 0) | (index >= len(classes))).any()):
        raise TrainingError(
            f"class labels {targets[:, 0].unique().tolist()} for {len(classes)} classes "
            f"{list(classes)}; expected whole numbers from 0 to {len(classes) - 1}"
        )
    counts = torch.bincount(index, minlength=len(classes))
    absent = [name for name, count in zip(classes, counts.tolist(), strict=True) if count == 0]
    if absent:
        found = {n: c for n, c in zip(classes, counts.tolist(), strict=True) if c > 0}
        raise TrainingError(
            f"no training patient has class {', '.join(absent)} (found {found}); a class cannot "
            "be learned from nothing: choose another split, or take it out of the classes"
        )
    return counts
