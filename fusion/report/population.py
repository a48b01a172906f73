"""All numbers about who took part, counted once for the page, the files and the checklists."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fusion.report.flow import Flow, flow
from fusion.report.missingness import missing_by_center
from fusion.report.publish import publish, to_csv
from fusion.report.summary import RunSummary
from fusion.report.table_one import table_one


@dataclass(frozen=True)
class Population:
    """Counts, and tables as their functions describe them."""

    flow: Flow
    table_one: pd.DataFrame
    table_one_by_center: pd.DataFrame
    missing: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write each table as CSV.

        Raises:
            ReportError: where a file cannot be written.
        """
        publish(folder / "table_one.csv", to_csv(self.table_one))
        publish(folder / "table_one_by_center.csv", to_csv(self.table_one_by_center))
        publish(folder / "missing_by_center.csv", to_csv(self.missing))


def population(predictions: pd.DataFrame, summary: RunSummary) -> Population:
    """Count everybody."""
    return Population(
        flow=flow(predictions, summary),
        table_one=table_one(predictions, summary),
        table_one_by_center=table_one(predictions, summary, by_center=True),
        missing=missing_by_center(predictions, summary),
    )
