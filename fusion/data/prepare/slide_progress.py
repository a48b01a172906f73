"""How far the slides are: slides, tiles per second, time left."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("{task.fields[tiles]:,} tiles, {task.fields[rate]:.0f} tiles/s, time left"),
    TimeRemainingColumn(),
)


class Stopped(Exception):
    """The work on a slide is given up, because the whole run ends."""


class SlideProgress:
    """A bar for slides that several threads move. A slide counts in parts, by its tiles."""

    def __init__(self, slides: int, title: str = "slides") -> None:
        self._progress = Progress(*_COLUMNS, console=Console(stderr=True))
        self._bar = self._progress.add_task(title, total=slides, tiles=0, rate=0.0)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._tiles = 0
        self._begun = time.monotonic()

    def __enter__(self) -> "SlideProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def stop(self) -> None:
        """End the slides under way at their next batch."""
        self._stop.set()

    @contextmanager
    def slide(self) -> Iterator[Callable[[int, int], None]]:
        """For one slide: a function that takes tiles done and tiles in all.

        The slide counts as done when the block ends, though the cache had it or it has a fault.
        After `stop`, the function raises `Stopped`.
        """
        done, share = 0, 0.0

        def report(now: int, total: int) -> None:
            nonlocal done, share
            if self._stop.is_set():
                raise Stopped
            self._advance(now - done, now / total - share)
            done, share = now, now / total

        yield report
        self._advance(0, 1.0 - share)

    def _advance(self, tiles: int, slides: float) -> None:
        with self._lock:
            self._tiles += tiles
            rate = self._tiles / max(time.monotonic() - self._begun, 1e-3)
            self._progress.update(self._bar, advance=slides, tiles=self._tiles, rate=rate)
