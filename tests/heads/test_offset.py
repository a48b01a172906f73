"""With nothing added the model is the clinical model."""

import numpy as np
import pytest
import torch

from fusion.baseline import fit_class_baseline, fit_cox_baseline, survival
from fusion.encoders.identity import IdentityEncoder
from fusion.errors import ConfigError
from fusion.heads.early import EarlyFusion
from fusion.heads.offset import ClinicalOffset
from fusion.heads.offset_links import Offset
from fusion.model import FusionModel
from fusion.run.offset import frozen
from fusion.tasks.classification import Classification
from fusion.tasks.cox import Cox
from fusion.tasks.ordinal import Ordinal
from fusion.types import Tokens

COLUMNS = 4
DIMS = {"rna": 6, "clinical": COLUMNS}
CLASSES = ["low", "middle", "high"]
HORIZONS = [200.0, 700.0]


def built(out_features, dims=DIMS, shrink=0.01, dropout=0.0):
    torch.manual_seed(0)
    inner = EarlyFusion(dims=dims, out_features=8, dim=8, hidden=8, dropout=dropout)
    more = {"clinical": "clinical", "hidden": 8, "shrink": shrink}
    return ClinicalOffset(inner, dims=dims, out_features=out_features, **more)


def tokens(clinical, rna, present=None):
    there = torch.ones(len(clinical), 1, dtype=torch.bool)
    mine = there if present is None else present[:, None]
    return {"clinical": Tokens(clinical[:, None], mine), "rna": Tokens(rna[:, None], there)}


@pytest.fixture(scope="module", autouse=True)
def few_penalties():
    """To choose among, since each takes six regressions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survival, "PENALTIES", (0.01, 0.1))
        yield


@pytest.fixture(scope="module")
def clinic():
    """Columns, and outcomes that depend on them: days and event, and one of three classes."""
    random = np.random.default_rng(0)
    x = random.normal(size=(120, COLUMNS)).astype(np.float32)
    risk = x @ np.array([1.0, -0.5, 0.0, 0.2])
    days = random.exponential(600 * np.exp(-risk)) + 1
    seen = random.exponential(1500, size=120) + 300
    kind = np.digitize(risk + random.logistic(size=120), [-0.7, 0.7])
    return x, np.minimum(days, seen), days <= seen, kind


@pytest.fixture(scope="module")
def fitted(clinic):
    """A model of each kind, and a head that they are frozen into: ordinal, Cox, classes."""
    x, days, event, kind = (part[:90] for part in clinic)
    cox = fit_cox_baseline(x, days, event, HORIZONS, seed=0)
    classes = fit_class_baseline(x, kind, CLASSES, seed=0)
    head = built(out_features=2 + 1 + 3)
    head.freeze(frozen([classes, cox, classes], [True, False, False]), torch.from_numpy(x))
    return cox, classes, head


def test_before_training_the_answers_are_those_of_the_clinical_model(clinic, fitted):
    """Of patients outside training too; single precision keeps seven digits of small sums."""
    cox, classes, head = fitted
    x, days, event, _ = clinic
    given = tokens(torch.from_numpy(x), torch.randn(len(x), 6))
    outputs = head.eval()(given).outputs
    wanted = classes.predict(x)
    for task, columns in (
        (Ordinal(classes=CLASSES), outputs[:, :2]),
        (Classification(classes=CLASSES, balanced=False), outputs[:, 3:]),
    ):
        for name, p in task.predict(columns).items():
            np.testing.assert_allclose(p.detach().numpy(), wanted[name], rtol=0, atol=1e-5)
    hazard = Cox(horizons_days=HORIZONS, ties="breslow", risk_sets="batch")
    train = torch.from_numpy(np.stack([days, event], axis=1))[:90]
    hazard.finish(outputs[:90, 2:3], train)
    for name, value in cox.predict(x).items():
        found = hazard.predict(outputs[:, 2:3])[name]
        np.testing.assert_allclose(found.detach().numpy(), value, rtol=0, atol=1e-5)


def test_in_half_precision_the_offset_is_not_rounded(clinic, fitted):
    given = tokens(torch.from_numpy(clinic[0]), torch.randn(120, 6))
    plain = fitted[2](given).outputs
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(fitted[2](given).outputs, plain)


def test_whoever_lacks_the_table_gets_the_mean_offset_and_what_is_added(clinic, fitted):
    x = torch.from_numpy(clinic[0])[:90]
    head = fitted[2]
    rna = torch.randn(90, 6)
    everybody = head.parts(tokens(x, rna))[0]
    nobody = tokens(torch.full_like(x, torch.nan), rna, torch.zeros(90, dtype=torch.bool))
    offset, g, _ = head.parts(nobody)
    torch.testing.assert_close(offset, everybody.mean(dim=0).expand_as(offset))
    assert not g.any()
    with torch.no_grad():
        head.add.weight.fill_(1.0)
        moved = head(nobody).outputs - offset
        head.add.weight.zero_()
    assert len(torch.unique(moved[:, 0])) > 80  # g acts on everybody, by the other modality
    cox = fitted[0]
    mean_risk = float(cox.predict(x.numpy())["risk"].mean())
    assert abs(float(offset[0, 2]) - mean_risk) < 1e-5


def test_modality_dropout_hides_the_table_from_both(clinic, fitted):
    """Hidden as a whole: the constant stands in, never a column that is blanked."""
    x = torch.from_numpy(clinic[0])[:40]
    model = FusionModel(
        encoders={m: IdentityEncoder(in_features=d) for m, d in DIMS.items()},
        head=fitted[2],
        modality_dropout=0.5,
    ).train()
    given = tokens(x, torch.randn(40, 6))
    with torch.random.fork_rng(devices=[]):
        outputs = model.fuse(given).outputs
    whole = fitted[2].parts(given)[0]
    hidden = (outputs == fitted[2].absent).all(dim=1)
    assert 5 < int(hidden.sum()) < 35
    assert torch.equal(outputs[~hidden], whole[~hidden])


def test_gradient_reaches_what_adds_and_never_the_offset(clinic, fitted):
    """Of the inner head from the second step on: at the first its last layer is 0."""
    head = built(out_features=6)
    head.load_state_dict(fitted[2].state_dict())
    before = {n: b.clone() for n, b in head.named_buffers()}
    given = tokens(torch.from_numpy(clinic[0]), torch.randn(120, 6))
    absent = tokens(*(t.features[:, 0] for t in given.values()), torch.zeros(120).bool())
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    reached = []
    for _ in range(2):
        optimizer.zero_grad()
        loss = sum((head(g).outputs - 3).square().mean() for g in (given, absent))
        loss.backward()
        reached.append({n for n, p in head.named_parameters() if p.grad.any()})
        optimizer.step()
    assert reached[0] == {"add.weight", "add.bias"}
    assert reached[1] == {n for n, _ in head.named_parameters()}
    assert all(torch.equal(b, before[n]) for n, b in head.named_buffers())


def test_the_penalty_is_the_mean_square_of_what_is_added(clinic, fitted):
    head = built(out_features=6, shrink=0.3)
    head.load_state_dict(fitted[2].state_dict())
    given = tokens(torch.from_numpy(clinic[0]), torch.randn(120, 6))
    assert head(given).penalties["offset_shrink"].item() == 0.0
    torch.nn.init.constant_(head.add.bias, 2.0)
    assert head(given).penalties["offset_shrink"].item() == pytest.approx(0.3 * 4.0)


def test_unfitted_it_refuses():
    with pytest.raises(ConfigError, match="not fitted yet"):
        built(1)(tokens(torch.zeros(2, COLUMNS), torch.zeros(2, 6)))
    with pytest.raises(ConfigError, match="modality 'clinical' is not configured"):
        built(1, dims={"rna": 6})


def test_links_of_ordered_classes_by_hand():
    offset = Offset.steps(torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([0.0, 0.5, 0.0]))
    assert offset.weight.tolist() == [[1.0], [3.0]]
    assert offset.upper.tolist() == [[True, True, False], [False, True, False]]
    assert offset.lower.tolist() == [[False, False, True], [True, False, False]]
