"""Whether two groups live equally long."""

import numpy as np
from jaxtyping import Bool, Float
from lifelines.statistics import logrank_test

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite


def log_rank_p(
    time_a: Float[np.ndarray, " n"],
    event_a: Bool[np.ndarray, " n"],
    time_b: Float[np.ndarray, " m"],
    event_b: Bool[np.ndarray, " m"],
) -> float:
    """P of equal hazards in two groups.

    Args:
        time_a: days until the event, or until last seen, in one group.
        event_a: True where it was seen.
        time_b: the same of the other group.
        event_b: likewise.

    Raises:
        UndefinedMetric: where a group has nobody, or neither has an event.
        ValueError: for a time that is not finite.

    Source: Mantel 1966; computed by lifelines.

    Example:
        >>> days, event = np.arange(1.0, 21.0), np.ones(20, dtype=bool)
        >>> log_rank_p(days, event, days, event), log_rank_p(days, event, days + 15, event) < 0.001
        (1.0, True)
    """
    finite("time_a", time_a), finite("time_b", time_b)
    if not event_a.any() and not event_b.any():
        raise UndefinedMetric(f"log-rank: no event among {len(time_a) + len(time_b)} patients")
    return float(logrank_test(time_a, time_b, event_a, event_b).p_value)
