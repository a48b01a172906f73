"""Centres that take no part in development, and a division of the others."""

from collections.abc import Callable, Collection, Sequence

from fusion.data.cohort import Cohort
from fusion.data.sheet import nearest
from fusion.data.split import Split
from fusion.data.splitting.parts import eligible, listed, result
from fusion.errors import SplitError
from fusion.types import PatientId

Divide = Callable[[Cohort, Sequence[PatientId]], Split]
"""Any scheme with its settings filled in, such as `partial(kfold, folds=5, ...)`."""


def external_centers(
    cohort: Cohort, patients: Collection[PatientId], *, centers: Sequence[str], inner: Divide
) -> Split:
    """All patients of these centres are external; `inner` divides those of the others.

    Raises:
        SplitError: for a centre that no patient comes from, or where no other is left.
    """
    people = eligible(cohort, patients)
    if not centers:
        raise SplitError("no external center is named; name one, or use the inner scheme alone")
    for center in centers:
        if center not in cohort.centers.values():
            valid = sorted(set(cohort.centers.values()))
            hint = nearest(center, valid) or f"; it has {', '.join(valid)}"
            raise SplitError(f"cohort {cohort.name} has no center {center!r}{hint}")
        if not any(cohort.centers[p] == center for p in people):
            raise SplitError(f"center {center!r} has no patient who can take part")
    external = frozenset(p for p in people if cohort.centers[p] in centers)
    rest = [p for p in people if p not in external]
    if not rest:
        raise SplitError(f"every patient is external ({', '.join(centers)}); nobody is left")
    split = inner(cohort, rest)
    verb = "is" if len(centers) == 1 else "are"
    scheme = f"{listed(centers)} {verb} external. At the other centres: {split.scheme}"
    return result(
        cohort, scheme, train=split.train, val=split.val, test=split.test, external=external
    )
