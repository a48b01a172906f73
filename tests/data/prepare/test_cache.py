"""An entry is there whole or not at all, and its name says everything that made it."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from fusion.data.prepare import cache as module
from fusion.data.prepare import cache_key
from fusion.data.prepare.cache import Cache
from fusion.data.prepare.cache_key import digest
from fusion.errors import CacheError, ConfigError, ReadError

KEY = "ab" + 62 * "0"
ARRAYS = {
    "image": np.arange(24, dtype=np.float16).reshape(2, 3, 4),
    "channels": np.array([True, False]),
    "mask": np.ones((3, 4), dtype=np.uint8),
    "empty": np.zeros((0, 5), dtype=np.float32),
    "one": np.array(3, dtype=np.int64),
}


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_what_is_put_is_got_back(tmp_path):
    cache = Cache(tmp_path)
    assert cache.get(KEY) is None
    assert cache.meta(KEY) is None
    assert not cache.has(KEY)
    cache.put(KEY, ARRAYS, {"crop": "tumour", "affine": [[1.0, 0.0]]})
    found = cache.get(KEY)
    assert cache.has(KEY)
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)
    assert cache.meta(KEY) == {"crop": "tumour", "affine": [[1.0, 0.0]]}
    assert files(tmp_path) == [tmp_path / "ab" / f"{KEY}.safetensors"]


def test_transposed_arrays_keep_their_values(tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    Cache(tmp_path).put(KEY, {"x": array}, {})
    np.testing.assert_array_equal(Cache(tmp_path).get(KEY)["x"], array)


def test_writing_to_a_mapped_array_never_reaches_the_disk(tmp_path):
    cache = Cache(tmp_path)
    cache.put(KEY, ARRAYS, {})
    cache.get(KEY)["image"][:] = -1
    np.testing.assert_array_equal(cache.get(KEY)["image"], ARRAYS["image"])


def test_arrays_are_mapped_and_not_read(tmp_path):
    cache = Cache(tmp_path)
    cache.put(KEY, ARRAYS, {})
    base = cache.get(KEY)["image"]
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


@pytest.mark.parametrize("keep", [0, 3, 8, 60, -1])
def test_a_torn_entry_is_absent_with_a_warning_and_gone(tmp_path, caplog, keep):
    cache = Cache(tmp_path)
    cache.put(KEY, ARRAYS, {})
    path = files(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:keep])
    assert cache.get(KEY) is None
    assert "is torn" in caplog.text
    assert not cache.has(KEY)
    cache.put(KEY, ARRAYS, {})
    assert cache.get(KEY) is not None


def test_a_foreign_safetensors_file_is_no_entry(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "ab" / f"{KEY}.safetensors"
    path.parent.mkdir()
    save_file({"x": np.zeros(3)}, path)
    assert Cache(tmp_path).get(KEY) is None


def test_an_interrupted_put_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(fd: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Cache(tmp_path).put(KEY, ARRAYS, {})
    assert files(tmp_path) == []
    assert Cache(tmp_path).get(KEY) is None


@pytest.mark.parametrize(
    "failure", [OSError(28, "No space left on device"), SafetensorError("No space left on device")]
)
def test_a_full_disk_is_named_with_what_is_needed_and_free(tmp_path, monkeypatch, failure):
    def full(arrays: object, path: Path, metadata: object) -> None:
        Path(path).write_bytes(b"half")
        raise failure

    monkeypatch.setattr(module, "save_file", full)
    message = r"No space left on device.*it needs 70 bytes, [\d,]+ are free in .*; free some space"
    with pytest.raises(CacheError, match=message) as caught:
        Cache(tmp_path).put(KEY, ARRAYS, {})
    assert isinstance(caught.value, OSError)
    assert files(tmp_path) == []


def test_a_file_size_limit_is_a_cache_error_and_leaves_nothing(tmp_path):
    code = f"""
import resource
from pathlib import Path
import numpy as np
from fusion.data.prepare.cache import Cache
from fusion.errors import CacheError
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    Cache(Path({str(tmp_path)!r})).put({KEY!r}, {{"x": np.zeros(100_000)}}, {{}})
except CacheError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "it needs 800,000 bytes" in done.stdout
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(CacheError, match=r"cannot write the cache entry .*file/ab.*set the cache"):
        Cache(blocked).put(KEY, ARRAYS, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(CacheError, match="Permission denied"):
        Cache(tmp_path).put(KEY, ARRAYS, {})
    tmp_path.chmod(0o700)


def test_a_torn_entry_that_cannot_be_deleted_is_named(tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    cache.put(KEY, ARRAYS, {})
    files(tmp_path)[0].write_bytes(b"torn")

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(CacheError, match="cannot delete the torn cache entry"):
        cache.get(KEY)


def _put_many(root: Path) -> None:
    for _ in range(20):
        Cache(root).put(KEY, {"x": np.full(10_000, 7.0)}, {})


def test_two_processes_may_write_one_key(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put_many, args=(tmp_path,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    seen = 0
    while any(writer.is_alive() for writer in writers):
        found = Cache(tmp_path).get(KEY)
        if found is not None:  # whoever reads meanwhile sees a whole entry
            assert (found["x"] == 7).all()
            seen += 1
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert seen
    assert len(files(tmp_path)) == 1


def test_a_key_changes_with_every_value_and_every_byte(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"voxels")
    two.write_bytes(b"others")
    config = {"spacing_mm": [1.0, 1.0, 1.0], "crop": "tumour", "code": 1}
    key = digest(config, [one, two])
    assert key == digest(dict(reversed(config.items())), [one, two])
    others = [
        digest({**config, "spacing_mm": [1.0, 1.0, 1.1]}, [one, two]),
        digest({**config, "code": 2}, [one, two]),
        digest({**config, "new": None}, [one, two]),
        digest(config, [two, one]),
        digest(config, [one]),
    ]
    one.write_bytes(b"voxelz")
    others.append(digest(config, [one, two]))
    assert len({key, *others}) == 7


def test_a_key_is_of_the_content_and_not_of_the_place(tmp_path):
    one, copy = tmp_path / "one", tmp_path / "copy"
    one.write_bytes(b"voxels")
    copy.write_bytes(b"voxels")
    assert digest({}, [one]) == digest({}, [copy])


def test_a_key_changes_with_the_version(monkeypatch):
    before = digest({}, [])
    monkeypatch.setattr(cache_key, "version", lambda name: "99.0")
    assert digest({}, []) != before


@pytest.mark.parametrize("value", [Path("x"), float("nan"), {1, 2}])
def test_a_key_of_no_json_is_refused(value):
    with pytest.raises(ConfigError, match="needs plain JSON values"):
        digest({"value": value}, [])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ReadError, match=r"gone\.nii: cannot be read: No such file"):
        digest({}, [tmp_path / "gone.nii"])
