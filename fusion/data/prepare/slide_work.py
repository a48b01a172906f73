"""The same work on many slides, several at a time, with a progress bar."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from fusion.data.cohort import Entry
from fusion.data.prepare.embedding import Report
from fusion.data.prepare.slide_progress import SlideProgress
from fusion.errors import Fault, ReadError


def each_slide(
    entries: Sequence[Entry],
    do: Callable[[Entry, Report], None],
    *,
    workers: int,
    title: str,
) -> list[Fault]:
    """Do it for every slide, in threads; stopped work goes on with the next slide.

    Returns:
        A fault for each slide that cannot be used; any other error stops everything.
    """
    with SlideProgress(len(entries), title) as progress, ThreadPoolExecutor(workers) as pool:

        def one(entry: Entry) -> Fault | None:
            with progress.slide() as report:
                try:
                    do(entry, report)
                except ReadError as error:
                    return slide_fault(error, entry)
                return None

        work = [pool.submit(one, entry) for entry in entries]
        try:
            done, _ = wait(work, return_when=FIRST_EXCEPTION)
        finally:
            # Ctrl-C and a full disk do not wait for the slides under way
            progress.stop()
            pool.shutdown(wait=False, cancel_futures=True)
        found = [task.result() for task in work if task in done]
    return [fault for fault in found if fault is not None]


def slide_fault(error: ReadError, entry: Entry) -> Fault:
    """The error with the manifest line of its slide, whichever of the slide's files it is about."""
    message = f"{error.path}: {error.message}"
    return Fault(message, "manifest.csv", entry.line, entry.patient_id)
