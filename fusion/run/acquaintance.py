"""Whether a model has met a patient in training, told from salted hashes instead of ids."""

import hashlib
import secrets
from collections.abc import Iterable

from fusion.errors import LeakageError
from fusion.types import PatientId


def remember(patients: Iterable[PatientId]) -> dict[str, object]:
    """A salt and the sorted hashes of the ids: enough to recognise, not enough to read.

    Ids that can be enumerated can be tried one by one; pseudonymise them before they get here.
    """
    salt = secrets.token_hex(16)
    return {"salt": salt, "hashes": sorted(salted(salt, p) for p in patients)}


def salted(salt: str, patient: str) -> str:
    """SHA-256 of salt and id."""
    return hashlib.sha256(f"{salt}:{patient}".encode()).hexdigest()


def refuse_known(memory: dict[str, object], patients: Iterable[PatientId], *, cohort: str) -> None:
    """Stop an evaluation on patients that the model was fitted to or selected on.

    Raises:
        LeakageError: naming them.
    """
    hashes = memory["hashes"]
    assert isinstance(hashes, list)
    known = set(hashes)
    met = [p for p in patients if salted(str(memory["salt"]), p) in known]
    if met:
        raise LeakageError(
            f"{len(met)} patients of {cohort} took part in training this model: "
            f"{', '.join(met[:5])}{' ...' if len(met) > 5 else ''}. An evaluation on them says "
            "nothing; give a cohort without them"
        )
