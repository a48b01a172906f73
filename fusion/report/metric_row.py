"""One number of a report, and everything that is needed to read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricRow:
    """A metric of one model, or how much it exceeds another's on the same patients."""

    model: str
    task: str
    metric: str
    part: str
    """internal test, external or validation."""
    cohort: str
    """"all", or a name."""
    center: str
    """"all", or a name."""
    n: int
    """Patients with a label and a prediction (of both models, for a difference)."""
    events: int | None
    """Positives of a binary task, events of survival; None with more classes than two."""
    value: float | None
    """None where undefined: see `reason`."""
    low: float | None
    """2.5th percentile over resampled patients."""
    high: float | None
    """97.5th percentile over resampled patients."""
    reason: str | None = None
    """Why there is no value or no interval."""
    versus: str | None = None
    """The model that was subtracted; None for a plain metric."""
    p: float | None = None
    """Two-sided, paired bootstrap; only for a difference."""
    undefined: int = 0
    """Resamples in which it had no value; the interval is from the others."""

    @property
    def pooled(self) -> bool:
        """Over all centres of its part."""
        return self.center == "all" and self.cohort == "all"
