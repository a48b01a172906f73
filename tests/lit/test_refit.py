"""What stands for a missing modality is that of the training patients, with an epoch's weights."""

import os
import signal
from functools import partial

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from fusion.data.sample import Sample, collate
from fusion.data.sampler import BudgetSampler
from fusion.encoders.vector import VectorEncoder
from fusion.errors import Interrupted
from fusion.heads.early import EarlyFusion
from fusion.heads.missing.filled import FilledFusion
from fusion.heads.missing.mean import MeanToken
from fusion.heads.missing.nearest import NearestPatients
from fusion.lit.module import LitFusion
from fusion.lit.refit import RefitMissing
from fusion.lit.trainer import fit, read_checkpoint
from fusion.model import FusionModel

DIMS = {"rna": 16, "cnv": 16}
FILLS = {"mean": MeanToken, "knn": partial(NearestPatients, neighbours=2)}


class Drawn(Dataset):
    """Patients of whom a third lack one of two modalities."""

    def __init__(self, seed, patients):
        draw = torch.Generator().manual_seed(seed)
        self.rows = torch.randn(patients, 1, 6, generator=draw)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        x = self.rows[index]
        inputs = {"rna": x} if index % 3 == 0 else {"rna": x, "cnv": x + 1}
        return Sample(f"p{index}", "AB"[index % 2], inputs, {"size": x.sum(dim=1)})


def loader(dataset, seed):
    sampler = BudgetSampler(sizes=[1] * len(dataset), patients=4, rows=99, seed=seed)
    return DataLoader(dataset, batch_sampler=sampler, collate_fn=collate)


TRAIN = Drawn(seed=0, patients=14)


@pytest.fixture
def built(module):
    def made(fill):
        torch.manual_seed(7)
        encoders = {m: VectorEncoder(in_features=6, dim=16, hidden=(), dropout=0.5) for m in DIMS}
        head = EarlyFusion(dims=DIMS, out_features=1, dim=8, hidden=8)
        filled = FilledFusion(head, fill=FILLS[fill](dims=DIMS))
        return module(
            weight=None, model=FusionModel(encoders=encoders, head=filled, modality_dropout=0.3)
        )

    return made


def trained(folder, lit, *, val, checkpoint=None):
    """The checkpoint of the best of three epochs."""
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
        precision="32-true",
        max_epochs=3,
        patience=9,
        gradient_clip=1.0,
        accumulate=1,
        deterministic=True,
        progress=False,
        also=[RefitMissing(train=loader(TRAIN, seed=None))],
    )


class Signalled(LitFusion):
    """Stops itself in the middle of an epoch."""

    def training_step(self, batch, batch_idx):
        if (self.current_epoch, batch_idx) == (1, 2):
            os.kill(os.getpid(), signal.SIGTERM)
        return super().training_step(batch, batch_idx)


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


@pytest.mark.parametrize("fill", FILLS)
def test_the_epoch_was_judged_with_what_the_model_has_in_the_end(built, tmp_path, fill):
    """Bit for bit: fitting again with the weights of the chosen epoch changes nothing."""
    lit = built(fill)
    best = read_checkpoint(trained(tmp_path, lit, val=Drawn(seed=1, patients=8)))["state_dict"]
    lit.load_state_dict(best)
    lit.model.fit_missing(loader(TRAIN, seed=None))
    same(lit.state_dict(), best)
    # and it is what these weights make of the training patients, one after the other
    lit.eval()
    alone = [lit.model.encode(collate([TRAIN[i]])) for i in range(len(TRAIN))]
    tokens = torch.stack([t["cnv"].mean()[0] for t in alone if t["cnv"].present.all()])
    mean = best["model.head.fill.mean"][:16]  # of cnv: names are sorted
    torch.testing.assert_close(mean, tokens.mean(dim=0).detach())


@pytest.mark.parametrize("fill", FILLS)
def test_no_validation_patient_moves_any_weight_or_buffer(built, tmp_path, fill):
    states = []
    for seed in (1, 2):
        lit = built(fill)
        trained(tmp_path / str(seed), lit, val=Drawn(seed=seed, patients=5 + seed))
        states.append(lit.state_dict())  # after the last epoch: the best one may differ
    same(*states)


def test_in_training_each_patient_is_known_by_the_own_row(built, tmp_path):
    lit, val = built("knn"), Drawn(seed=1, patients=8)
    seen = []

    def watch(fill, _):
        if fill.training:
            seen.append(fill.own)

    def shown(batch, generator):
        seen.append([int(p.removeprefix("p")) for p in batch.patient_ids])
        return batch

    lit.augment = shown
    lit.model.head.fill.register_forward_pre_hook(watch)
    trained(tmp_path, lit, val=val)
    assert len(seen) == 2 * 3 * 4  # epochs of four batches
    assert all(rows.tolist() == ids for ids, rows in zip(seen[::2], seen[1::2], strict=True))


@pytest.mark.parametrize("fill", FILLS)
def test_a_resumed_run_fills_as_one_that_was_not_stopped(built, tmp_path, fill):
    val, whole = Drawn(seed=1, patients=8), built(fill)
    trained(tmp_path / "whole", whole, val=val)
    stopped = built(fill)
    stopped.__class__ = Signalled
    with pytest.raises(Interrupted):
        trained(tmp_path / "stopped", stopped, val=val)
    resumed = built(fill)
    last = tmp_path / "stopped" / "checkpoints" / "last.ckpt"
    trained(tmp_path / "stopped", resumed, val=val, checkpoint=last)
    same(resumed.state_dict(), whole.state_dict())
