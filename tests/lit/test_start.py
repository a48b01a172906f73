"""The model before training is one to choose among: here the clinical model, with nothing added.

Planted in another modality, a signal is found beside it; nothing planted, next to nothing is added.
"""

from functools import cache, partial

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from fusion.baseline import fit_cox_baseline, survival
from fusion.data.sample import Sample, collate
from fusion.data.sampler import BudgetSampler
from fusion.encoders.base import one_token
from fusion.encoders.identity import IdentityEncoder
from fusion.heads.early import EarlyFusion
from fusion.heads.offset import ClinicalOffset
from fusion.lit.start import BEFORE, Start
from fusion.lit.trainer import fit, read_checkpoint
from fusion.metrics.concordance import harrell_c
from fusion.model import FusionModel
from fusion.run.offset import frozen
from fusion.statistics.bootstrap import paired_bootstrap
from fusion.tasks.cox import Cox

COLUMNS = 4
DIMS = {"clinical": COLUMNS, "rna": 6}


@pytest.fixture(scope="module", autouse=True)
def few_penalties():
    """To choose among, since each takes six regressions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survival, "PENALTIES", (0.01, 0.1))
        yield


class People(Dataset):
    def __init__(self, clinical, rna, targets):
        self.inputs = {"clinical": clinical, "rna": rna}
        self.targets = targets

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, i):
        inputs = {m: x[i : i + 1] for m, x in self.inputs.items()}
        return Sample(f"p{i}", "c", inputs, {"os": self.targets[i]})


def drawn(seed, n, planted):
    """Hazards of the clinic, and of one RNA number where planted; a fifth censored."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, COLUMNS)).astype(np.float32)
    rna = random.normal(size=(n, 6)).astype(np.float32)
    risk = x @ np.array([0.8, -0.4, 0.0, 0.0]) + planted * rna[:, 2]
    days = random.exponential(np.exp(-risk)) * 500 + 1
    event = random.random(n) < 0.8
    targets = torch.from_numpy(np.stack([days, event], axis=1)).float()
    return torch.from_numpy(x), torch.from_numpy(rna), targets


def loader(people, seed):
    sampler = BudgetSampler(sizes=[1] * len(people), patients=64, rows=10**6, seed=seed)
    return DataLoader(people, batch_sampler=sampler, collate_fn=collate)


@cache
def regression(planted):
    x, _, y = drawn(1, 200, planted)
    days, event = y.double().numpy().T
    return fit_cox_baseline(x.numpy(), days, event > 0, [400.0], seed=0)


def learned(module, folder, planted, epochs=10, checkpoint=None, lr=1e-2):
    """Offset and g of 600 new patients, their labels, and the checkpoint that was chosen."""
    train, val, new = (drawn(s, n, planted) for s, n in ((1, 200), (2, 100), (3, 600)))
    torch.manual_seed(0)
    inner = EarlyFusion(dims=DIMS, out_features=8, dim=8, hidden=8, dropout=0.1)
    own = {"clinical": "clinical", "hidden": 8, "shrink": 0.01}
    head = ClinicalOffset(inner, dims=DIMS, out_features=1, **own)
    head.freeze(frozen([regression(planted)], [False]), train[0])
    encoders = {m: IdentityEncoder(in_features=d) for m, d in DIMS.items()}
    lit = module(
        None,
        model=FusionModel(encoders=encoders, head=head, modality_dropout=0.1),
        tasks={"os": Cox(horizons_days=[400.0], ties="breslow", risk_sets="batch")},
        weights={"os": 1.0},
        augment=lambda batch, _: batch,
        optimizer=partial(torch.optim.AdamW, lr=lr, weight_decay=1e-2),
    )
    best = fit(
        module=lit,
        train=loader(People(*train), seed=0),
        val=loader(People(*val), seed=None),
        folder=folder,
        resume_command="",
        checkpoint=checkpoint,
        accelerator="cpu",
        devices=1,
        strategy="auto",
        precision="32-true",
        max_epochs=epochs,
        patience=8,
        gradient_clip=1.0,
        accumulate=1,
        deterministic=True,
        progress=False,
        also=[Start(path=folder / "checkpoints" / "start.ckpt")],
    )
    chosen = read_checkpoint(best)
    lit.load_state_dict(chosen["state_dict"])
    with torch.no_grad():
        offset, g, _ = head.eval().parts(dict(zip(DIMS, map(one_token, new[:2]), strict=True)))
    return offset[:, 0].numpy(), g[:, 0].numpy(), new[2].double().numpy(), chosen


def gain(offset, g, y):
    """C of the sum minus C of the offset, with its paired interval."""

    def c(risk, days, event):
        return harrell_c(risk, days, event > 0)

    arms = [(risk.astype(float), y[:, 0], y[:, 1]) for risk in (offset + g, offset)]
    return paired_bootstrap(c, *arms, draws=200, seed=0)


def test_a_planted_signal_of_another_modality_is_found(module, tmp_path):
    offset, g, y, chosen = learned(module, tmp_path, planted=1.0)
    assert chosen["epoch"] > BEFORE
    assert gain(offset, g, y).low > 0.02
    planted = drawn(3, 600, 1.0)[1][:, 2].numpy()
    assert np.corrcoef(g, planted)[0, 1] > 0.8


def test_without_a_signal_what_is_added_stays_small(module, tmp_path):
    """A third of the offset's spread at most; C may fall by what 600 patients cannot tell."""
    offset, g, y, _ = learned(module, tmp_path, planted=0.0)
    assert g.std() < offset.std() / 3
    assert gain(offset, g, y).value > -0.01


def test_if_no_epoch_beats_the_clinical_model_that_one_is_kept(module, tmp_path):
    """Steps that are far too long do harm in every epoch."""
    _, g, _, chosen = learned(module, tmp_path, planted=0.0, epochs=3, lr=3.0)
    assert chosen["epoch"] == BEFORE
    assert not g.any()
    assert pd.read_csv(tmp_path / "history.csv")["epoch"].tolist() == [-1, 0, 1, 2]
    # a resumed run goes by the same start, and validates it no second time
    start = tmp_path / "checkpoints" / "start.ckpt"
    before = start.stat().st_mtime_ns
    last = tmp_path / "checkpoints" / "last.ckpt"
    again = learned(module, tmp_path, planted=0.0, epochs=4, lr=3.0, checkpoint=last)[3]
    assert start.stat().st_mtime_ns == before
    history = pd.read_csv(tmp_path / "history.csv")
    assert history["epoch"].tolist() == [-1, 0, 1, 2, 3]
    assert again["epoch"] == history["epoch"][history["val_loss"].idxmin()]
