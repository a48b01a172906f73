"""Open every file of a cohort, several at a time, and go on after one that fails."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.data.readers.pixels import companions
from fusion.doctor.facts import Look, Outcome
from fusion.doctor.finding import FAULT, about
from fusion.doctor.kinds import SLIDE, TABLE, VOLUME, entries_of, kind_of, place_of
from fusion.doctor.slide import examine_slide
from fusion.doctor.table import examine_table
from fusion.doctor.volume import examine_volume
from fusion.errors import ReadError


@dataclass(frozen=True)
class Job:
    """One file to open, for the rows of the manifest that name it."""

    kind: str
    rows: tuple[Entry, ...]
    size: int
    """Bytes."""
    twin: bool
    """Whether another slide has as many bytes, so that it may be a copy."""


def plan(cohort: Cohort) -> list[Job]:
    """All jobs, in the order of the manifest."""
    grouped: dict[tuple[str, Path, str, int], list[Entry]] = {}
    for entry in entries_of(cohort):
        kind = kind_of(entry)
        own = 0 if kind == TABLE else entry.line  # a table is opened once per modality
        grouped.setdefault((kind, entry.path, entry.modality, own), []).append(entry)
    jobs = [(kind, tuple(rows), _size(path)) for (kind, path, _, _), rows in grouped.items()]
    of_slides = Counter(size for kind, _, size in jobs if kind == SLIDE)
    return [
        Job(kind, rows, size, kind == SLIDE and of_slides[size] > 1) for kind, rows, size in jobs
    ]


def examine(
    cohort: Cohort, jobs: list[Job], *, workers: int, on_file: Callable[[int], None]
) -> tuple[Outcome, list[Look]]:
    """Everything that the files tell, in the order of the manifest, and one picture of each sort.

    Args:
        cohort: whose files these are.
        jobs: from `plan`.
        workers: files open at a time; memory grows with it, and with nothing else.
        on_file: is told the bytes of each file when it is done.
    """
    found = Outcome()
    looks: dict[tuple[str, str, str], Look] = {}
    for job, outcome in _run(cohort, jobs, workers):
        found.volumes.extend(outcome.volumes)
        found.slides.extend(outcome.slides)
        found.rows.extend(outcome.rows)
        found.tables.extend(outcome.tables)
        found.findings.extend(outcome.findings)
        if outcome.look is not None:
            entry = outcome.look.entry
            key = (entry.modality, entry.center, entry.sequence or "")
            if key not in looks or entry.line < looks[key].entry.line:
                looks[key] = outcome.look
        on_file(job.size)
    for facts in (found.volumes, found.slides, found.rows):
        facts.sort(key=lambda fact: fact.entry.line)
    found.tables.sort(key=lambda fact: (fact.modality, fact.file))  # stable: `all` stays first
    found.findings.sort(key=lambda finding: finding.line or 0)
    return found, [looks[key] for key in sorted(looks)]


def _run(cohort: Cohort, jobs: list[Job], workers: int) -> Iterator[tuple[Job, Outcome]]:
    """Only a few jobs are handed out at a time, so that Ctrl-C ends soon."""
    waiting = iter(jobs)
    with ThreadPoolExecutor(workers) as pool:
        running: dict[Future[Outcome], Job] = {}
        while True:
            for job in islice(waiting, 2 * workers - len(running)):
                running[pool.submit(_one, job, cohort)] = job
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()


def _one(job: Job, cohort: Cohort) -> Outcome:
    first = job.rows[0]
    try:
        if job.kind == VOLUME:
            return examine_volume(first, cohort)
        if job.kind == SLIDE:
            return examine_slide(first, cohort, with_hash=job.twin)
        return examine_table(job.rows, cohort)
    except ReadError as error:
        problem = error.message
    except MemoryError:
        problem = f"its {job.size:,} bytes do not fit the memory; give workers=1, or reduce it"
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    more = f" ({len(job.rows)} rows of the manifest need it)" if len(job.rows) > 1 else ""
    finding = about(first, FAULT, "unreadable", problem + more, place_of(first, cohort))
    return Outcome(findings=[finding])


def _size(path: Path) -> int:
    """Bytes of a file with what belongs to it; 0 for one that went away, which is found later."""
    try:
        return sum(part.stat().st_size for part in companions(path))
    except OSError:
        return 0
