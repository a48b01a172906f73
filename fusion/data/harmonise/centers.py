"""A source's features without their centre: ComBat, and a rule for centres that it never saw."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from fusion.data.cohort import Files
from fusion.data.harmonise import describe
from fusion.data.harmonise.combat import Combat, Features, Values
from fusion.data.harmonise.covariates import Covariates
from fusion.data.harmonise.shrink import Effect
from fusion.errors import ConfigError, Fault
from fusion.types import Center, PatientId

RULES = ("leave", "own", "refuse")


class CenterEffects:
    """Fitted on training patients; for any patient, the factor and summand of every feature.

    Args:
        unseen: what becomes of a centre with fewer than `minimum` training patients: `leave` its
            patients as they are; take location and scale from its `own` patients, without
            their labels; `refuse` to go on.
        minimum: fewest patients of a centre from whom anything is estimated, 2 or more.
        covariates: whose effect is kept.

    Raises:
        ConfigError: for a value that does not exist or does not fit.
    """

    def __init__(self, *, unseen: str, minimum: int, covariates: Covariates | None) -> None:
        if unseen not in RULES or minimum < 2:
            raise ConfigError(
                f"unseen {unseen!r} with minimum {minimum}: expected one of {', '.join(RULES)}, "
                "and at least 2 patients"
            )
        self.unseen = unseen
        self.minimum = minimum
        self.covariates = covariates
        self._combat: Combat | None = None
        self._patients = 0
        self._met: Files = {}
        self._own: dict[Center, Effect] = {}
        self._strangers: dict[Center, list[PatientId]] = {}

    @property
    def companion(self) -> str | None:
        """The table that holds the covariates."""
        return None if self.covariates is None else self.covariates.modality

    def accompany(self, files: Files) -> None:
        """Say where the covariates' rows lie, for all patients."""
        if self.covariates is not None:
            self.covariates.accompany(files)

    def prepare(self, patients: Iterable[PatientId]) -> list[Fault]:
        """What is wrong with the covariates of these patients."""
        return [] if self.covariates is None else self.covariates.prepare(patients)

    def fit(self, files: Files, values_of: Callable[[Files], Values]) -> None:
        """Estimate from these patients' centres, those that have enough of them.

        Args:
            files: of the training patients.
            values_of: their features, in the order of the patients; NaN where not measured.

        Raises:
            ConfigError: where fewer than 2 centres have enough patients, or the covariates
                cannot be told from the centre.
        """
        enough = {c: p for c, p in by_center(files).items() if len(p) >= self.minimum}
        if len(enough) < 2:
            counts = ", ".join(f"{c} {len(p)}" for c, p in by_center(files).items())
            raise ConfigError(
                f"ComBat compares centres, found {len(enough)} with {self.minimum} training "
                f"patients or more ({counts}), expected 2: nothing to harmonise; leave it out "
                "(harmonise: null), or take a smaller minimum"
            )
        who = sorted(p for people in enough.values() for p in people)
        chosen = {p: files[p] for p in who}
        if self.covariates is not None:
            self.covariates.fit(who)
        self._combat = Combat.fit(
            values_of(chosen), [chosen[p][0].center for p in who], self._covariates(who)
        )
        self._patients = len(who)
        self._own, self._strangers, self._met = {}, {}, {}

    def meet(self, files: Files, values_of: Callable[[Files], Values]) -> list[Fault]:
        """All patients of a run or of another cohort: note centres that were not seen.

        Returns:
            Under the rule `refuse` a fault for each of their patients.
        """
        fitted = self._fitted()
        self._met = files
        self._strangers = {c: p for c, p in by_center(files).items() if c not in fitted.effects}
        self._own = {}
        if self.unseen == "own":
            for center, people in self._strangers.items():
                if len(people) >= self.minimum:
                    values = values_of({p: files[p] for p in people})
                    self._own[center] = fitted.effect(values, self._covariates(people))
        if self.unseen == "refuse":
            return [
                Fault(
                    f"{files[p][0].modality}: its centre {center} had not {self.minimum} training "
                    f"patients for ComBat to know ({', '.join(sorted(fitted.effects))}); leave "
                    "the patient out, or choose what becomes of unseen centres (unseen: leave)",
                    "manifest.csv",
                    files[p][0].line,
                    p,
                )
                for center, people in self._strangers.items()
                for p in people
            ]
        return []

    def map(self, patient: PatientId, center: Center) -> tuple[Features, Features]:
        """Factor and summand that take a patient's features out of their centre.

        Raises:
            ConfigError: for an unseen centre under the rule `refuse`.
        """
        fitted = self._fitted()
        effect = fitted.effects.get(center) or self._own.get(center)
        if effect is not None:
            return fitted.map(effect, self._covariates([patient])[0])
        if self.unseen == "refuse":
            raise ConfigError(f"patient {patient}: ComBat does not know the centre {center}")
        return np.ones_like(fitted.mean), np.zeros_like(fitted.mean)

    def mapped(
        self, numbers: Float[np.ndarray, "rows features"], centers: Mapping[PatientId, Center]
    ) -> Float[np.ndarray, "rows features"]:
        """Each patient's features out of their centre; rows in the order of `centers`.

        Raises:
            ConfigError: as `map` does.
        """
        maps = [self.map(patient, center) for patient, center in centers.items()]
        factors, summands = zip(*maps, strict=True)
        return numbers * np.stack(factors) + np.stack(summands)

    def sentences(self, modality: str) -> list[str]:
        """What a reader of the report must know."""
        if self._combat is None:
            return []
        kept = () if self.covariates is None else self.covariates.columns
        names = sorted(self._combat.effects)
        found = [describe.fitted(modality, self._patients, names, kept)]
        if self.covariates is not None and (lacking := self.covariates.without(self._met)):
            found.append(describe.unknown(self.covariates.modality, kept, lacking, len(self._met)))
        own = {c: p for c, p in self._strangers.items() if c in self._own}
        left = {c: p for c, p in self._strangers.items() if c not in self._own}
        if own:
            found.append(describe.from_their_own(modality, own, self.minimum))
        if left:
            training = self.unseen != "own"
            found.append(describe.left(modality, left, self.minimum, training=training))
        return found

    def state(self) -> dict[str, Any]:
        """What `fit` learned, as JSON-able values; nothing of centres that it did not see."""
        kept = None if self.covariates is None else self.covariates.state()
        return {
            "patients": self._patients,
            "combat": self._fitted().state(),
            "covariates": kept,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of `fit`."""
        self._combat = Combat.from_state(state["combat"])
        self._patients = state["patients"]
        self._own, self._strangers, self._met = {}, {}, {}
        if self.covariates is not None:
            self.covariates.restore(state["covariates"])

    def _covariates(self, patients: Sequence[PatientId]) -> Float[np.ndarray, "patients kept"]:
        if self.covariates is None:
            return np.zeros((len(patients), 0))
        return self.covariates.rows(patients)

    def _fitted(self) -> Combat:
        if self._combat is None:
            raise ConfigError("ComBat is not fitted; call `fit` or `restore` first")
        return self._combat


def by_center(files: Files) -> dict[Center, list[PatientId]]:
    """Patients of each centre, all sorted, so that nothing depends on the order of files."""
    found: dict[Center, list[PatientId]] = {}
    for patient in sorted(files):
        found.setdefault(files[patient][0].center, []).append(patient)
    return dict(sorted(found.items()))
