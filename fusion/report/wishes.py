"""What a reader wants to see that no data can say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusion.metrics.censoring import Censoring


@dataclass(frozen=True)
class Wishes:
    """Of the people who would act on the predictions."""

    thresholds: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5)
    """Probabilities at which one might act, for decision curves: the odds are how many may be acted
    on in vain for one who needs it."""
    sensitivity: float = 0.9
    """Share of the positives that the second operating point is to find in validation patients."""
    brought: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Task -> rule -> threshold that came with a model from elsewhere."""
    censoring: Mapping[str, Censoring] = field(default_factory=dict)
    """Task of survival -> how long the training patients of that model were followed."""
