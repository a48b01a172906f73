"""Several cohort folders as one: hospitals that share no patient, and perhaps no modality."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fusion.data.cohort import Cohort
from fusion.errors import ConfigError


def joined(cohorts: Sequence[Cohort]) -> Cohort:
    """All patients of all cohorts, under the name of the first.

    A centre that two cohorts name is one hospital. A target that a cohort does not have is not
    known of its patients.

    Args:
        cohorts: two or more, in the order in which patients are to stand.

    Raises:
        ConfigError: where two have a patient of the same id: one person would be counted twice,
            or two would be taken for one.

    Example:
        >>> index = pd.Index(["a"], name="patient_id")
        >>> one = Cohort("mri", Path("/x"), {"a": "Bonn"}, {}, pd.DataFrame({"idh": ["m"]}, index))
        >>> two = Cohort("wsi", Path("/y"), {"b": "Ulm"}, {}, pd.DataFrame(index=["b"]))
        >>> joined([one, two]).patients
        ('a', 'b')
    """
    count = Counter(p for cohort in cohorts for p in cohort.patients)
    if twice := sorted(p for p, n in count.items() if n > 1):
        raise ConfigError(
            f"cohort.join: {len(twice)} ids are in more than one of "
            f"{', '.join(c.name for c in cohorts)}: {', '.join(twice[:5])}"
            f"{' ...' if twice[5:] else ''}. Are they the same people? Then put all their rows "
            "into one manifest; otherwise rename them in one cohort"
        )
    targets = pd.concat([cohort.targets for cohort in cohorts])
    targets.index.name = "patient_id"
    return Cohort(
        name=cohorts[0].name,
        root=Path(os.path.commonpath([cohort.root for cohort in cohorts])),
        centers={p: center for cohort in cohorts for p, center in cohort.centers.items()},
        entries={p: rows for cohort in cohorts for p, rows in cohort.entries.items()},
        targets=targets,
        lines={p: line for cohort in cohorts for p, line in cohort.lines.items()},
    )
