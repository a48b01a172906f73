"""How tiles are scored, by name."""

from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from fusion.errors import ConfigError
from fusion.explain.attention import attention
from fusion.explain.gradients import gradient_times_input, integrated_gradients
from fusion.explain.question import Question

Method = Literal["integrated_gradients", "gradient_times_input", "attention"]

METHODS: tuple[Method, ...] = get_args(Method)


def scores(question: Question, method: str) -> Float[np.ndarray, " tiles"]:
    """A score per tile: evidence for (above 0) or against, or a weight where it is `attention`.

    Raises:
        ConfigError: for another method, or one that the encoder does not allow.
    """
    if method == "integrated_gradients":
        found = integrated_gradients(question.ask, question.tiles)
    elif method == "gradient_times_input":
        found = gradient_times_input(question.ask, question.tiles)
    elif method == "attention":
        found = attention(question)
    else:
        raise ConfigError(f"no method {method!r}; there are {', '.join(METHODS)}")
    return found.double().numpy()


def telling(
    found: Float[np.ndarray, " tiles"], method: str, direction: float
) -> Float[np.ndarray, " tiles"]:
    """How much each tile speaks for what the slide as a whole makes of the answer.

    Attention has no sign: it is taken to be for it.

    Example:
        >>> telling(np.array([2.0, -3.0]), "integrated_gradients", -1.0)
        array([-2.,  3.])
    """
    return found if method == "attention" else found * direction
