"""One process at a time makes an entry of the cache; the others wait, and find it made."""

import contextlib
import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from fusion.errors import CacheError

log = logging.getLogger(__name__)

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold `path` while the body runs; wait for whoever holds it, in this process or another.

    The kernel lets go of what a killed process held. Where a file system has no locks, two
    processes may do the same work, and either result stands: entries appear by a rename.

    Args:
        path: of the lock, which is there only while somebody holds it or waits.

    Raises:
        CacheError: where the folder cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "entry.lock"
        >>> with claimed(path):
        ...     path.exists()
        True
        >>> path.exists()
        False
    """
    descriptor = _taken(path)
    try:
        yield
    finally:
        if descriptor is not None:
            # before it is let go: whoever waits sees that the file it locked is no longer there
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            os.close(descriptor)


def _taken(path: Path) -> int | None:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise CacheError(
                f"cannot write the lock {path}: {error}; free some space, or set the cache to a "
                "folder that you can write to"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            os.close(descriptor)
            if error.errno not in _NO_LOCKS:
                raise CacheError(f"cannot lock {path}: {error}") from error
            log.warning("%s has no locks: two processes may do the same work twice", path.parent)
            path.unlink(missing_ok=True)
            return None
        if _is(path, descriptor):
            return descriptor
        os.close(descriptor)


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
