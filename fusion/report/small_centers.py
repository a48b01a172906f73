"""Internal centres with a handful of test patients: in metrics.csv, not on the page."""

from collections.abc import Sequence

from fusion.report.metric_row import MetricRow

LEAST = 5
"""Test patients of any one model, for an internal centre to have a line of its own."""


def without_small(rows: Sequence[MetricRow]) -> tuple[list[MetricRow], str]:
    """Rows without small internal centres, and a sentence that names those.

    With thirty hospitals and fifteen in a hundred patients for the internal test, most hospitals
    have one or two of them. External centres always stay: they are what the page is about.

    Example:
        >>> about = {"model": "fusion", "task": "idh", "metric": "AUC", "cohort": "ours"}
        >>> blank = {"events": 1, "value": None, "low": None, "high": None}
        >>> rows = [
        ...     MetricRow(**about, part=part, center=center, n=2, **blank)
        ...     for part, center in (("internal test", "Aster"), ("external", "Elm"))
        ... ]
        >>> kept, told = without_small(rows)
        >>> [row.center for row in kept], told
        (['Elm'], 'Fewer than 5 test patients, in metrics.csv only: Aster.')
    """
    most: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.part == "internal test" and row.center != "all":
            place = (row.cohort, row.center)
            most[place] = max(most.get(place, 0), row.n)
    small = {place for place, n in most.items() if n < LEAST}
    if not small:
        return list(rows), ""
    kept = [r for r in rows if r.part != "internal test" or (r.cohort, r.center) not in small]
    names = ", ".join(sorted({center for _, center in small}))
    return kept, f"Fewer than {LEAST} test patients, in metrics.csv only: {names}."
