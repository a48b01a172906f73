"""Penalties that go with any head, in training: what they move, what is kept, what is not."""

import csv
import os
import signal

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from fusion.data.sample import Sample, collate
from fusion.data.sampler import BudgetSampler
from fusion.encoders.vector import VectorEncoder
from fusion.errors import Interrupted, TrainingError
from fusion.heads.early import EarlyFusion
from fusion.heads.variational import VariationalBottleneck
from fusion.lit.blend import Blend
from fusion.lit.module import LitFusion
from fusion.lit.trainer import fit, read_checkpoint
from fusion.model import FusionModel
from fusion.penalties.blending import Blending
from fusion.penalties.contrastive import Contrastive
from fusion.penalties.orthogonal import Orthogonal

DIMS = {"rna": 16, "cnv": 16}
NAMES = ("orthogonal", "contrastive", "blending")


class Patients(Dataset):
    """`rna` tells the target; `cnv` has as many columns as patients, and tells nothing."""

    def __init__(self, count, seed, without=()):
        draw = torch.Generator().manual_seed(seed)
        self.rna = torch.randn(count, 1, 6, generator=draw)
        self.cnv = torch.randn(count, 1, 40, generator=draw)
        self.noise = torch.randn(count, 1, generator=draw) / 2
        self.without = without

    def __len__(self):
        return len(self.rna)

    def __getitem__(self, index):
        inputs = {"rna": self.rna[index], "cnv": self.cnv[index]}
        if index % 4 == 3:
            del inputs["cnv"]
        inputs = {m: x for m, x in inputs.items() if m not in self.without}
        size = self.rna[index].sum(dim=1) / 6**0.5 + self.noise[index]
        return Sample(f"p{index}", "A", inputs, {"size": size})


def loader(patients, seed):
    sampler = BudgetSampler(sizes=[1] * len(patients), patients=8, rows=99, seed=seed)
    return DataLoader(patients, batch_sampler=sampler, collate_fn=collate)


TRAIN, VAL = Patients(40, seed=0), Patients(60, seed=1)


@pytest.fixture
def built(module):
    def made(*names, factor=0.1, bottleneck=None, every=2, **more):
        torch.manual_seed(7)
        width = {"rna": 6, "cnv": 40}
        encoders = {
            m: VectorEncoder(in_features=width[m], dim=16, hidden=(), dropout=0.2) for m in DIMS
        }
        head = EarlyFusion(dims=DIMS, out_features=1, dim=8, hidden=8)
        if bottleneck is not None:
            head = VariationalBottleneck(head, dims=DIMS, factor=bottleneck)
        penalties = []
        if "orthogonal" in names:
            penalties.append(Orthogonal(dims=DIMS, dim=8, factor=factor, seed=0))
        if "contrastive" in names:
            given = {"dim": 8, "temperature": 0.07, "factor": factor, "seed": 0}
            penalties.append(Contrastive(dims=DIMS, **given))
        blending = Blending(dims=DIMS, out_features=1, every=every, least=0.05, seed=0)
        settings = {
            "model": FusionModel(encoders=encoders, head=head, modality_dropout=0.1),
            "penalties": penalties,
            "blending": blending if "blending" in names else None,
            "augment": lambda batch, generator: batch,
        }
        return module(weight=None, **settings | more)

    return made


def trained(folder, lit, *, checkpoint=None, epochs=3, val=VAL, **more):
    """The checkpoint of the best epoch."""
    parts = {"train": loader(TRAIN, seed=None), "val": loader(val, seed=None)}
    return fit(
        module=lit,
        train=loader(TRAIN, seed=0),
        val=loader(val, seed=None),
        folder=folder,
        resume_command="",
        checkpoint=checkpoint,
        accelerator="cpu",
        devices=1,
        strategy="auto",
        max_epochs=epochs,
        patience=99,
        gradient_clip=1.0,
        accumulate=1,
        deterministic=True,
        progress=False,
        also=[Blend(**parts)] if lit.blending is not None else [],
        **{"precision": "32-true", **more},
    )


def same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("name", NAMES)
def test_it_moves_the_model_and_is_no_part_of_it(built, tmp_path, name):
    plain, lit = built(), built(name)
    before = {k: v.clone() for k, v in lit.state_dict().items()}
    trained(tmp_path / "plain", plain, epochs=1)
    best = trained(tmp_path / "with", lit, epochs=1)
    assert lit.model.state_dict().keys() == plain.model.state_dict().keys()
    assert not same(lit.model.state_dict(), plain.model.state_dict())
    beside = {k: v for k, v in lit.state_dict().items() if not k.startswith("model.")}
    assert beside.keys() & read_checkpoint(best)["state_dict"].keys() == beside.keys()
    learned = {k for k, _ in lit.named_parameters() if not k.startswith("model.")}
    assert bool(learned) == (name != "orthogonal")
    assert all(not torch.equal(lit.state_dict()[k], before[k]) for k in learned)


@pytest.mark.parametrize("name", ["orthogonal", "contrastive"])
def test_without_a_factor_it_is_nothing_bit_for_bit(built, tmp_path, name):
    plain, null = built(), built(name, factor=0.0)
    trained(tmp_path / "plain", plain, epochs=1)
    trained(tmp_path / "null", null, epochs=1)
    assert same(plain.model.state_dict(), null.model.state_dict())


def test_several_are_added_and_weighed_by_name(built, tmp_path):
    """Half of the factor is half by name, bit for bit; both are in the history."""
    half = built("orthogonal", "contrastive", factor=0.25)
    factors = {"orthogonal": 0.5, "contrastive": 0.5}
    named = built("orthogonal", "contrastive", factor=0.5, penalty=factors)
    trained(tmp_path / "half", half, epochs=1)
    trained(tmp_path / "named", named, epochs=1)
    assert same(half.state_dict(), named.state_dict())
    row = next(csv.DictReader((tmp_path / "half" / "history.csv").read_text().splitlines()))
    assert float(row["penalty/orthogonal"]) > 0.0
    assert float(row["penalty/contrastive"]) > 0.0


class Stopped(LitFusion):
    def training_step(self, batch, batch_idx):
        if (self.current_epoch, batch_idx) == self.when:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().training_step(batch, batch_idx)


def test_a_resumed_run_is_an_unbroken_one(built, tmp_path):
    """All at once; stopped before and in the epoch whose start sets the weights anew."""
    unbroken = built(*NAMES, bottleneck=0.001)
    trained(tmp_path / "whole", unbroken)
    for when in ((1, 4), (2, 0)):
        stopped, folder = built(*NAMES, bottleneck=0.001), tmp_path / f"{when}"
        stopped.__class__, stopped.when = Stopped, when
        with pytest.raises(Interrupted):
            trained(folder, stopped)
        resumed = built(*NAMES, bottleneck=0.001)
        trained(folder, resumed, checkpoint=folder / "checkpoints" / "last.ckpt")
        assert same(unbroken.state_dict(), resumed.state_dict()), when
    assert len(unbroken.blending.weights.unique()) > 1


def test_a_modality_that_overfits_gets_less_of_the_loss(built, tmp_path):
    """Noise with as many columns as patients can be learned by heart, and foretells nobody."""
    lit = built("blending", every=4)
    trained(tmp_path, lit, epochs=5)
    share = {name: weight.item() for name, weight in lit.blending.share().items()}
    assert sum(share.values()) == pytest.approx(1.0)
    assert share["cnv"] < 0.1
    assert share["rna"] > 0.3
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    assert [float(r["blending/cnv"]) for r in rows[:4]] == pytest.approx([1 / 3] * 4)
    assert float(rows[4]["blending/cnv"]) == pytest.approx(share["cnv"])


def test_estimates_are_losses_over_all_patients_who_have_the_modality(built, tmp_path):
    lit = built("blending", every=1)
    trained(tmp_path, lit, epochs=1)
    untrained = built("blending", every=1).eval()
    for row, patients in enumerate((TRAIN, VAL)):
        batch = collate([patients[i] for i in range(len(patients))])
        target = batch.targets["size"].values
        with torch.no_grad():
            tokens = untrained.model.encode(batch)
            fused = (untrained.model.fuse(tokens).outputs - target).square().mean()
            for column, name in enumerate(lit.blending.names):
                has = tokens[name].present
                error = untrained.blending(tokens)[name][has] - target[has]
                loss = lit.blending.losses[row, column].item()
                assert loss == pytest.approx(error.square().mean().item(), rel=1e-5)
        assert lit.blending.losses[row, 2].item() == pytest.approx(fused.item(), rel=1e-5)


def test_a_modality_that_validation_lacks_is_refused(built, tmp_path):
    with pytest.raises(TrainingError, match="validation patient with cnv and a label"):
        trained(tmp_path, built("blending"), val=Patients(9, seed=1, without=("cnv",)))


def test_mixed_precision_trains(built, tmp_path):
    lit = built(*NAMES, bottleneck=0.001, every=1)
    trained(tmp_path, lit, epochs=2, precision="bf16-mixed")
    assert all(v.isfinite().all() for v in lit.state_dict().values())
    assert len(lit.blending.weights.unique()) > 1
