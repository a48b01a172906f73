"""Over whom a number is taken: a part, a cohort, a centre."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from fusion.report.scores import Scores

PART_NAMES = {"test": "internal test", "external": "external", "val": "validation"}
"""What is evaluated, in the order of the rows. Training patients are not."""


@dataclass(frozen=True)
class Group:
    """Whom a row is about; `cohort` and `center` may be "all"."""

    part: str
    cohort: str
    center: str

    def of(self, found: Scores) -> Scores:
        """The patients of the group."""
        who = found.who
        inside = who["part"].eq(self.part)
        if self.cohort != "all":
            inside &= who["cohort"].eq(self.cohort)
        if self.center != "all":
            inside &= who["center"].eq(self.center)
        return found.take(inside.to_numpy(bool))


def groups(predictions: pd.DataFrame) -> Iterator[Group]:
    """Per part: everybody, each cohort if there are several, each centre."""
    for part in PART_NAMES:
        rows = predictions.loc[predictions["part"] == part, ["cohort", "center"]].drop_duplicates()
        cohorts = sorted(set(rows["cohort"]))
        if cohorts:
            yield Group(part, "all", "all")
        if len(cohorts) > 1:
            yield from (Group(part, cohort, "all") for cohort in cohorts)
        for cohort, center in sorted(zip(rows["cohort"], rows["center"], strict=True)):
            yield Group(part, cohort, center)
