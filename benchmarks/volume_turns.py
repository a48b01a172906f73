"""Turns of several contenders, one after the other, and what they say as a line of a table."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

Turns = Mapping[str, np.ndarray]
"""Contender -> seconds of each turn."""


@dataclass(frozen=True)
class Line:
    goal: str
    asked: str
    measured: str
    met: bool | None
    """None where nothing is asked."""

    def __str__(self) -> str:
        verdict = {True: "met", False: "**missed**", None: ""}[self.met]
        return f"| {self.goal} | {self.asked} | {self.measured} | {verdict} |"


def take_turns(steps: Mapping[str, Callable[[], float]], repeats: int) -> Turns:
    """Each step gives its own seconds; an untimed turn comes first."""
    for step in steps.values():
        step()
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeats):
        for name, step in steps.items():
            found[name].append(step())
    return {name: np.array(values) for name, values in found.items()}


def timed(step: Callable[[], object], times: int = 1) -> Callable[[], float]:
    """The step's seconds, each time."""

    def run() -> float:
        start = time.perf_counter()
        for _ in range(times):
            step()
        return (time.perf_counter() - start) / times

    return run


def faster(turns: Turns, ours: str, peer: str) -> float:
    """How many times as long the peer takes: the median of the ratios within a turn."""
    return float(np.median(turns[peer] / turns[ours]))


def versus(goal: str, turns: Turns, ours: str, peer: str, least: float | None) -> Line:
    ratio = faster(turns, ours, peer)
    shown = f"{ratio:.1f}x ({milliseconds(turns, ours)} against {milliseconds(turns, peer)})"
    asked = "" if least is None else f"{least:g}x {peer}"
    return Line(goal, asked or f"beside {peer}", shown, None if least is None else ratio >= least)


def milliseconds(turns: Turns, name: str) -> str:
    return f"{1000 * np.median(turns[name]):.3g} ms"


@contextmanager
def one_core() -> Iterator[None]:
    """One thread on one core, for whoever is within; libraries' other threads have to share it."""
    cores, threads = os.sched_getaffinity(0), torch.get_num_threads()
    os.sched_setaffinity(0, {min(cores)})
    torch.set_num_threads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        torch.set_num_threads(threads)


def resident() -> int:
    """Bytes of this process in memory that are its own: files mapped from the disk do not count."""
    with open("/proc/self/statm") as file:
        fields = file.read().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def peak(step: Callable[[], object]) -> int:
    """Bytes at most beyond those before the step."""
    before, most, over = resident(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            most[0] = max(most[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    step()
    over.set()
    watcher.join()
    return most[0] - before
