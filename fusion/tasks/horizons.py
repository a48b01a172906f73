"""The days for which survival is predicted."""

import math
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from fusion.errors import ConfigError, TrainingError


def horizon_names(horizons_days: Sequence[float]) -> tuple[str, ...]:
    """Names of the predictions, one per horizon.

    Raises:
        ConfigError: for a horizon that is not a finite number of days above zero, and where
            they do not ascend.

    Example:
        >>> horizon_names([365.0, 730.5])
        ('survival_365', 'survival_730.5')
    """
    for days in horizons_days:
        if not math.isfinite(days) or days <= 0:
            raise ConfigError(f"horizon {days} is not a finite number of days above 0")
    if list(horizons_days) != sorted(set(horizons_days)):
        raise ConfigError(
            f"horizons {list(horizons_days)} do not ascend; write each once, in order"
        )
    return tuple(
        f"survival_{int(days) if float(days).is_integer() else days}" for days in horizons_days
    )


def check_survival(
    targets: Float[Tensor, "known 2"], horizons_days: Sequence[float], who: str
) -> None:
    """Refuse training labels that no survival model can be fitted on.

    Args:
        targets: [time_days, event] of the training patients.
        horizons_days: to predict for.
        who: asks, for the message.

    Raises:
        TrainingError: without a patient or an event, for a time that is negative or not finite,
            and for a horizon beyond the longest follow-up.
    """
    if len(targets) == 0:
        raise TrainingError(f"{who}: no training patient has a survival label")
    days, event = targets[:, 0], targets[:, 1]
    if not bool(days.isfinite().all() and (days >= 0).all()):
        raise TrainingError(f"{who}: a training time is negative or not finite; mend targets.csv")
    if not bool(((event == 0) | (event == 1)).all()):
        raise TrainingError(f"{who}: an event is neither 0 nor 1; mend targets.csv")
    if not bool(event.any()):
        raise TrainingError(
            f"{who}: no event among {len(targets)} training patients; a survival model needs "
            "some: choose another split, or leave out the task"
        )
    longest = float(days.max())
    if horizons_days and horizons_days[-1] > longest:
        raise TrainingError(
            f"{who}: horizon {horizons_days[-1]:g} days is beyond the longest follow-up in "
            f"training, {longest:g} days; survival is not extrapolated: choose an earlier one"
        )
