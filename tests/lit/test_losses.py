"""Losses of an encoder's own: taken by name, weighed once, and a mean over patients."""

import csv

import pytest
import torch

from fusion.data.sample import collate
from fusion.encoders.base import Encoder
from fusion.encoders.vector import VectorEncoder
from fusion.heads.early import EarlyFusion
from fusion.lit.losses import mean_losses, own_losses
from fusion.model import FusionModel
from fusion.types import Tokens
from tests.lit.conftest import DIMS, Patients


class Held(Encoder):
    """Held against 0 for patients whose first column is above a limit; asks for more beside."""

    losses = ("drawn",)

    def __init__(self, limit=-99.0):
        super().__init__()
        self.dim, self.limit = 16, limit
        self.inner = VectorEncoder(in_features=6, dim=16, hidden=())

    def forward(self, x):
        tokens = self.inner(x)
        size = tokens.features.square().mean(dim=(1, 2))
        who = x[:, 0] > self.limit
        penalties = {"drawn": size[who].mean()} if bool(who.any()) else {}
        return Tokens(tokens.features, tokens.mask, {**penalties, "other": size.mean()})


def model(limit=-99.0):
    torch.manual_seed(0)
    encoders = {"cnv": VectorEncoder(in_features=6, dim=16, hidden=()), "rna": Held(limit)}
    head = EarlyFusion(dims=DIMS, out_features=1, dim=8, hidden=8)
    return FusionModel(encoders=encoders, head=head)


def batch(*who):
    return collate([Patients()[i] for i in who])


def test_a_model_names_the_losses_of_its_encoders():
    assert model().losses == ("rna_drawn",)


def test_own_losses_are_those_that_the_model_names():
    net = model().eval()
    fused = net(batch(0, 1, 2))
    assert set(fused.penalties) >= {"rna_drawn", "rna_other"}
    found = own_losses(net, fused)
    assert set(found) == {"rna_drawn"}
    assert torch.equal(found["rna_drawn"], fused.penalties["rna_drawn"])


def test_a_batch_without_them_has_none():
    net = model(limit=99.0)
    assert own_losses(net, net(batch(0, 1))) == {}


def test_means_are_by_patients_of_the_batches_that_have_it():
    found = [
        (3, {"a": torch.tensor(1.0), "b": torch.tensor(5.0)}),
        (9, {}),
        (1, {"a": torch.tensor(9.0)}),
    ]
    means = mean_losses(found)
    assert {k: v.item() for k, v in means.items()} == {"a": 3.0, "b": 5.0}
    assert mean_losses([(4, {})]) == {}
    assert mean_losses([]) == {}


class Weighed(torch.nn.Module):
    """Notes what it weighs."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, losses):
        self.seen.append({k: v.item() for k, v in losses.items()})
        return torch.stack([*losses.values()]).sum()


@pytest.mark.parametrize("factor", [0.0, 7.0])
def test_they_are_weighed_among_the_tasks_and_not_again_as_penalties(module, factor):
    """Whatever `penalty` says of them: the weighting knows it already."""
    weighing = Weighed()
    lit = module(
        weight=None,
        model=model(),
        weighting=weighing,
        penalty={"rna_drawn": factor, "rna_other": 0.0},
        augment=lambda batch, generator: batch,
    )
    logged = {}
    lit.log_mean = lambda name, value, batch: logged.update({name: value.item()})
    total = lit.training_step(batch(0, 1, 2, 3), 0)
    (seen,) = weighing.seen
    assert set(seen) == {"size", "rna_drawn"}
    assert total.item() == pytest.approx(sum(seen.values()), rel=1e-6)
    assert "penalty/rna_other" in logged
    assert "penalty/rna_drawn" not in logged


def test_validation_tells_and_weighs_them(module, train, tmp_path):
    """`val_loss` is the task's loss and the encoder's own, each with its given weight."""
    weights = {"size": 1.0, "rna_drawn": 0.25}
    train(tmp_path, module(weight=None, model=model(), weights=weights))
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    for row in rows:
        own, task = float(row["val_loss/rna_drawn"]), float(row["val_loss/size"])
        assert own > 0
        assert float(row["val_loss"]) == pytest.approx(task + 0.25 * own, rel=1e-4)


def test_it_is_learned_in_a_batch_where_nobody_has_a_label(module):
    lit = module(weight=None, model=model(), weights={"size": 1.0, "rna_drawn": 1.0})
    lit.log_mean = lambda *call: None
    sample = batch(1, 2)
    unlabelled = type(sample)(sample.patient_ids, sample.centers, sample.inputs, sample.present, {})
    lit.training_step(unlabelled, 0).backward()
    assert all(p.grad is not None for p in lit.model.encoders["rna"].parameters())
    assert any(p.grad.any() for p in lit.model.encoders["rna"].parameters())
