"""Who trains, who validates, who tests, and who comes from elsewhere."""

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from fusion.data.cohort import Cohort
from fusion.data.identifiers import patient_problem
from fusion.errors import SplitError
from fusion.types import PatientId

PARTS = ("train", "val", "test", "external", "unused")
"""Every part that a patient of the cohort may be in."""


@dataclass(frozen=True)
class Split:
    """Disjoint sets of patients, bound to a cohort by its fingerprint.

    Raises:
        SplitError: where a patient is in two parts.

    Example:
        >>> split = Split(frozenset("ab"), frozenset("c"), frozenset(), frozenset("d"))
        >>> split.part_of("c"), sorted(split.internal)
        ('val', ['a', 'b', 'c'])
    """

    train: frozenset[PatientId]
    val: frozenset[PatientId]
    test: frozenset[PatientId]
    external: frozenset[PatientId]
    scheme: str = ""
    """How it was made, in words: scheme, fold, seed."""
    fingerprint: str = ""
    """Of the cohort that it divides; empty until `bind`."""
    unused: frozenset[PatientId] = frozenset()
    """Patients of the cohort who take no part, by name: left out, never forgotten."""

    def __post_init__(self) -> None:
        for one, other in combinations(PARTS, 2):
            both = getattr(self, one) & getattr(self, other)
            if both:
                raise SplitError(f"{named(both)} in both {one} and {other}; a patient has one part")

    @property
    def internal(self) -> frozenset[PatientId]:
        """Train, validation and test together."""
        return self.train | self.val | self.test

    def part_of(self, patient: str) -> str:
        """The part that a patient is in.

        Raises:
            SplitError: where the split does not name the patient.
        """
        for part in PARTS:
            if patient in getattr(self, part):
                return part
        raise SplitError(f"{named([patient])} not in the split; make it again for this cohort")

    def bind(self, cohort: Cohort) -> "Split":
        """The same split with the cohort's fingerprint.

        Raises:
            SplitError: where the split and the cohort do not name the same patients.
        """
        listed = self.internal | self.external | self.unused
        unknown = listed - cohort.centers.keys()
        if unknown:
            raise SplitError(
                f"the split names {named(unknown)}, whom cohort {cohort.name} does not have; "
                f"take them out, or choose the cohort that the split was made for"
            )
        forgotten = cohort.centers.keys() - listed
        if forgotten:
            raise SplitError(
                f"the split does not name {named(forgotten)} of cohort {cohort.name}; "
                f"give them a part, 'unused' for those who take none"
            )
        return replace(self, fingerprint=cohort.fingerprint())

    def check(self, cohort: Cohort) -> None:
        """Refuse a cohort other than the one that the split was made for.

        Raises:
            SplitError: for a patient unknown to either, or a changed cohort.
        """
        now = self.bind(cohort).fingerprint
        if not self.fingerprint:
            raise SplitError("the split is bound to no cohort; call split.bind(cohort)")
        if now != self.fingerprint:
            raise SplitError(
                f"cohort {cohort.name} has changed since the split was made (fingerprint "
                f"{now[:12]}, expected {self.fingerprint[:12]}): the manifest or the targets are "
                f"others. Make the split again; or, where the change is meant and the parts "
                f"shall stay, save split.bind(cohort)"
            )

    def restrict(self, patients: Iterable[PatientId]) -> "Split":
        """The same split with everybody else among the unused."""
        kept = frozenset(patients)
        parts = {part: getattr(self, part) & kept for part in PARTS[:-1]}
        everybody = self.internal | self.external | self.unused
        return replace(self, **parts, unused=everybody - frozenset().union(*parts.values()))

    def save(self, path: Path | str) -> None:
        """Write sorted JSON; the file appears whole or not at all."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content: dict[str, Any] = {"scheme": self.scheme, "fingerprint": self.fingerprint}
        content |= {part: sorted(getattr(self, part)) for part in PARTS}
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=path.name, suffix=".tmp", delete=False
        ) as file:
            try:
                file.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    @staticmethod
    def load(path: Path | str) -> "Split":
        """Read JSON.

        Raises:
            SplitError: where the file is no split, with what is wrong.
        """
        path = Path(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise SplitError(f"{path}: cannot be read as JSON: {error}") from error
        keys = {"scheme", "fingerprint", *PARTS}
        if not isinstance(content, dict) or content.keys() != keys:
            found = sorted(content) if isinstance(content, dict) else type(content).__name__
            raise SplitError(f"{path}: has {found}, expected {sorted(keys)}")
        for part in PARTS:
            ids = content[part]
            if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
                raise SplitError(f"{path}: {part} is not a list of patient ids")
            if problem := next((p for i in ids if (p := patient_problem(i))), None):
                raise SplitError(f"{path}: {part}: {problem}")
            if len(set(ids)) != len(ids):
                twice = {i for i in ids if ids.count(i) > 1}
                raise SplitError(f"{path}: {named(twice)} twice in {part}")
            content[part] = frozenset(ids)
        for key in ("scheme", "fingerprint"):
            if not isinstance(content[key], str):
                raise SplitError(f"{path}: {key} is not text")
        try:
            return Split(**content)
        except SplitError as error:
            raise SplitError(f"{path}: {error}") from error


def named(patients: Iterable[str]) -> str:
    """Patients for a message, five at most.

    Example:
        >>> named(["b", "a"]), named("abcdefg")
        ('patients a, b', 'patients a, b, c, d, e and 2 more')
    """
    ids = sorted(patients)
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"patient{'s' if len(ids) > 1 else ''} {', '.join(ids[:5])}{more}"
