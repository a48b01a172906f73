"""Who is in a demo cohort and who lacks or holds what: all that is decided before a file exists."""

from dataclasses import dataclass

import pandas as pd

from fusion.testing.demo.biology import Patient, draw_patients
from fusion.testing.demo.centers import assign
from fusion.testing.demo.missing import presence
from fusion.testing.demo.settings import Settings
from fusion.testing.demo.swaps import draw_swaps


@dataclass(frozen=True)
class Plan:
    """Lists and rows are in the order of the patients."""

    settings: Settings
    patients: list[Patient]
    """Whose biology decides the targets."""
    shown: list[Patient]
    """Whose biology the inputs show: the same, but for a null cohort."""
    present: pd.DataFrame
    swaps: dict[tuple[str, int], int]
    """Whose sample a patient holds, where swapped."""

    def owner(self, modality: str, i: int) -> int:
        """The patient whose sample patient i holds."""
        return self.swaps.get((modality, i), i)

    def holders(self, modality: str) -> list[int]:
        """The patients who have a modality."""
        return [i for i in range(len(self.patients)) if self.present.loc[i, modality]]


def draw_plan(settings: Settings) -> Plan:
    """Draw everything but the pixels."""
    seed = settings.seed
    centers = assign(settings.patients)
    patients = draw_patients(centers, seed=seed, name="biology")
    present = presence(centers, scale=settings.missing, seed=seed)
    return Plan(
        settings=settings,
        patients=patients,
        # one that knows nothing of the targets, but for the centre
        shown=draw_patients(centers, seed=seed, name="null") if settings.null else patients,
        present=present,
        swaps=draw_swaps(centers, present, fraction=settings.swapped, seed=seed),
    )
