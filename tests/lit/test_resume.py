"""A run that was stopped and resumed has the weights of one that was not, bit for bit."""

import os
import signal
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from fusion.data.sample import Sample, collate
from fusion.data.sampler import BudgetSampler
from fusion.errors import Interrupted
from fusion.heads.base import Fused
from fusion.lit.module import LitFusion
from fusion.lit.trainer import fit
from fusion.tasks.base import Task


class Patients(Dataset):
    def __len__(self):
        return 22

    def __getitem__(self, index):
        x = torch.randn(1, 6, generator=torch.Generator().manual_seed(index))
        return Sample(f"p{index}", "A", {"rna": x}, {"size": x.sum(dim=1)})


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))

    def forward(self, batch):
        return Fused(self.net(batch.inputs["rna"]))


class Regression(Task):
    out_features = 1

    def loss(self, outputs, targets):
        return (outputs - targets).square().mean()

    def predict(self, outputs):
        return {"size": outputs[:, 0]}

    def prepare(self, targets): ...

    def finish(self, outputs, targets): ...


class Sum(nn.Module):
    def forward(self, losses):
        return torch.stack(list(losses.values())).sum()


def loader(seed):
    sampler = BudgetSampler(sizes=[1] * 22, patients=4, rows=99, seed=seed)
    return DataLoader(Patients(), batch_sampler=sampler, collate_fn=collate)


def module():
    torch.manual_seed(7)
    return LitFusion(
        model=Noisy(),
        tasks={"size": Regression()},
        weighting=Sum(),
        weights={"size": 1.0},
        penalty={},
        augment=lambda batch, generator: replace(
            batch,
            inputs={"rna": batch.inputs["rna"] + torch.randn(1, 6, generator=generator) / 9},
        ),
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=1e-2),
        seed=0,
    )


def train(folder, lit, checkpoint=None):
    return fit(
        module=lit,
        train=loader(seed=0),
        val=loader(seed=None),
        folder=folder,
        resume_command="python train.py ckpt=last",
        checkpoint=checkpoint,
        accelerator="cpu",
        devices=1,
        strategy="auto",
        precision="32-true",
        max_epochs=4,
        patience=9,
        gradient_clip=1.0,
        accumulate=1,
        deterministic=True,
        progress=False,
    )


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
def test_resumed_weights_are_those_of_an_unbroken_run(tmp_path, number, code, when):
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


def test_every_epoch_has_an_order_of_its_own(tmp_path):
    seen = []
    lit = module()
    lit.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].patient_ids) if torch.is_grad_enabled() else None
    )
    train(tmp_path, lit)
    epochs = [seen[i : i + 6] for i in range(0, len(seen), 6)]
    assert len(epochs) == 4
    assert len({tuple(e) for e in epochs}) == 4


def test_signal_handlers_are_given_back(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    train(tmp_path, module())
    assert signal.getsignal(signal.SIGINT) is before
