"""Leave-one-centre-out."""

from collections.abc import Collection, Sequence
from functools import partial

from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.data.splitting.external_centers import external_centers
from fusion.data.splitting.fractions import fractions
from fusion.types import PatientId


def leave_center_out(
    cohort: Cohort,
    patients: Collection[PatientId],
    *,
    center: str,
    val_fraction: float,
    test_fraction: float = 0.0,
    stratify: Sequence[str] = (),
    seed: int,
) -> Split:
    """One centre is `external`; of the others, fractions validate and test, the rest trains.

    The centre left out stands in `external`, not in `test`, for it is external validation in
    every respect; `test` is empty unless `test_fraction` asks for an internal one. Run once per
    centre, each patient is external once.

    Raises:
        SplitError: for a centre that no patient comes from, and whatever `fractions` refuses.
    """
    inner = partial(
        fractions,
        val_fraction=val_fraction,
        test_fraction=test_fraction,
        stratify=stratify,
        seed=seed,
    )
    return external_centers(cohort, patients, centers=[center], inner=inner)
