"""Which names may identify a patient, a modality and a target."""

import re
from collections.abc import Iterable

_PATIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MODALITY = re.compile(r"[a-z][a-z0-9_]*")
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")


def patient_problem(text: str) -> str | None:
    """What is wrong with a patient's id: it becomes part of file names and of pages.

    Example:
        >>> patient_problem("GBM-02-0001"), patient_problem("../../x")[:40]
        (None, "patient_id '../../x' is not allowed; use")
    """
    if _PATIENT.fullmatch(text):
        return None
    return (
        f"patient_id {text[:80]!r} is not allowed; use 1 to 64 letters, digits, '.', '_' or '-', "
        f"the first a letter or digit"
        if text
        else "patient_id is blank"
    )


def modality_problem(text: str) -> str | None:
    """What is wrong with a modality's name.

    Example:
        >>> modality_problem("rna"), modality_problem("RNA")
        (None, "modality 'RNA' is not allowed; use small letters, digits and '_', such as 'rna'")
    """
    if _MODALITY.fullmatch(text):
        return None
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_0123456789")
    example = plain if _MODALITY.fullmatch(plain) else "mri"
    return (
        f"modality {text[:80]!r} is not allowed; use small letters, digits and '_', "
        f"such as {example!r}"
    )


def target_problem(text: str) -> str | None:
    """What is wrong with a target's name.

    Example:
        >>> target_problem("codel_1p19q"), target_problem("1p/19q")
        (None, "target column '1p/19q' is not allowed; use letters, digits and '_'")
    """
    if text in ("center", "modality", "path"):
        return f"target column {text!r} is a column of manifest.csv; delete or rename it"
    if _TARGET.fullmatch(text):
        return None
    return f"target column {text[:80]!r} is not allowed; use letters, digits and '_'"


def lookalikes(ids: Iterable[str]) -> dict[str, str]:
    """Ids by what a spreadsheet leaves of them: no leading zeros, no case, no '.0'.

    Example:
        >>> lookalikes(["001"])[plain_id("1")]
        '001'
    """
    return {plain_id(i): i for i in sorted(ids)}


def plain_id(text: str) -> str:
    """An id as a spreadsheet could have mangled it, to look it up among `lookalikes`."""
    text = text.strip().casefold().removesuffix(".0")
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)
