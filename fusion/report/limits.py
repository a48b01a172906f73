"""What a reader must hold against the numbers: general limits, and those of this run."""

from collections.abc import Sequence

from fusion.report.harmonised import harmonised
from fusion.report.metrics_file import Metrics
from fusion.report.summary import RunSummary

_SMALL = 20


def limits(metrics: Metrics, summary: RunSummary) -> Sequence[str]:
    """One sentence or two each, those that the run's own numbers call for first."""
    return [
        *summary.notes,
        *harmonised(metrics, summary),
        *_of_this_run(metrics, summary),
        "Intervals show what another draw of patients would change. They leave out what training "
        "again, another split or another scanner would change, and so are too narrow.",
        "p-values and intervals are not corrected for the number of models, metrics, tasks and "
        "centres compared: of twenty comparisons without any true difference one is expected to "
        "look significant.",
        "Attention shares and differences from single modalities describe this model. They do not "
        "show that a modality causes, or is needed for, an outcome.",
        "Research use only. Nothing here has been validated for the care of patients.",
    ]


def _of_this_run(metrics: Metrics, summary: RunSummary) -> list[str]:
    found = []
    outside = {c for p, c in summary.centers.items() if summary.parts[p] == "external"}
    if not outside:
        found.append(
            "No patient comes from a centre that training did not see: nothing is known about how "
            "the model does elsewhere."
        )
    elif len(outside) < 3:
        noun = "centre" if len(outside) == 1 else "centres"
        found.append(
            f"Only {len(outside)} external {noun}: the spread between hospitals cannot be judged."
        )
    if summary.audit is None:
        found.append("Nobody looked for leakage and shift in this run.")
    elif warnings := len(summary.audit.warnings):
        noun = "warning" if warnings == 1 else "warnings"
        found.append(
            f"The search for leakage and shift has {warnings} {noun}: read them before the numbers."
        )
    at_centers = [r for r in metrics.rows if r.center != "all" and r.versus is None]
    small = sorted({r.center for r in at_centers if r.n < _SMALL and r.model == metrics.model})
    if small:
        found.append(
            f"Fewer than {_SMALL} evaluated patients for at least one task at: {', '.join(small)}. "
            "Numbers of a single one of these centres carry little weight."
        )
    if any(r.low is not None and r.low == r.high for r in metrics.rows):
        found.append(
            "An interval without width (such as 1.000 to 1.000) means too few patients to show "
            "any variation. It is not certainty."
        )
    shaky = sum(r.undefined > 0.05 * metrics.draws for r in metrics.rows)
    if shaky:
        found.append(
            f"For {shaky} numbers more than 5 % of the resamples had no value, since a class or "
            "an event was missing from them; their intervals are from the others (column "
            "undefined of metrics.csv)."
        )
    return found
