"""What every test shares: one thread each, and one small demo cohort for all processes."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)  # two test processes share two cores

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Once:
    """`once(name, make)`: a folder that the first process to ask makes, and all others wait for."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name, make):
        folder, done = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def small_demo(once) -> Path:
    """60 patients with coarse volumes and tiny slides. Shared: copy it before you change it."""
    from fusion.testing.demo import write_demo

    return once("small_demo", lambda f: write_demo(f, patients=60, volume_mm=5.0, slide_px=512))


@pytest.fixture(scope="session")
def small_cache(once) -> Path:
    """Where prepared volumes and slide features of all tests lie; its entries are atomic."""
    return once("small_cache", lambda folder: folder.mkdir())
