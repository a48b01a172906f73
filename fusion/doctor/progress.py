"""How far the doctor is: files done, and the time left by bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def file_bar(files: int, size: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error. It counts bytes, because a slide takes longer than a table."""
    columns = (
        TextColumn("opening"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[files]} files, time left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=max(size, 1), done=0, files=files)
        done = 0

        def on_file(bytes_done: int) -> None:
            nonlocal done
            done += 1
            progress.update(bar, advance=bytes_done, done=done)

        yield on_file
