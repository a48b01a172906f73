"""The plain network of two layers."""

from torch import nn


def perceptron(width: int, hidden: int, out: int, dropout: float) -> nn.Sequential:
    """A hidden layer with GELU and dropout, then a linear one.

    Example:
        >>> import torch
        >>> perceptron(3, 8, 2, dropout=0.1)(torch.zeros(5, 3)).shape
        torch.Size([5, 2])
    """
    return nn.Sequential(
        nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, out)
    )
