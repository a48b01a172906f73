import copy

import numpy as np
import pytest
import torch
from sklearn.impute import KNNImputer

from fusion.errors import ConfigError
from fusion.heads.missing.nearest import NearestPatients
from fusion.types import Tokens

NAMES = ("clinical", "mri", "rna")


def drawn(seed, patients, width=3):
    """Three modalities of one width, each lacking in a third of the patients, each on a scale."""
    draw = torch.Generator().manual_seed(seed)
    tokens = {}
    for i, m in enumerate(NAMES):
        x = 10.0**i * (1 + torch.randn(patients, 1, width, generator=draw))
        tokens[m] = Tokens(x, torch.rand(patients, 1, generator=draw) > 1 / 3)
    return tokens


def flat(tokens):
    """Modalities end to end, NaN where absent."""
    parts = [t.features[:, 0].masked_fill(~t.mask, torch.nan) for t in tokens.values()]
    return torch.cat(parts, dim=1).double().numpy()


def test_equals_the_imputer_of_scikit_learn():
    """Its distance with absent values is ours where modalities are equally wide and scaled."""
    train, new = drawn(0, 60), drawn(1, 40)
    fill = NearestPatients(dims=dict.fromkeys(NAMES, 3), neighbours=4).eval()
    fill.fit([train])
    filled = fill(new)[0]
    x = flat(train)
    spread = np.repeat([np.nansum(np.nanvar(x[:, i : i + 3], axis=0)) for i in (0, 3, 6)], 3)
    theirs = KNNImputer(n_neighbors=4).fit(x / spread**0.5).transform(flat(new) / spread**0.5)
    who = torch.stack([t.present for t in new.values()]).any(dim=0)
    ours = np.concatenate([t.features[:, 0].numpy() for t in filled.values()], axis=1)
    expected = theirs * spread**0.5
    np.testing.assert_allclose(ours[who], expected[who], rtol=1e-4)


def test_a_planted_relation_is_recovered(related, error_of):
    fill = NearestPatients(dims={"mri": 2, "rna": 3}, neighbours=5)
    fill.fit([related(seed=0)])
    # the mean has 1; five neighbours among 400 in two dimensions lie a few tenths away
    assert error_of(fill) < 0.1


def test_a_hidden_modality_is_not_filled_in_from_the_same_patient(related):
    train = related(seed=0, patients=30)
    fill = NearestPatients(dims={"mri": 2, "rna": 3}, neighbours=1)
    fill.fit([train])
    hidden = {**train, "rna": Tokens(train["rna"].features, torch.zeros_like(train["rna"].mask))}
    own = train["rna"].features
    assert torch.equal(fill.eval()(hidden)[0]["rna"].features, own)
    fill.own = torch.arange(30)
    assert torch.equal(fill.eval()(hidden)[0]["rna"].features, own)  # nobody hides anything then
    others = fill.train()(hidden)[0]["rna"].features
    assert (others - own).abs().amax(dim=(1, 2)).min() > 0
    second = NearestPatients(dims={"mri": 2, "rna": 3}, neighbours=1).eval()
    for i in (0, 17):  # as if the patient had never been there
        rest = [j for j in range(30) if j != i]
        second.fit([{m: Tokens(t.features[rest], t.mask[rest]) for m, t in train.items()}])
        alone = {m: Tokens(t.features[[i]], t.mask[[i]]) for m, t in hidden.items()}
        torch.testing.assert_close(second(alone)[0]["rna"].features, others[[i]])


def test_who_shares_nothing_with_anybody_gets_the_mean():
    one, two = torch.tensor([[True], [False]]), torch.tensor([[False], [True]])
    train = {
        "mri": Tokens(torch.ones(2, 1, 1), one),
        "rna": Tokens(torch.full((2, 1, 1), 5.0), two),
    }
    fill = NearestPatients(dims={"mri": 1, "rna": 1}, neighbours=3)
    fill.fit([train])
    for mode in (True, False):
        filled = fill.train(mode)(train)[0]
        assert filled["mri"].features.flatten().tolist() == [1.0, 1.0]
        assert filled["rna"].features.flatten().tolist() == [5.0, 5.0]


def test_training_patients_who_are_all_alike_leave_distances_finite():
    there = torch.ones(3, 1, dtype=torch.bool)
    train = {m: Tokens(torch.ones(3, 1, 2), there) for m in ("mri", "rna")}
    fill = NearestPatients(dims={"mri": 2, "rna": 2}, neighbours=2).eval()
    fill.fit([train])
    new = {
        "mri": Tokens(torch.zeros(1, 1, 2), there[:1]),
        "rna": Tokens(torch.zeros(1, 1, 2), ~there[:1]),
    }
    assert fill(new)[0]["rna"].features.tolist() == [[[1.0, 1.0]]]


def test_saved_weights_bring_their_own_number_of_patients(related):
    dims = {"mri": 2, "rna": 3}
    fitted, fresh = (NearestPatients(dims=dims, neighbours=2).eval() for _ in range(2))
    fitted.fit([related(seed=0)])
    fresh.load_state_dict(fitted.state_dict())
    twin = copy.deepcopy(NearestPatients(dims=dims, neighbours=2))
    twin.load_state_dict(fitted.state_dict())
    for other in (fresh, twin):
        for name, value in fitted.state_dict().items():
            assert torch.equal(other.state_dict()[name], value), name
    narrow = NearestPatients(dims={"mri": 2, "rna": 2}, neighbours=2)
    with pytest.raises(RuntimeError, match="size mismatch for bank"):
        narrow.load_state_dict(fitted.state_dict())


def test_other_modalities_than_those_it_was_built_for_are_refused(related):
    fill = NearestPatients(dims={"mri": 2}, neighbours=2)
    with pytest.raises(ConfigError, match="built for mri but was given mri, rna"):
        fill.fit([related(seed=0)])
