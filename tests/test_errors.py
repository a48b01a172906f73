"""Errors cross from a worker process to the one that waits for it."""

import pickle
from pathlib import Path

import pytest

from fusion.errors import CohortError, ConfigError, Fault, Interrupted, ReadError


@pytest.mark.parametrize(
    "error",
    [
        ReadError(Path("t1.nii.gz"), "is torn", "P1"),
        CohortError("data", [Fault("no spacing", "manifest.csv", 3, "P1")]),
        Interrupted("SIGTERM", 143, "python train.py"),
        ConfigError("depth=0: expected 1 or more"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_after_a_worker_process(error):
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert vars(found) == vars(error)
