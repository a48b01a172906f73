"""A planted shift between centres: without a penalty the tokens tell it, with one less."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from fusion.data.sample import Sample, collate
from fusion.encoders.vector import VectorEncoder
from fusion.heads.early import EarlyFusion
from fusion.invariance.adversarial import Adversarial
from fusion.invariance.coral import Coral
from fusion.model import FusionModel
from fusion.statistics.c2st import c2st

DIMS = {"rna": 8}
STEPS = 400


def people(seed, rows=300):
    """The label is in the first column; the centre moves three others by a standard deviation."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 6, generator=draw)
    label = (x[:, 0] + 0.5 * torch.randn(rows, generator=draw) > 0).float()
    center = torch.arange(rows) % 2
    x[:, 1:4] += center[:, None]
    samples = [Sample(f"p{i}", "AB"[i % 2], {"rna": x[i : i + 1]}, {}) for i in range(rows)]
    return collate(samples), label


def trained(invariance, seed=0):
    """AUC of the label, and of the centre told from the tokens, in new patients."""
    torch.manual_seed(seed)
    encoders = {"rna": VectorEncoder(in_features=6, dim=8, hidden=(16,), dropout=0.0)}
    head = EarlyFusion(dims=DIMS, out_features=1, dim=8, hidden=16, dropout=0.0)
    model = FusionModel(encoders=encoders, head=head)
    learned = [*model.parameters(), *(invariance.parameters() if invariance else [])]
    optimizer = torch.optim.AdamW(learned, lr=5e-3)
    batch, label = people(1)
    for step in range(STEPS):
        optimizer.zero_grad()
        tokens = model.encode(batch)
        logits = model.fuse(tokens).outputs[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, label)
        if invariance is not None:
            loss = loss + sum(invariance(tokens, batch.centers, step / STEPS).values())
        loss.backward()
        optimizer.step()
    test, truth = people(2)
    model.eval()
    with torch.no_grad():
        tokens = model.encode(test)
        auc = roc_auc_score(truth, model.fuse(tokens).outputs[:, 0])
    told = c2st(tokens["rna"].mean().double().numpy(), np.array(test.centers), seed=0)
    return auc, told.auc


@pytest.fixture(scope="module")
def without():
    return trained(None)


@pytest.mark.parametrize(
    "invariance",
    [
        Coral(centers=["A", "B"], weight=1.0, means=1.0, patients=3),
        Adversarial(dims=DIMS, centers=["A", "B"], weight=1.0, hidden=64, seed=0),
    ],
    ids=["coral", "adversarial"],
)
def test_the_center_is_told_less_and_the_label_as_well(without, invariance):
    """Six seeds gave for the centre 0.84 to 0.90 without, 0.63 to 0.69 with CORAL and 0.65 to
    0.74 with the adversary; the label's AUC changed by -0.024 to +0.024."""
    label, center = without
    assert center > 0.8
    after_label, after_center = trained(invariance)
    assert after_center < center - 0.1
    assert after_label > label - 0.05
