"""How far a comparison is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Say = Callable[[str, int], None]
"""What is being done, and how many of its steps there are; called again, it begins the next."""


@contextmanager
def comparing() -> Iterator[tuple[Say, Callable[[], None]]]:
    """A bar on standard error: a function that begins a stretch, and one that takes a step."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def begin(what: str, steps: int) -> None:
            progress.add_task(what, total=max(steps, 1))

        yield begin, lambda: progress.advance(progress.task_ids[-1])
