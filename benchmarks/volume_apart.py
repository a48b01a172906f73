"""Contenders in a process of their own: with the allocator that Python starts with, as they come.

`train.py` changes how the C library keeps freed memory (`fusion.run.allocator`), which helps
whoever allocates much, our peers most of all. Goals are about peers as their users have them.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

Steps = Mapping[str, Callable[[], float]]
"""Contender -> one turn, which gives its own seconds."""


@contextmanager
def apart(build: Callable[..., Steps], *args: Any) -> Iterator[Steps]:
    """Steps that run elsewhere, one at a time, while this process waits.

    Args:
        build: makes them there; a function of a module.
        args: of it.
    """
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, build, args))
    process.start()
    there.close()  # so that a process that has died is noticed, and not waited for
    try:
        yield {name: partial(_ask, here, name) for name in here.recv()}
    finally:
        here.close()
        process.join()


def _ask(here: Connection, name: str) -> float:
    here.send(name)
    seconds: float = here.recv()
    return seconds


def _serve(there: Connection, build: Callable[..., Steps], args: tuple[Any, ...]) -> None:
    steps = build(*args)
    there.send(list(steps))
    try:
        while True:
            there.send(steps[there.recv()]())
    except EOFError:
        return
