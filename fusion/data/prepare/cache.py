"""Slow work is done once: arrays under the hash of everything that made them."""

import contextlib
import functools
import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from fusion.errors import CacheError, ConfigError, ReadError

log = logging.getLogger(__name__)

version = functools.cache(metadata.version)
"""Of a package; looked up once, since each look reads and parses a file."""

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip


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


@dataclass(frozen=True)
class Cache:
    """A folder of entries, each one safetensors file that appears whole or not at all.

    Example:
        >>> import tempfile
        >>> cache = Cache(Path(tempfile.mkdtemp()))
        >>> cache.put("ab12", {"image": np.ones((2, 2), np.float16)}, {"crop": "tumour"})
        >>> cache.get("ab12")["image"].sum(), cache.meta("ab12"), cache.has("cd34")
        (np.float16(4.0), {'crop': 'tumour'}, False)
    """

    root: Path

    def has(self, key: str) -> bool:
        """Whether an entry stands there, without opening it."""
        return self._path(key).is_file()

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """The arrays, mapped from the disk (writing to one never reaches it); None if absent.

        A torn entry is deleted with a warning in the log, and is absent from then on.
        """
        if self._open(key) is None:
            return None
        raw = np.memmap(self._path(key), dtype=np.uint8, mode="c")
        start = 8 + int.from_bytes(raw[:8].tobytes(), "little")
        header = json.loads(raw[8:start].tobytes())
        arrays = {}
        for name in sorted(header.keys() - {"__metadata__"}):
            begin, end = header[name]["data_offsets"]
            flat = np.asarray(raw[start + begin : start + end]).view(_DTYPES[header[name]["dtype"]])
            arrays[name] = flat.reshape(header[name]["shape"])
        return arrays

    def meta(self, key: str) -> dict[str, Any] | None:
        """What was noted beside the arrays; None if the entry is absent."""
        return self._open(key)

    def put(self, key: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        """Publish an entry by an atomic rename; of two writers of one key, either may win.

        Raises:
            CacheError: where the folder cannot be written or the disk is full; nothing is left.
        """
        path = self._path(key)
        # not tempfile: its 0600 would lock colleagues out of a shared cache
        temporary = path.with_name(f".{key}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        dense = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        text = json.dumps(dict(meta), sort_keys=True, allow_nan=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file(dense, temporary, metadata={"fusion": text})
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except (OSError, SafetensorError) as error:
            needed = sum(array.nbytes for array in dense.values())
            raise CacheError(
                f"cannot write the cache entry {path}: {error}; it needs {needed:,} bytes, "
                f"{_free(self.root)}; free some space, or set the cache to a folder "
                "that you can write to"
            ) from error
        finally:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                temporary.unlink()

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.safetensors"

    def _open(self, key: str) -> dict[str, Any] | None:
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="numpy") as file:
                meta: dict[str, Any] = json.loads((file.metadata() or {})["fusion"])
        except FileNotFoundError:  # another process found it torn a moment ago
            return None
        except (SafetensorError, KeyError, ValueError) as error:
            log.warning("the cache entry %s is torn (%s); it will be made again", path, error)
            self._delete(path)
            return None
        return meta

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CacheError(
                f"cannot delete the torn cache entry {path}: {error}; delete it by hand, or set "
                "the cache to a folder that you can write to"
            ) from error


def _free(folder: Path) -> str:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free:,} are free in {folder}"
