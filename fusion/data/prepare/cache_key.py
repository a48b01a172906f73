"""What an entry of the cache is found by: the hash of everything that made it."""

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from fusion.errors import ConfigError, ReadError

version = functools.cache(metadata.version)
"""Of a package; looked up once, since each look reads and parses a file."""


def digest(config: Mapping[str, Any], paths: Sequence[Path]) -> str:
    """The key of an entry: a hash of the whole configuration and of every file's content.

    Args:
        config: Whatever decides the result, a version number of the code included. JSON values
            only; the order of keys never matters, the order of lists does.
        paths: The files that are read, in the order in which they are used.

    Raises:
        ConfigError: for a value that JSON cannot hold.
        ReadError: for a file that cannot be read.

    Example:
        >>> digest({"spacing_mm": 1.0, "code": 1}, []) == digest({"code": 1, "spacing_mm": 1.0}, [])
        True
        >>> digest({"code": 1}, []) == digest({"code": 2}, [])
        False
    """
    try:
        text = json.dumps(config, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"a cache key needs plain JSON values: {error}; give text for a path, numbers that "
            "are finite, lists and mappings"
        ) from error
    whole = hashlib.blake2b(f"{version('fusion-onco')}\n{text}\n".encode(), digest_size=32)
    for path in paths:
        whole.update(_content(path))
    return whole.hexdigest()


def _content(path: Path) -> bytes:
    try:
        real = path.resolve(strict=True)
        stat = real.stat()
        return _hash(real, stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror}") from error


@functools.lru_cache(maxsize=1 << 16)
def _hash(path: Path, size: int, mtime_ns: int, inode: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(
            file, functools.partial(hashlib.blake2b, digest_size=32)
        ).digest()
