"""Scores of tiles by where the encoder looked."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.gated_attention import GatedAttention
from fusion.errors import ConfigError
from fusion.explain.question import Question


def attention(question: Question) -> Float[Tensor, " tiles"]:
    """The weight of every tile in the encoder's pooling; they sum to 1.

    A weight says where the model looked, not what for, nor that it mattered (Jain and Wallace
    2019): a curve of deletion tells whether it did.

    Raises:
        ConfigError: where the encoder does not pool by gated attention.

    Source: Ilse, Tomczak and Welling 2018.
    """
    encoder: nn.Module = question.model.encoders[question.modality]
    looks = [part for part in encoder.modules() if isinstance(part, GatedAttention)]
    if len(looks) != 1:
        raise ConfigError(
            f"the encoder of {question.modality}, {type(encoder).__name__}, does not weigh its "
            "tiles by gated attention; take method=integrated_gradients, which any encoder has"
        )
    seen: list[Tensor] = []
    hook = looks[0].register_forward_hook(lambda _, __, out: seen.append(out[1]))
    try:
        with torch.no_grad():
            question.ask(question.tiles)
    finally:
        hook.remove()
    return seen[0]
