"""What the rules may look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from fusion.report.metrics_file import Metrics
from fusion.report.population import Population
from fusion.report.sheet import Section
from fusion.report.summary import RunSummary

UPDATE = "update"
"""Shown where the report says what an update of the model would do."""


def shown(sections: Mapping[str, Section]) -> frozenset[str]:
    """Anchors of the sections that hold anything, and `UPDATE` where it is among them."""
    found = {name.replace("_", "-") for name, section in sections.items() if section.items}
    names = [item.name for section in sections.values() for item in section.items]
    return frozenset(found | ({UPDATE} if any(n.startswith("update_") for n in names) else set()))


@dataclass(frozen=True)
class Facts:
    """A run, as far as its report knows it."""

    summary: RunSummary
    metrics: Metrics
    who: Population
    shown: frozenset[str]
    """Of the sections about performance: see the function."""

    @property
    def develops(self) -> bool:
        """The model was trained in this run; else it came from elsewhere and is evaluated."""
        return self.who.flow.arm("train") is not None

    @property
    def ours(self) -> bool:
        """The model is of this framework; of foreign predictions only they are known."""
        return bool(self.summary.methods)

    def uses(self, *methods: str) -> bool | None:
        """Whether the run did any of this; None where it is not known."""
        known = [self.summary.methods[m] for m in methods if m in self.summary.methods]
        if any(known):
            return True
        return False if len(known) == len(methods) else None

    @property
    def evaluated(self) -> bool:
        """Any test or external patient has a label and a prediction."""
        return any(r.n and r.part != "validation" for r in self.metrics.rows)

    @property
    def groups(self) -> bool:
        """Performance is shown by something else than centre."""
        return bool(self.summary.subgroups) and "subgroups" in self.shown

    @property
    def external_centers(self) -> tuple[str, ...]:
        """Sorted."""
        arm = self.who.flow.arm("external")
        return arm.centers if arm else ()

    @property
    def centers(self) -> tuple[str, ...]:
        """All, sorted."""
        return tuple(sorted(set(self.summary.centers.values())))

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the metrics, in order."""
        return tuple(dict.fromkeys(r.metric for r in self.metrics.rows))

    @property
    def comparators(self) -> tuple[str, ...]:
        """Models that the main one is held against."""
        found = dict.fromkeys(r.versus for r in self.metrics.rows if r.versus)
        return tuple(str(name) for name in found)


def named(names: tuple[str, ...], most: int = 6) -> str:
    """For a sentence.

    Example:
        >>> named(("A", "B", "C"), most=2)
        'A, B and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
