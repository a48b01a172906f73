"""All that the models of a run learn from and are tested on."""

from dataclasses import dataclass

from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.run.fitted import Fitted
from fusion.run.inputs import Inputs
from fusion.run.place import Place
from fusion.types import PatientId


@dataclass(frozen=True)
class Material:
    """Prepared once, used by the fusion model, each single modality and the clinical model."""

    cohort: Cohort
    split: Split
    places: tuple[Place, ...]
    """Train, val, test, external, and each external cohort."""
    inputs: Inputs
    fitted: Fitted
    """Notes of who each fitted thing has seen."""
    left_out: tuple[tuple[PatientId, str], ...]
    """Patients who take no part, and why."""

    def place(self, part: str) -> Place:
        """A part of the run's own cohort."""
        return next(p for p in self.places if p.part == part and p.cohort is self.cohort)
