"""What training took: counted by hand, added up over attempts, and honest where it is not known."""

import json

import pytest
import torch
from torch import nn

from fusion.errors import ReadError
from fusion.run.resources import FILE, load, measured

CPU = torch.device("cpu")


@pytest.fixture
def trained():
    frozen = nn.Linear(3, 5).requires_grad_(False)
    return [nn.Sequential(frozen, nn.Linear(5, 2)), nn.Linear(1, 1)]


def test_parameters_seconds_and_epochs_of_two_attempts(trained, tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss\n0,1.0\n1,0.5\n")
    with pytest.raises(KeyboardInterrupt), measured(tmp_path, trained, CPU):
        raise KeyboardInterrupt
    first = load(tmp_path)
    assert (first.parameters, first.trainable) == (20 + 12 + 2, 12 + 2)
    assert (first.epochs, first.attempts, first.device) == (2, 1, "cpu")
    (tmp_path / "history.csv").write_text("epoch,loss\n0,1.0\n1,0.5\n2,0.4\n")
    with measured(tmp_path, trained, CPU):
        pass
    both = load(tmp_path)
    assert (both.epochs, both.attempts) == (3, 2)
    assert both.seconds >= first.seconds


def test_the_peak_sees_what_was_held_for_a_moment(trained, tmp_path):
    with measured(tmp_path, trained, CPU):
        held = bytearray(60_000_000)  # written to, so that it is resident
        del held
    found = load(tmp_path)
    if found.peak_bytes is None:
        assert found.memory == "not known on this machine"
    else:
        assert found.memory == "growth of resident memory"
        assert found.peak_bytes > 50_000_000


def test_a_torn_file_is_named(trained, tmp_path):
    for text in ("{", json.dumps({"seconds": 1})):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(ReadError, match=FILE):
            load(tmp_path)
    with pytest.raises(ReadError, match=FILE), measured(tmp_path, trained, CPU):
        pass
