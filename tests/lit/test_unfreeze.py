"""Stages learn one after the other, by nothing but the epoch."""

import itertools
import os
import signal

import lightning
import pytest
import torch

from fusion.encoders.freeze import stages
from fusion.encoders.vector import VectorEncoder
from fusion.errors import Interrupted
from fusion.lit.unfreeze import Unfreeze


@pytest.fixture
def parts():
    torch.manual_seed(0)
    return stages(VectorEncoder(in_features=4, dim=4, hidden=(4, 4), dropout=0.0))


def learning(parts, epoch, **settings):
    """Which stages learn in a batch of this epoch, from whatever state they are in."""
    trainer = lightning.Trainer(accelerator="cpu", barebones=True)
    trainer.fit_loop.epoch_progress.current.completed = epoch
    assert trainer.current_epoch == epoch
    module = lightning.LightningModule()
    Unfreeze(stages=parts, **settings).on_train_batch_start(trainer, module, None, 0)
    return [all(p.requires_grad for p in stage) for stage in parts]


def test_the_output_side_learns_first(parts):
    seen = [sum(learning(parts, epoch, first=1, every=2)) for epoch in range(8)]
    assert seen == [1, 1, 2, 2, 3, 3, 3, 3]
    assert learning(parts, 2, first=1, every=2) == [False, True, True]


def test_none_at_first_where_asked(parts):
    assert learning(parts, 0, first=0, every=1) == [False, False, False]


def test_the_past_does_not_matter(parts):
    """As after a resume in the middle of an epoch."""
    learning(parts, 9, first=1, every=1)
    assert learning(parts, 1, first=1, every=1) == [False, True, True]


def test_what_does_not_learn_yet_is_neither_moved_nor_decayed():
    """The optimiser has it from the start; its averages begin with its first gradient."""
    torch.manual_seed(0)
    encoder = VectorEncoder(in_features=4, dim=4, hidden=(4,), dropout=0.0)
    parts = stages(encoder)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=0.1, weight_decay=0.5)
    first = parts[0][0]
    start = first.detach().clone()
    for epoch in range(3):
        learning(parts, epoch, first=1, every=2)
        optimizer.zero_grad()
        encoder(torch.randn(8, 4)).features.square().sum().backward()
        optimizer.step()
        assert torch.equal(first, start) == (epoch < 2)
    assert optimizer.state[first]["step"] == 1
    assert optimizer.state[parts[1][0]]["step"] == 3


@pytest.mark.parametrize("step", [9, 15])
def test_a_stopped_run_goes_on_with_the_stages_of_its_epoch(module, train, tmp_path, step):
    """Six batches an epoch; the encoder of RNA learns from the third epoch on."""

    def staged(folder, lit, **more):
        rna = stages(lit.model.encoders["rna"])
        train(folder, lit, also=[Unfreeze(stages=rna, first=0, every=2)], **more)
        return lit.state_dict()

    start = module().state_dict()
    steps = itertools.count()

    def killing(batch, generator):
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return batch

    still = module(augment=lambda batch, generator: batch)
    whole = staged(tmp_path / "whole", still)
    with pytest.raises(Interrupted):
        staged(tmp_path / "broken", module(augment=killing))
    last = tmp_path / "broken" / "checkpoints" / "last.ckpt"
    halfway = torch.load(last, weights_only=True)["state_dict"]
    moved = [not torch.equal(start[n], halfway[n]) for n in start if ".encoders.rna." in n]
    assert any(moved) == (step > 12)
    again = module(augment=lambda batch, generator: batch)
    resumed = staged(tmp_path / "broken", again, checkpoint=last)
    assert all(torch.equal(whole[n], resumed[n]) for n in whole)
