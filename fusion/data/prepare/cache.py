"""Slow work is done once: arrays under the hash of everything that made them."""

import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from fusion.data.prepare.claim import claimed
from fusion.errors import CacheError

log = logging.getLogger(__name__)

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip


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

    def peek(self, key: str) -> dict[str, Any] | None:
        """`meta`, but a torn entry stays as it is."""
        try:
            return _told(_noted(self._path(key)))
        except (OSError, *_TORN):
            return None

    def sound(self, key: str) -> bool | None:
        """Whether every number is what was written; None for an entry without a checksum.

        Reads all of it.
        """
        told = _noted(self._path(key)).get(_SUM)
        found = self.get(key)
        return None if told is None else found is not None and checksum(found) == told

    def put(self, key: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        """Publish an entry by an atomic rename; of two writers of one key, either may win.

        Raises:
            CacheError: where the folder cannot be written or the disk is full; nothing is left.
        """
        path = self._path(key)
        # not tempfile: its 0600 would lock colleagues out of a shared cache
        temporary = path.with_name(f".{key}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        dense = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        # one text: safetensors writes several in any order, and equal entries are equal bytes
        text = json.dumps({**meta, _SUM: checksum(dense)}, sort_keys=True, allow_nan=False)
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

    def claim(self, key: str) -> AbstractContextManager[None]:
        """Whoever makes the entry holds this meanwhile, and looks again once it is held."""
        return claimed(self.root / key[:2] / f".{key}.lock")

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.safetensors"

    def _open(self, key: str) -> dict[str, Any] | None:
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            meta = _noted(path)
        except FileNotFoundError:  # another process found it torn a moment ago
            return None
        except _TORN as error:
            log.warning("the cache entry %s is torn (%s); it will be made again", path, error)
            self._delete(path)
            return None
        return _told(meta)

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CacheError(
                f"cannot delete the torn cache entry {path}: {error}; delete it by hand, or set "
                "the cache to a folder that you can write to"
            ) from error


_SUM = "blake2b"
"""Where the checksum stands among what is noted."""

_TORN = (SafetensorError, KeyError, ValueError)


def _noted(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="numpy") as file:
        meta: dict[str, Any] = json.loads((file.metadata() or {})["fusion"])
    return meta


def _told(meta: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in meta.items() if name != _SUM}


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """Of all numbers, names, types and shapes.

    Example:
        >>> one, other = {"a": np.zeros(2)}, {"a": np.zeros(2, np.float32)}
        >>> checksum(one) == checksum({"a": np.zeros(2)}), checksum(one) == checksum(other)
        (True, False)
    """
    whole = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        whole.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        whole.update(array.reshape(-1).view(np.uint8).data)
    return whole.hexdigest()


def _free(folder: Path) -> str:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return f"{shutil.disk_usage(folder).free:,} are free in {folder}"
