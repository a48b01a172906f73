"""A run that was stopped and resumed has the weights of one that was not, bit for bit."""

import os
import signal

import pytest
import torch

from fusion.errors import Interrupted
from fusion.lit.module import LitFusion


class Killed(LitFusion):
    """Sends a signal to its own process in the middle of a step."""

    def training_step(self, batch, batch_idx):
        if (self.current_epoch, batch_idx) == self.when:
            os.kill(os.getpid(), self.number)
        return super().training_step(batch, batch_idx)


TERM, INT, USR1 = (signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGUSR1, 75)


@pytest.mark.parametrize(
    ("number", "code", "when"),
    [
        (*TERM, (0, 0)),
        (*TERM, (1, 2)),
        (*TERM, (2, 4)),
        (*TERM, (2, 5)),  # the last batch of an epoch
        (*TERM, (3, 5)),  # the last batch of all
        (*INT, (1, 2)),
        (*USR1, (1, 2)),
    ],
)
def test_resumed_weights_are_those_of_an_unbroken_run(module, train, tmp_path, number, code, when):
    whole = module()
    best = train(tmp_path / "whole", whole)

    killed = module()
    killed.__class__ = Killed
    killed.when, killed.number = when, number
    with pytest.raises(Interrupted, match=r"Go on with:\n  python train.py ckpt=last") as stopped:
        train(tmp_path / "broken", killed)
    assert stopped.value.exit_code == code

    resumed = module()
    last = tmp_path / "broken" / "checkpoints" / "last.ckpt"
    again = train(tmp_path / "broken", resumed, checkpoint=last)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    history = [(tmp_path / run / "history.csv").read_text() for run in ("whole", "broken")]
    val = [[line.split(",")[-1] for line in text.splitlines()] for text in history]
    assert val[0] == val[1]  # validation losses of all epochs, the early ones included
    states = [torch.load(p, weights_only=True)["state_dict"] for p in (best, again)]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


def test_every_epoch_has_an_order_of_its_own(module, train, tmp_path):
    seen = []

    def watched(batch, generator):
        seen.append(batch.patient_ids)
        return batch

    train(tmp_path, module(augment=watched))
    epochs = [seen[i : i + 6] for i in range(0, len(seen), 6)]
    assert len(epochs) == 4
    assert len({tuple(e) for e in epochs}) == 4


def test_signal_handlers_are_given_back(module, train, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    train(tmp_path, module())
    assert signal.getsignal(signal.SIGINT) is before


class Worse(LitFusion):
    """Walks uphill: each epoch's validation loss is above that of the one before."""

    def training_step(self, batch, batch_idx):
        return -super().training_step(batch, batch_idx)


def test_the_last_checkpoint_is_of_the_last_epoch_not_of_the_best(module, train, tmp_path):
    """Lightning's own `save_last` keeps the best one's, and a resumed run would lose the rest."""
    falling = module()
    falling.__class__ = Worse
    best = train(tmp_path, falling)
    read = [torch.load(p, weights_only=True)["epoch"] for p in (best, best.with_name("last.ckpt"))]
    assert read == [0, 3]
