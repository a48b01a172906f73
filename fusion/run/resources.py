"""`resources.json`: what training one model took."""

import csv
import ctypes
import gc
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from fusion.errors import ReadError
from fusion.lit.rank import rank

FILE = "resources.json"
"""In the folder of each model of a run."""

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Resources:
    """One model's; all attempts of an interrupted training added up."""

    parameters: int
    """Of encoders, head and tasks; what only training has (a discriminator) is not counted."""
    trainable: int
    """Those that still got gradients in the last epoch."""
    seconds: float
    """Wall clock inside the training loop, validation included. The time of an attempt that was
    killed without a signal is not known, and so is not in it."""
    epochs: int
    """Trained, not the one that was chosen."""
    peak_bytes: int | None
    """The largest of any attempt; None where this machine does not tell."""
    memory: str
    """What `peak_bytes` is: of the first process, without the workers that read."""
    device: str
    attempts: int


@contextmanager
def measured(folder: Path, modules: Sequence[nn.Module], device: torch.device) -> Iterator[None]:
    """Measure what is done inside, and add it to what earlier attempts wrote.

    A process keeps some of the memory that it has freed, though it is asked to give it back first.
    Where one process trains several models, the growth of a later one can look smaller than it is.

    Args:
        folder: of the model.
        modules: what is being trained.
        device: where.

    Raises:
        ReadError: where the file of an earlier attempt is torn.
    """
    before = load(folder) if (folder / FILE).exists() else None
    memory = _Memory(device)
    started = time.monotonic()
    try:
        yield
    finally:
        seconds = time.monotonic() - started
        if rank() == 0:
            here = _resources(folder, modules, device, seconds, memory)
            _write(folder / FILE, here if before is None else _add(before, here))


def load(folder: Path) -> Resources:
    """Read a model's.

    Raises:
        ReadError: where it is absent, torn or of another version.
    """
    path = folder / FILE
    try:
        return Resources(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ReadError(path, f"cannot be read as what a training took: {error}") from error


class _Memory:
    """The peak since it was made."""

    def __init__(self, device: torch.device) -> None:
        self.cuda = device.type == "cuda"
        self.what = "peak of tensors on the GPU" if self.cuda else "growth of resident memory"
        self.start: int | None = None
        if self.cuda:
            torch.cuda.reset_peak_memory_stats()
            return
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        if trim is not None:
            trim(0)
        try:
            _RESET.write_text("5")  # Linux: the high-water mark begins anew
            self.start = _resident("VmRSS")
        except OSError:
            self.what = "not known on this machine"

    def peak(self) -> int | None:
        """Bytes."""
        if self.cuda:
            return int(torch.cuda.max_memory_allocated())
        return None if self.start is None else max(0, _resident("VmHWM") - self.start)


def _resident(field: str) -> int:
    line = next(row for row in _STATUS.read_text().splitlines() if row.startswith(f"{field}:"))
    return 1024 * int(line.split()[1])


def _resources(
    folder: Path,
    modules: Sequence[nn.Module],
    device: torch.device,
    seconds: float,
    memory: _Memory,
) -> Resources:
    every = [p for module in modules for p in module.parameters()]
    history = folder / "history.csv"
    epochs = 0
    if history.exists():
        with history.open(newline="") as file:
            epochs = sum(1 for _ in csv.DictReader(file))
    return Resources(
        parameters=sum(p.numel() for p in every),
        trainable=sum(p.numel() for p in every if p.requires_grad),
        seconds=round(seconds, 3),
        epochs=epochs,
        peak_bytes=memory.peak(),
        memory=memory.what,
        device=torch.cuda.get_device_name() if device.type == "cuda" else device.type,
        attempts=1,
    )


def _add(before: Resources, here: Resources) -> Resources:
    peaks = [p for p in (before.peak_bytes, here.peak_bytes) if p is not None]
    return Resources(
        **{
            **asdict(here),
            "seconds": round(before.seconds + here.seconds, 3),
            "peak_bytes": max(peaks, default=None),
            "attempts": before.attempts + 1,
        }
    )


def _write(path: Path, resources: Resources) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(resources), indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)
