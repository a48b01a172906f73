"""AdamW and its learning rate over the epochs."""

import math
from typing import Literal

import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import nn


def adamw(
    parameters: list[nn.Parameter],
    *,
    lr: float,
    weight_decay: float,
    schedule: Literal["cosine", "constant"],
    epochs: int,
) -> OptimizerLRScheduler:
    """AdamW (Loshchilov and Hutter, 2019); the rate stays, or falls to 0 along a half cosine."""
    optimizer = torch.optim.AdamW(parameters, lr=lr, weight_decay=weight_decay)
    if schedule == "constant":
        return optimizer
    cosine = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda epoch: 0.5 * (1 + math.cos(math.pi * epoch / epochs))
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cosine, "interval": "epoch"}}
