"""What lies in a cache, whether it is whole, and what may go."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusion.data.prepare.cache import Cache
from fusion.errors import CacheError

TORN, CHANGED, UNCHECKED, WHOLE = "torn", "changed on disk", "no checksum", "whole"


@dataclass(frozen=True)
class Stored:
    """One entry."""

    path: Path
    root: Path
    """Of the cache that it belongs to."""
    size: int
    """Bytes."""
    used: float
    """Seconds since 1970 when it was last read, as far as the file system tells; else written."""
    meta: dict[str, Any] | None
    """What was noted beside the arrays; None where the entry is torn."""

    @property
    def key(self) -> str:
        """What it is found by."""
        return self.path.stem

    @property
    def sort(self) -> str:
        """Which part of a cache it is in: the name of a modality."""
        return self.root.name

    @property
    def file(self) -> str:
        """Name of the file that it was made of; empty where that was not noted."""
        return str((self.meta or {}).get("file", ""))


def stock(folder: Path) -> list[Stored]:
    """Every entry below a folder, by cache and key.

    Args:
        folder: a cache, or a folder that holds one for each modality.

    Raises:
        CacheError: where there is no such folder.
    """
    if not folder.is_dir():
        raise CacheError(f"{folder}: no such folder; give cache=FOLDER, as the run had it")
    found = []
    for path in sorted(folder.rglob("*.safetensors")):
        root = path.parent.parent
        if path.parent.name == path.stem[:2]:  # anything else is not ours
            state = path.stat()
            with _unseen(path):
                meta = Cache(root).peek(path.stem)
            used = max(state.st_atime, state.st_mtime)
            found.append(Stored(path, root, state.st_size, used, meta))
    return found


@contextlib.contextmanager
def _unseen(path: Path) -> Iterator[None]:
    """Read without counting as a use."""
    state = path.stat()
    yield
    with contextlib.suppress(OSError):  # somebody else's file: then this was a use
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def verify(entry: Stored) -> str:
    """`WHOLE`, or what is wrong; nothing is deleted or mended."""
    if entry.meta is None:
        return TORN
    with _unseen(entry.path):
        sound = Cache(entry.root).sound(entry.key)
    return {True: WHOLE, False: CHANGED, None: UNCHECKED}[sound]


def left_behind(folder: Path) -> Iterator[Path]:
    """Half-written files and locks of processes that were killed over an hour ago."""
    for pattern in (".*.tmp", ".*.lock"):
        for path in sorted(folder.rglob(pattern)):
            if path.parent.name == path.name[1:3] and time.time() - path.stat().st_mtime > 3600:
                yield path


def to_prune(
    entries: Sequence[Stored], *, unused_days: float | None, largest_bytes: int | None
) -> list[Stored]:
    """Those that may go: torn ones, those not used for long, then the longest unused.

    Args:
        entries: of a cache.
        unused_days: an entry that nobody read for longer goes; None keeps it.
        largest_bytes: of what is left, so much may stay; None for all.

    Example:
        >>> one = Stored(Path("a"), Path(), 10, time.time() - 86400 * 9, {})
        >>> two = Stored(Path("b"), Path(), 10, time.time(), {})
        >>> [e.path.name for e in to_prune([one, two], unused_days=7.0, largest_bytes=None)]
        ['a']
        >>> [e.path.name for e in to_prune([two, one], unused_days=None, largest_bytes=15)]
        ['a']
    """
    now = time.time()
    too_old = float("inf") if unused_days is None else unused_days * 86400
    gone = [e for e in entries if e.meta is None or now - e.used > too_old]
    stays = sorted((e for e in entries if e not in gone), key=lambda e: e.used)
    total = sum(e.size for e in stays)
    for entry in stays:
        if largest_bytes is None or total <= largest_bytes:
            break
        gone.append(entry)
        total -= entry.size
    return gone


def remove(paths: Sequence[Path]) -> None:
    """Delete files; one that is gone already is no fault.

    Raises:
        CacheError: for one that cannot be deleted; those before it are gone.
    """
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CacheError(f"cannot delete {path}: {error.strerror}") from error
        if path.parent.is_dir() and not os.listdir(path.parent):
            path.parent.rmdir()
