"""What a reader of the report must know of ComBat."""

from collections.abc import Mapping, Sequence

from fusion.types import Center, PatientId

People = Mapping[Center, Sequence[PatientId]]


def fitted(modality: str, patients: int, centers: Sequence[str], kept: Sequence[str]) -> str:
    """On whom it was fitted.

    Example:
        >>> fitted("rna", 97, ["Aster", "Birch"], ["age", "sex"])
        'ComBat of rna: fitted on 97 training patients of 2 centres (Aster and Birch), keeping \
what age and sex explain.'
    """
    keeping = f", keeping what {listed(kept)} explain{'' if len(kept) > 1 else 's'}" if kept else ""
    return (
        f"ComBat of {modality}: fitted on {patients} training patients of {len(centers)} "
        f"centres ({listed(centers)}){keeping}."
    )


def unknown(table: str, kept: Sequence[str], lacking: int, people: int) -> str:
    """Who counts with the mean of the covariates.

    Example:
        >>> unknown("clinical", ["age", "sex"], 2, 60)
        '2 of 60 patients have no row of clinical: for ComBat they count with the mean age and sex \
of training.'
    """
    return (
        f"{lacking} of {counted(people)} have no row of {table}: for ComBat they count with the "
        f"mean {listed(kept)} of training."
    )


def from_their_own(modality: str, people: People, minimum: int) -> str:
    """Whose location and scale were estimated from the patients who are predicted.

    Example:
        >>> from_their_own("rna", {"Elm": ["p1", "p2"]}, 2)
        'Elm (2 patients) had fewer than 2 training patients: location and scale of their rna come \
from all patients of the centre, without labels. This is transductive: a prediction depends on \
who else of the centre is predicted.'
    """
    return (
        f"{_places(people)} had fewer than {minimum} training patients: location and scale of "
        f"their {modality} come from all patients of the centre, without labels. This is "
        "transductive: a prediction depends on who else of the centre is predicted."
    )


def left(modality: str, people: People, minimum: int, *, training: bool) -> str:
    """Who stays as they are.

    Example:
        >>> left("rna", {"Elm": ["p1"], "Dogwood": ["p2", "p3"]}, 5, training=True)
        'Elm (1 patient) and Dogwood (2 patients) had fewer than 5 training patients: their rna \
is left as it is.'
    """
    noun = "training patients" if training else "patients"
    return f"{_places(people)} had fewer than {minimum} {noun}: their {modality} is left as it is."


def counted(number: int) -> str:
    """1 patient, 2 patients."""
    return f"{number} patient{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _places(people: People) -> str:
    return listed([f"{center} ({counted(len(p))})" for center, p in people.items()])
