"""Open a cohort and every file of it, and say what is there and what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fusion.data.cohort import Cohort
from fusion.doctor import across, coverage, geometry, outcomes, summaries
from fusion.doctor.examine import examine, plan
from fusion.doctor.facts import Look, Outcome
from fusion.doctor.finding import FAULT, WARNING, Finding, count, findings_table, of_tables
from fusion.doctor.kinds import mixed_kinds
from fusion.doctor.opened import open_folder


@dataclass(frozen=True)
class Checkup:
    """All that is known of a cohort after its files were opened."""

    folder: Path
    cohort: Cohort | None
    """None where not even a patient could be read; with faults of the tables, what is left."""
    findings: tuple[Finding, ...]
    """Faults first."""
    tables: Mapping[str, pd.DataFrame]
    looks: tuple[Look, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What a run would refuse."""
        return tuple(f for f in self.findings if f.severity == FAULT)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a person should know."""
        return tuple(f for f in self.findings if f.severity == WARNING)

    @property
    def verdict(self) -> str:
        """One sentence."""
        faults, warnings = count(len(self.faults), "fault"), count(len(self.warnings), "warning")
        end = "mend the faults before a run" if self.faults else "ready for a run"
        return f"{faults}, {warnings}: {end}"


Progress = Callable[[int, int], AbstractContextManager[Callable[[int], None]]]
"""Given files and bytes in all: a context that gives a function to call with bytes done."""


def check_cohort(
    folder: Path, *, data_root: Path | None, workers: int, progress: Progress
) -> Checkup:
    """Check the tables, then every file.

    Args:
        folder: of the cohort.
        data_root: what the manifest's paths are relative to; the folder itself if None.
        workers: files open at a time.
        progress: how far it is.
    """
    folder = folder.resolve()  # `.` has no name
    cohort, faults = open_folder(folder, data_root)
    findings = [of_tables(fault) for fault in faults]
    if cohort is None:
        return _checkup(folder, None, findings, Outcome(), [])
    jobs = plan(cohort)
    with progress(len(jobs), sum(job.size for job in jobs)) as on_file:
        outcome, looks = examine(cohort, jobs, workers=workers, on_file=on_file)
    findings += [
        *mixed_kinds(cohort),
        *across.sequence_faults(cohort),
        *outcome.findings,
        *across.grid_faults(outcome.volumes),
        *across.duplicates(outcome),
        *geometry.volume_warnings(outcome.volumes),
        *geometry.slide_warnings(outcome.slides),
    ]
    return _checkup(folder, cohort, findings, outcome, looks)


def _checkup(
    folder: Path,
    cohort: Cohort | None,
    findings: list[Finding],
    outcome: Outcome,
    looks: Sequence[Look],
) -> Checkup:
    shown = cohort or Cohort(folder.name, folder, {}, {}, pd.DataFrame())
    centers = coverage.centers_of(shown)
    volumes = summaries.volume_file_table(outcome)
    slides = summaries.slide_file_table(outcome)
    classes, times = outcomes.class_table(shown), outcomes.follow_up_table(shown)
    tables = {
        "modalities": coverage.modality_table(shown, findings),
        "patterns": coverage.pattern_table(shown),
        "sequences": summaries.sequence_table(volumes, centers),
        "slides": summaries.slide_table(slides, centers),
        "tables": summaries.table_table(outcome.tables),
        "classes": classes,
        "follow_up": times,
        "volume_files": volumes,
        "slide_files": slides,
    }
    findings += coverage.coverage_warnings(shown, findings)
    findings += outcomes.outcome_warnings(shown, classes, times)
    ranked = tuple(sorted(findings, key=lambda f: (f.severity != FAULT, f.table, f.line or 0)))
    return Checkup(
        folder, cohort, ranked, {**tables, "findings": findings_table(ranked)}, tuple(looks)
    )
