"""A metric over centres: its mean, and where a new centre may lie."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PooledRow:
    """One model's primary metric, pooled over external centres."""

    model: str
    task: str
    metric: str
    method: str
    """How the spread between centres and the interval of the mean are estimated."""
    centers: int
    """That take part in the mean."""
    left_out: tuple[str, ...] = ()
    """The others, each with the reason."""
    value: float | None = None
    """The mean, on the logit scale and back; None where undefined: see `reason`."""
    low: float | None = None
    high: float | None = None
    predicted_low: float | None = None
    """Of a centre like these that has not been seen; None with two centres."""
    predicted_high: float | None = None
    tau2: float | None = None
    """Variance between centres, of the logit."""
    i2: float | None = None
    """Share of the spread that is more than chance; 0 to 1."""
    q_p: float | None = None
    """Of centres being alike."""
    reason: str | None = None
    """Why there is no value."""
    part: str = "external"
