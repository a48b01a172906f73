"""A model of two modalities, patients of two centres, and a short training of it."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from fusion.data.sample import Sample, collate
from fusion.data.sampler import BudgetSampler
from fusion.encoders.vector import VectorEncoder
from fusion.heads.early import EarlyFusion
from fusion.invariance.adversarial import Adversarial
from fusion.lit.module import LitFusion
from fusion.lit.trainer import fit
from fusion.model import FusionModel
from fusion.tasks.base import Task

DIMS = {"rna": 16, "cnv": 16}


class Patients(Dataset):
    def __len__(self):
        return 22

    def __getitem__(self, index):
        x = torch.randn(1, 6, generator=torch.Generator().manual_seed(index))
        inputs = {"rna": x} if index % 3 else {"rna": x, "cnv": x + 1}
        return Sample(f"p{index}", "AB"[index % 2], inputs, {"size": x.sum(dim=1)})


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


def shaken(batch, generator):
    noise = torch.randn(1, 6, generator=generator) / 9
    return replace(batch, inputs={**batch.inputs, "rna": batch.inputs["rna"] + noise})


@pytest.fixture(scope="session")
def module():
    """`module(weight)`: untrained, the centre's adversary with this weight, or None."""

    def built(weight=0.5, **more):
        torch.manual_seed(7)
        encoders = {m: VectorEncoder(in_features=6, dim=16, hidden=(), dropout=0.5) for m in DIMS}
        head = EarlyFusion(dims=DIMS, out_features=1, dim=8, hidden=8)
        adversary = {"dims": DIMS, "centers": ["A", "B"], "hidden": 4, "seed": 0}
        settings = {
            "model": FusionModel(encoders=encoders, head=head, modality_dropout=0.3),
            "tasks": {"size": Regression()},
            "weighting": Sum(),
            "weights": {"size": 1.0},
            "penalty": {},
            "invariance": None if weight is None else Adversarial(weight=weight, **adversary),
            "penalties": [],
            "blending": None,
            "augment": shaken,
            "optimizer": lambda parameters: torch.optim.AdamW(parameters, lr=1e-2),
            "seed": 0,
        }
        return LitFusion(**settings | more)

    return built


def loader(seed):
    sampler = BudgetSampler(sizes=[1] * 22, patients=4, rows=99, seed=seed)
    return DataLoader(Patients(), batch_sampler=sampler, collate_fn=collate)


@pytest.fixture(scope="session")
def train():
    """`train(folder, module, checkpoint, ...)`: the checkpoint of the best epoch of four."""

    def trained(folder, lit, checkpoint=None, **more):
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
            **more,
        )

    return trained
