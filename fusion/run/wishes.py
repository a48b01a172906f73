"""What the configuration asks the report to show."""

from fusion.config.run import EvaluationConfig
from fusion.report.wishes import Wishes


def wishes(config: EvaluationConfig) -> Wishes:
    """Thresholds from low to high, each once."""
    return Wishes(tuple(sorted(set(config.thresholds))), config.sensitivity)
