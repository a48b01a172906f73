"""The likelihood of Weibull times, some of them censored."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

LIMIT = 20.0
"""Of the log cumulative hazard, above which the hazard goes on in a straight line: by then one in
e^(5 * 10^8) is event-free, and value and gradient stay finite."""


def weibull_loss(
    log_scale: Float[Tensor, " patients"],
    log_shape: Float[Tensor, ""],
    time_days: Float[Tensor, " patients"],
    event: Bool[Tensor, " patients"],
) -> Float[Tensor, ""]:
    """Negative log likelihood of S(t) = exp(-(t / scale)^shape), averaged over patients.

    An event gives the log of the density, a censored patient the log of S. A cumulative hazard
    above e^`LIMIT` is continued in a straight line.

    Args:
        log_scale: logarithm of the days by which 63 % have the event; smaller is worse.
        log_shape: above 0 the hazard rises with time, below 0 it falls.
        time_days: above 0, until the event, or until the patient was last seen.
        event: True where the event was seen.

    Returns:
        The mean; exactly 0, with a gradient of zeros, without patients.

    Raises:
        ValueError: for a time that is not above 0, where the density has no logarithm.

    Source: Kalbfleisch and Prentice 2002, The statistical analysis of failure time data, ch. 3.

    Example:
        >>> days, event = torch.tensor([1.0, 1.0]), torch.tensor([True, False])
        >>> weibull_loss(torch.zeros(2), torch.tensor(0.0), days, event).item()  # both e^-1
        1.0
    """
    log_scale = log_scale.to(torch.promote_types(log_scale.dtype, torch.float32))
    if len(log_scale) == 0:
        return log_scale.sum() * 0.0 + log_shape * 0.0
    if not bool((time_days > 0).all()):
        raise ValueError(f"a time is {float(time_days.min()):g} days, expected above 0")
    log_time = time_days.to(log_scale.dtype).log()
    log_hazard = log_cumulative_hazard(log_scale, log_shape, log_time)
    below = log_hazard.clamp(max=LIMIT)
    hazard = below.exp() * (1.0 + log_hazard - below)
    density = log_shape + log_hazard - log_time
    return (hazard - torch.where(event, density, 0.0)).mean()


def log_cumulative_hazard(
    log_scale: Float[Tensor, " patients"],
    log_shape: Float[Tensor, ""],
    log_time: Float[Tensor, "#patients"],
) -> Float[Tensor, " patients"]:
    """Logarithm of (t / scale)^shape."""
    return log_shape.exp() * (log_time - log_scale)


def fit_weibull(
    time_days: Float[Tensor, " patients"], event: Bool[Tensor, " patients"]
) -> tuple[float, float]:
    """Log scale and log shape of highest likelihood for patients who are all alike.

    For a given shape the best scale is known, so the shape alone is searched: the slope of its
    profile likelihood falls all the way, and is halved down to the last digit.

    Args:
        time_days: above 0.
        event: True where the event was seen; at least once.

    Raises:
        ValueError: where no shape from e^-5 to e^5 fits, as with all events on one last day.

    Source: Cohen 1965, Technometrics (the equation of the shape).

    Example:
        >>> days = torch.tensor([100.0, 200.0, 400.0])
        >>> scale, shape = fit_weibull(days, torch.tensor([True, True, True]))
        >>> round(scale, 3), round(shape, 3)
        (5.579, 0.699)
    """
    log_time = time_days.double().log()
    centre = log_time.mean()
    log_time, events = log_time - centre, int(event.sum())
    if events == 0 or not bool(log_time.isfinite().all()):
        raise ValueError("a Weibull curve needs an event, and times above 0")

    def slope(shape: Tensor) -> Tensor:
        share = torch.softmax(shape * log_time, dim=0)
        return 1 / shape + log_time[event].mean() - (share * log_time).sum()

    low, high = torch.tensor([-5.0, 5.0], dtype=torch.float64)
    if slope(low.exp()) < 0 or slope(high.exp()) > 0:
        raise ValueError(f"no Weibull curve fits {events} events among {len(log_time)} patients")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle.exp()) > 0 else (low, middle)
    shape = low.exp()
    total = torch.logsumexp(shape * log_time, dim=0) - math.log(events)
    return float(total / shape + centre), float(low)
