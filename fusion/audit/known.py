"""Has a model met any patient of this cohort in training?"""

from collections.abc import Mapping, Sequence

from fusion.audit.check import Check, Finding
from fusion.types import PatientId


def known_patients(by_id: Sequence[PatientId], by_input: Mapping[PatientId, str]) -> Check:
    """What the memory of a bundle recognised.

    Args:
        by_id: patients whose id was in training or validation.
        by_input: patient -> modalities of which the very input was there, whatever the id.
    """
    findings = []
    if by_id:
        findings.append(
            Finding(
                severity="error",
                message=(
                    f"{len(by_id)} patients took part in training this model: {_some(by_id)}. "
                    "Take them out of the cohort"
                ),
                patients=tuple(by_id),
                subject="ids",
            )
        )
    others = {p: how for p, how in by_input.items() if p not in set(by_id)}
    if others:
        named = [f"{p} ({how})" for p, how in others.items()]
        findings.append(
            Finding(
                severity="error",
                message=(
                    f"{len(others)} patients bring inputs that this model was trained on, under "
                    f"other ids: {_some(named)}. Take them out of the cohort"
                ),
                patients=tuple(others),
                subject="inputs",
            )
        )
    return Check(
        name="known to the model",
        question="Was any patient, under this or another id, among the model's training patients?",
        findings=tuple(findings),
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
