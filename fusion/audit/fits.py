"""Did anything that is fitted or chosen see other than the patients it may?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fusion.audit.check import Check, Finding
from fusion.audit.roster import Roster
from fusion.types import PatientId

MAY_SEE: Mapping[str, tuple[str, ...]] = {"fit": ("train",), "choice": ("train", "val")}
"""Parts by kind: what learns from training patients, what is chosen on validation patients."""


@dataclass(frozen=True)
class Fit:
    """Whom one thing has seen."""

    what: str
    """For a reader: `scaling of rna`, `epoch of fusion`."""
    kind: Literal["fit", "choice"]
    patients: tuple[PatientId, ...]
    value: float | None = None
    """What was chosen, where it is a number."""


def fitted_on_others(fits: Sequence[Fit], roster: Roster) -> Check:
    """Whatever was fitted: preprocessing, selection, bins, harmonisation, models."""
    return _check(
        fits,
        roster,
        kind="fit",
        name="fitted on others",
        question="Did scaling, imputation, selection, bins, harmonisation or a model see other "
        "than training patients?",
        cure="fit it on the training patients only",
    )


def chosen_on_others(fits: Sequence[Fit], roster: Roster) -> Check:
    """Whatever was chosen: the epoch, thresholds."""
    return _check(
        fits,
        roster,
        kind="choice",
        name="chosen on test",
        question="Was an epoch, a threshold or a setting chosen on other than training and "
        "validation patients?",
        cure="choose it on the validation patients",
    )


def _check(
    fits: Sequence[Fit], roster: Roster, *, kind: str, name: str, question: str, cure: str
) -> Check:
    mine = [fit for fit in fits if fit.kind == kind]
    findings = []
    for fit in mine:
        seen = [p for p in fit.patients if roster.parts.get(p, "no part") not in MAY_SEE[kind]]
        if seen:
            shown = ", ".join(f"{p} ({roster.parts.get(p, 'no part')})" for p in seen[:5])
            findings.append(
                Finding(
                    severity="error",
                    message=(
                        f"the {fit.what} saw {len(seen)} of {len(fit.patients)} patients who are "
                        f"not in {' or '.join(MAY_SEE[kind])}: {shown}"
                        f"{' ...' if len(seen) > 5 else ''}; {cure}"
                    ),
                    patients=tuple(seen),
                    subject=fit.what,
                )
            )
    return Check(
        name=name,
        question=question,
        findings=tuple(findings),
        not_asked="" if mine else "nothing of the kind is on record",
    )
