"""What a model's outputs say for one answer."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from fusion.errors import ConfigError
from fusion.tasks.base import Task, split_outputs


def evidence(
    outputs: Float[Tensor, "batch out"],
    tasks: Mapping[str, Task],
    *,
    task: str,
    column: str,
    probability: bool,
) -> Float[Tensor, " batch"]:
    """Log-odds of a class, or log-hazard of an event, with a gradient to the outputs.

    Args:
        outputs: of the model.
        tasks: as they share them.
        task: which of them.
        column: a class, or `risk`.
        probability: whether the answer is one, and evidence its log-odds.

    Raises:
        ConfigError: where the task has no such answer.
    """
    values = tasks[task].predict(split_outputs(outputs, tasks)[task].double())
    if column not in values:
        raise ConfigError(f"task {task} does not answer {column!r}; it answers {', '.join(values)}")
    value = values[column]
    return value.logit() if probability else value
