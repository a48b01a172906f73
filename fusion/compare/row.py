"""One number of a comparison, and everything that is needed to read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fusion.compare.entrants import Kind

Verdict = Literal["", "better", "worse", "no difference shown", "no test possible"]

STRONGEST = "strongest modality alone"
"""What `versus` says of the claim over all modalities alone at once."""


@dataclass(frozen=True)
class Row:
    """A metric of a model, or how much it exceeds another's on the same patients."""

    task: str
    part: str
    """test or external."""
    metric: str
    model: str
    kind: Kind
    versus: str
    """What was subtracted; empty for the metric itself."""
    against: str = ""
    """Which modality alone was the strongest, for that contrast."""
    n: int = 0
    """Patients, each counted once."""
    events: int | None = None
    folds: int = 0
    """That have a value."""
    value: float | None = None
    """Mean over folds."""
    low: float | None = None
    """95 %, for this number alone."""
    high: float | None = None
    low_family: float | None = None
    """As low, as wide as all tests of the task ask for (Bonferroni)."""
    high_family: float | None = None
    test: str = ""
    p: float | None = None
    p_holm: float | None = None
    """Over all tests of the task; None where none was made."""
    verdict: Verdict = ""
    """Empty where nothing is claimed."""
    reason: str = ""
    """Why there is no value, or no test."""
    patients_low: float | None = None
    """95 % over patients drawn within the folds, the trained models as they are."""
    patients_high: float | None = None
    noise: float | None = None
    """Standard deviation over seeds of one fold, averaged over folds; None with one seed."""
    per_fold: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Fold -> why it has no value."""
