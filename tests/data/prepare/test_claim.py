"""Of several who want to make one thing, one does, and a killed one holds nothing."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fusion.data.prepare.claim import claimed
from fusion.errors import CacheError


def count_up(path, counter, times):
    for _ in range(times):
        with claimed(path):
            number = int(counter.read_text())
            time.sleep(0.001)  # whoever is not kept out reads the same number
            counter.write_text(str(number + 1))


def hold(path, ready):
    with claimed(path):
        ready.set()
        time.sleep(60)


def test_threads_and_processes_take_turns(tmp_path):
    path, counter = tmp_path / "a.lock", tmp_path / "n"
    counter.write_text("0")
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=count_up, args=(path, counter, 10)) for _ in range(2)]
    for other in others:
        other.start()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: count_up(path, counter, 10), range(2)))
    for other in others:
        other.join()
    assert counter.read_text() == "40"
    assert not path.exists()


def test_a_killed_process_holds_nothing(tmp_path):
    path = tmp_path / "a.lock"
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    other = context.Process(target=hold, args=(path, ready))
    other.start()
    assert ready.wait(10)
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    with claimed(path):
        pass
    assert not path.exists()


def test_an_error_lets_go(tmp_path):
    with pytest.raises(KeyError), claimed(tmp_path / "a.lock"):
        raise KeyError
    with claimed(tmp_path / "a.lock"):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CacheError, match="set the cache to a folder"),
        claimed(tmp_path / "file" / "a.lock"),
    ):
        pass
