"""What the leakage and shift audit is told; there is no way to turn it off."""

from pydantic import PositiveInt

from fusion.config.strict import Strict


class AuditConfig(Strict):
    """Findings that are known, and how long to compute."""

    accept: dict[str, str]
    """Name of a check, or `name of a check/subject`, -> why the run may go on all the same. The
    error becomes a warning, and the reason stands in the report."""
    permutations: PositiveInt
    """Of who belongs to which centre, for each p-value."""
