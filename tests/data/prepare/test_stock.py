"""Taking stock deletes nothing; what is torn, changed or long unused is found."""

import os
import time

import numpy as np
import pytest

from fusion.data.prepare.cache import Cache
from fusion.data.prepare.stock import (
    CHANGED,
    TORN,
    UNCHECKED,
    WHOLE,
    left_behind,
    remove,
    stock,
    to_prune,
    verify,
)
from fusion.errors import CacheError

KEYS = [f"{i:02x}" * 32 for i in range(4)]


@pytest.fixture
def cache(tmp_path):
    made = Cache(tmp_path / "cache" / "wsi")
    for i, key in enumerate(KEYS):
        made.put(key, {"features": np.full((100, 8), i, np.float16)}, {"file": f"{i}.svs"})
    return made


def test_every_entry_is_found_with_what_it_was_made_of(cache):
    found = stock(cache.root.parent)
    assert [(e.sort, e.key, e.file) for e in found] == [
        ("wsi", key, f"{i}.svs") for i, key in enumerate(KEYS)
    ]
    assert all(e.size == e.path.stat().st_size for e in found)
    assert [verify(e) for e in found] == [WHOLE] * 4
    assert stock(cache.root) == found


def test_one_changed_bit_is_found(cache):
    path = stock(cache.root)[2].path
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert [verify(e) for e in stock(cache.root)] == [WHOLE, WHOLE, CHANGED, WHOLE]


def test_a_torn_entry_is_named_and_left_as_it_is(cache):
    path = stock(cache.root)[1].path
    path.write_bytes(path.read_bytes()[:-40])
    before = path.read_bytes()
    found = stock(cache.root)[1]
    assert (found.meta, found.file, verify(found)) == (None, "", TORN)
    assert path.read_bytes() == before


def test_an_entry_of_before_checksums_is_told_apart(cache):
    from safetensors.numpy import save_file

    path = stock(cache.root)[0].path
    save_file({"features": np.zeros(3)}, path, metadata={"fusion": "{}"})
    assert verify(stock(cache.root)[0]) == UNCHECKED


def test_pruning_takes_torn_then_old_then_the_longest_unused(cache):
    ages = (0, 100, 5, 50)
    for entry, days in zip(stock(cache.root), ages, strict=True):
        then = time.time() - days * 86400
        os.utime(entry.path, (then, then))
    found = stock(cache.root)

    def gone(**limits):
        asked = {"unused_days": None, "largest_bytes": None, **limits}
        return [int(e.file[0]) for e in to_prune(found, **asked)]

    assert gone() == []
    assert gone(unused_days=30.0) == [1, 3]
    assert gone(largest_bytes=2 * found[0].size) == [1, 3]
    assert gone(unused_days=75.0, largest_bytes=found[0].size) == [1, 3, 2]
    assert gone(largest_bytes=0) == [1, 3, 2, 0]


def test_what_killed_processes_left_goes_after_an_hour(cache):
    folder = cache.root / KEYS[0][:2]
    young, old, lock = (folder / f".{KEYS[0]}.{name}" for name in ("1.tmp", "2.tmp", "lock"))
    for path in (young, old, lock):
        path.touch()
    for path in (old, lock):
        os.utime(path, (time.time() - 4000,) * 2)
    assert sorted(left_behind(cache.root.parent)) == sorted([old, lock])
    remove([old, lock])
    assert young.exists()
    assert not old.exists()


def test_removing_twice_is_no_fault_and_empty_folders_go(cache):
    paths = [e.path for e in stock(cache.root)]
    remove(paths + paths)
    assert stock(cache.root) == []
    assert not list(cache.root.iterdir())


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CacheError, match="no such folder; give cache=FOLDER"):
        stock(tmp_path / "nowhere")
