"""What a model outlined, for the report."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fusion.report.outline_picture import Pictured
from fusion.report.publish import publish, to_csv

FILE, MARKS = "outlines.csv", "outline_marks.csv"
"""In the folder of a run."""


@dataclass(frozen=True)
class Outlines:
    """Scores, marks and patients to look at."""

    scores: pd.DataFrame
    """A row for each patient and region: `patient_id`, `center`, `cohort`, `part`, `modality`,
    `region`, `dice`, and where the spacing is known `hd95_mm`, `nsd`, `lesion_dice`,
    `lesion_hd95_mm`, `lesions_found`, `lesions_missed`, `lesions_false`, `truth_ml`,
    `predicted_ml`."""
    marks: pd.DataFrame
    """The same keys, `score`, `hit`, and `lesions` of the patient; a patient without a mark has a
    row without a score."""
    pictures: tuple[Pictured, ...] = ()

    def save(self, folder: Path) -> None:
        """Write both tables."""
        publish(folder / FILE, to_csv(self.scores))
        publish(folder / MARKS, to_csv(self.marks))
