import pytest
import torch

from fusion.errors import TrainingError
from fusion.heads.attention import AttentionFusion
from fusion.heads.missing.filled import FilledFusion
from fusion.heads.missing.learned import LearnedToken
from fusion.heads.missing.mean import MeanToken
from fusion.heads.missing.nearest import NearestPatients
from fusion.heads.missing.reconstruct import Reconstruction
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def test_the_head_sees_what_stands_in_exactly_where_a_modality_is_absent():
    torch.manual_seed(0)
    inner = AttentionFusion(dims=DIMS, out_features=OUT, dim=16).eval()
    fill = LearnedToken(dims=DIMS)
    head, tokens = FilledFusion(inner, fill=fill).eval(), example()
    filled = {}
    for m, t in tokens.items():
        features, mask = t.features.clone(), t.mask.clone()
        features[~t.present, 0] = fill.absent[m].detach()
        mask[~t.present, 0] = True
        filled[m] = Tokens(features, mask)
    assert torch.equal(head(tokens).outputs, inner(filled).outputs)
    for m, t in tokens.items():
        share, given = head(tokens).attention[m], inner(filled).attention[m]
        assert torch.equal(share[t.present], given[t.present])
        assert not share[~t.present].any()


@pytest.mark.parametrize(
    "fill",
    [
        MeanToken(dims=DIMS),
        NearestPatients(dims=DIMS, neighbours=2),
        Reconstruction(dims=DIMS, hidden=4, hide=0.5, weight=1.0),
    ],
    ids=lambda fill: type(fill).__name__,
)
def test_nobody_is_filled_in_from_nothing(fill):
    if not isinstance(fill, Reconstruction):
        fill.fit([example(seed=1)])
    tokens = example()
    anything = torch.stack([t.present for t in tokens.values()]).any(dim=0)
    for t in fill.eval()(tokens)[0].values():
        assert torch.equal(t.present, anything)


@pytest.mark.parametrize("fill", [MeanToken(dims=DIMS), NearestPatients(dims=DIMS, neighbours=2)])
def test_no_statistic_is_guessed_before_it_is_fitted(fill):
    with pytest.raises(TrainingError, match="fit_missing first"):
        fill(example())
    with pytest.raises(TrainingError, match=r"no training patient to fit .* choose missing=masked"):
        fill.fit([])


@pytest.mark.parametrize("fill", [MeanToken(dims=DIMS), NearestPatients(dims=DIMS, neighbours=2)])
def test_nothing_stands_for_what_no_training_patient_has(fill):
    train = example(seed=1)
    train["rna"] = Tokens(train["rna"].features, torch.zeros_like(train["rna"].mask))
    fill.fit([train])
    tokens = example()
    filled = fill.eval()(tokens)[0]
    assert torch.equal(filled["rna"].mask, tokens["rna"].mask)
    assert filled["mri"].present[tokens["rna"].present].all()
    assert all(t.filled.isfinite().all() for t in filled.values())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("fill", [MeanToken(dims=DIMS), NearestPatients(dims=DIMS, neighbours=2)])
def test_patients_who_are_filled_in_move_no_buffer(fill, training):
    fill.fit([example(seed=1)])
    before = {name: value.clone() for name, value in fill.state_dict().items()}
    fill.train(training)(example(seed=2))
    for name, value in fill.state_dict().items():
        assert torch.equal(value, before[name]), name
