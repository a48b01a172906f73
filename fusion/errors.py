"""Every exception that is raised on purpose.

Each inherits `FusionError` and the builtin that a caller would catch without knowing us, and
says what was found, what was expected and what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class FusionError(Exception):
    """The base: whatever the framework refuses."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input, and where.

    Example:
        >>> print(Fault("time -3 is below zero; give days since diagnosis", "targets.csv", 7))
        targets.csv:7: time -3 is below zero; give days since diagnosis
    """

    message: str
    file: str = ""
    line: int | None = None
    """1-based line in the file, the header being line 1."""
    patient: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        who = f"patient {self.patient}: " if self.patient else ""
        return f"{place}{who}{self.message}"


class CohortError(FusionError, ValueError):
    """A cohort's tables contradict themselves or the configuration; carries *all* faults."""

    def __init__(self, root: Path | str, faults: Sequence[Fault]) -> None:
        self.root, self.faults = root, tuple(faults)
        shown = "\n".join(f"  {fault}" for fault in self.faults[:50])
        more = f"\n  ... and {len(self.faults) - 50} more" if len(self.faults) > 50 else ""
        noun = "fault" if len(self.faults) == 1 else "faults"
        super().__init__(f"{root}: {len(self.faults)} {noun}\n{shown}{more}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.root, self.faults)


class SplitError(FusionError, ValueError):
    """A split overlaps, names an unknown patient, or belongs to another cohort."""


class ReadError(FusionError, ValueError):
    """A file cannot be used as what it claims to be: corrupt, wrong shape, no spacing, no MPP."""

    def __init__(self, path: Path | str, message: str, patient: str | None = None) -> None:
        self.path = Path(path)
        self.patient = patient
        self.message = message
        who = f"patient {patient}: " if patient else ""
        super().__init__(f"{who}{path}: {message}")

    def __reduce__(self) -> tuple[Any, ...]:  # else it could not leave a worker process
        return type(self), (self.path, self.message, self.patient)


class ConfigError(FusionError, ValueError):
    """A name or a value in the configuration does not exist or does not fit."""


class LeakageError(FusionError, ValueError):
    """Something outside the training patients would take part in fitting, or a patient is known."""


class BundleError(FusionError, ValueError):
    """A bundle is torn, changed, of another version, or asks for what it must not."""


class CacheError(FusionError, OSError):
    """A cache entry cannot be written: a full disk, a folder that is read-only."""


class TrainingError(FusionError, RuntimeError):
    """Training cannot go on: a loss that is not finite, no patient with a label."""


class UndefinedMetric(FusionError, ValueError):
    """A metric has no value here: one class only, no event, no comparable pair. Says which."""


class Interrupted(FusionError, RuntimeError):
    """A signal stopped the run after its checkpoint was saved."""

    def __init__(self, signal_name: str, exit_code: int, resume: str) -> None:
        self.signal_name, self.exit_code, self.resume = signal_name, exit_code, resume
        super().__init__(
            f"stopped by {signal_name}; the checkpoint is saved. Go on with:\n  {resume}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.signal_name, self.exit_code, self.resume)


class PredictionsError(FusionError, ValueError):
    """A table of predictions breaks its schema, or contradicts itself or the tasks."""


class ReportError(FusionError, OSError):
    """A report, or a file of it, cannot be written."""


class ComparisonError(FusionError, ValueError):
    """Runs that may not be compared: other patients, folds or targets, or no clinical model."""
