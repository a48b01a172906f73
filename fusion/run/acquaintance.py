"""Whether a model has met a patient in training, told from salted hashes of ids and inputs."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from heapq import nsmallest
from typing import Any

from fusion.audit.look import Look
from fusion.errors import LeakageError
from fusion.types import PatientId

KEPT = 32
"""Pieces of an input that are remembered: those with the smallest hashes."""

MET = 0.5
"""Share of an input's pieces that must be known, so that the patient is."""


def remember(patients: Iterable[PatientId]) -> dict[str, Any]:
    """A salt and the sorted hashes of the ids: enough to recognise, not enough to read.

    Ids that can be enumerated can be tried one by one; pseudonymise them before they get here.
    """
    salt = secrets.token_hex(16)
    return {"salt": salt, "hashes": sorted(salted(salt, p) for p in patients)}


def remember_inputs(
    salt: str, looks: Mapping[str, Look], patients: Collection[PatientId]
) -> dict[str, list[str]]:
    """Modality -> sorted hashes of what these patients' inputs are made of.

    A modality of which equal inputs do not mean one patient is left out, and so is a piece that
    two patients share.

    Args:
        salt: of the bundle's memory.
        looks: modality -> what was seen of it.
        patients: of training and validation.
    """
    memory = {}
    for name, seen in sorted(looks.items()):
        held = Counter[str]()
        for patient, pieces in zip(seen.patients, seen.pieces, strict=True):
            if patient in patients and seen.telling:
                held.update(nsmallest(KEPT, pieces))
        memory[name] = sorted(salted(salt, piece) for piece, n in held.items() if n == 1)
    return {name: hashes for name, hashes in memory.items() if hashes}


def met_by_input(memory: Mapping[str, Any], looks: Mapping[str, Look]) -> dict[PatientId, str]:
    """Patients whose image, slide or row of numbers the model has met -> which modalities.

    Args:
        memory: `training_patients` of a bundle, with its `inputs`.
        looks: modality -> what was seen of another cohort, prepared as the bundle does.
    """
    met: dict[PatientId, list[str]] = {}
    for name, seen in sorted(looks.items()):
        known = set(memory["inputs"].get(name, ()))
        for patient, pieces in zip(seen.patients, seen.pieces, strict=True):
            few = nsmallest(KEPT, pieces)
            hits = sum(salted(memory["salt"], piece) in known for piece in few)
            if few and known and hits >= MET * len(few):
                met.setdefault(patient, []).append(name)
    return {patient: " and ".join(names) for patient, names in met.items()}


def met_by_id(memory: Mapping[str, Any], patients: Iterable[PatientId]) -> list[PatientId]:
    """Patients whose id the model has met."""
    known = set(memory["hashes"])
    return [p for p in patients if salted(memory["salt"], p) in known]


def salted(salt: str, patient: str) -> str:
    """SHA-256 of salt and id."""
    return hashlib.sha256(f"{salt}:{patient}".encode()).hexdigest()


def refuse_known(memory: Mapping[str, Any], patients: Iterable[PatientId], *, cohort: str) -> None:
    """Stop an evaluation on patients that the model was fitted to or selected on.

    Raises:
        LeakageError: naming them.
    """
    met = met_by_id(memory, patients)
    if met:
        raise LeakageError(
            f"{len(met)} patients of {cohort} took part in training this model: "
            f"{', '.join(met[:5])}{' ...' if len(met) > 5 else ''}. An evaluation on them says "
            "nothing; give a cohort without them"
        )
