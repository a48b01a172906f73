"""Which parts of an encoder learn, and from when on."""

from collections.abc import Iterator

from torch import nn

from fusion.encoders.base import Encoder

Stages = list[list[nn.Parameter]]


def freeze(encoder: Encoder) -> None:
    """No weight learns; dropout, where the encoder has some, still adds its noise in training."""
    encoder.requires_grad_(False)


def stages(encoder: Encoder) -> Stages:
    """Parameters layer by layer, from the input to the output.

    Layers stand in the order in which the encoder lists them; a norm goes with what stands before
    it, and a parameter of the encoder itself comes first.

    Example:
        >>> from fusion.encoders.vector import VectorEncoder
        >>> encoder = VectorEncoder(in_features=5, dim=8, hidden=(16,))
        >>> [[tuple(p.shape) for p in stage] for stage in stages(encoder)]
        [[(16, 5), (16,)], [(8, 16), (8,)]]
    """
    found: Stages = []
    for layer in (list(encoder.parameters(recurse=False)), *_layers(encoder)):
        if found and not any(parameter.ndim > 1 for parameter in layer):
            found[-1] += layer
        elif layer:
            found.append(layer)
    return found


def unfreeze(parts: Stages, *, count: int) -> None:
    """Let the last `count` stages learn, and no other."""
    for i, stage in enumerate(parts):
        for parameter in stage:
            parameter.requires_grad_(i >= len(parts) - count)


def _layers(module: nn.Module) -> Iterator[list[nn.Parameter]]:
    for child in module.children():
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from _layers(child)
        else:
            yield list(child.parameters())
