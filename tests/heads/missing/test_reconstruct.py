import torch

from fusion.heads.early import EarlyFusion
from fusion.heads.missing.filled import FilledFusion
from fusion.heads.missing.reconstruct import Reconstruction
from fusion.testing.head_examples import DIMS, OUT, example

TWO = {"mri": 2, "rna": 3}


def learned(tokens, steps=100):
    torch.manual_seed(0)
    fill = Reconstruction(dims=TWO, hidden=32, hide=0.5, weight=1.0).train()
    optimizer = torch.optim.Adam(fill.parameters(), lr=3e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        fill(tokens)[1]["reconstruction"].backward()
        optimizer.step()
    return fill


def test_a_planted_relation_is_recovered(related, error_of):
    # the mean has 1 and the noise 0.003; a network of 32 units in 100 steps comes near
    assert error_of(learned(related(seed=0))) < 0.1


def test_the_same_seed_learns_the_same_bytes(related):
    one, two = (learned(related(seed=0), steps=5) for _ in range(2))
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name]), name


def test_nothing_is_learned_where_nothing_is_shared(related, error_of):
    """The null: patients of whom the two modalities are not of the same people."""
    tokens = related(seed=0)
    shuffled = {**tokens, "rna": related(seed=5)["rna"]}
    assert error_of(learned(shuffled)) > 0.9


def test_the_penalty_is_the_squared_error_on_what_was_hidden():
    torch.manual_seed(0)
    fill, tokens = Reconstruction(dims=DIMS, hidden=4, hide=1.0, weight=3.0), example()
    for weight in fill.parameters():
        weight.data.zero_()
    # a network of zeros predicts 0: the error is the mean square of what was hidden. With `hide`
    # of 1 all but one modality of a patient is; who has one has nothing hidden.
    squares = torch.stack([tokens[m].mean().square().mean(dim=1) for m in sorted(DIMS)], dim=1)
    present = torch.stack([tokens[m].present for m in sorted(DIMS)], dim=1)
    several = present & (present.sum(dim=1, keepdim=True) > 1)
    low, high = [], []
    for row, there in zip(squares, several, strict=True):
        hidden = sorted(row[there].tolist())
        low += hidden[:-1]
        high += hidden[1:]
    penalty = float(fill(tokens)[1]["reconstruction"].detach()) / 3.0
    assert sum(low) / len(low) <= penalty <= sum(high) / len(high)


def test_nobody_with_two_modalities_is_no_penalty_and_still_a_gradient():
    fill = Reconstruction(dims=DIMS, hidden=4, hide=0.5, weight=1.0)
    tokens = example()
    alone = torch.stack([t.present for t in tokens.values()]).sum(dim=0) == 1
    few = {m: type(t)(t.features[alone], t.mask[alone]) for m, t in tokens.items()}
    penalty = fill(few)[1]["reconstruction"]
    penalty.backward()
    assert float(penalty.detach()) == 0.0
    assert all(w.grad is not None for w in fill.parameters())


def test_the_penalty_alone_trains_the_network_and_the_network_alone():
    torch.manual_seed(0)
    fill = Reconstruction(dims=DIMS, hidden=4, hide=0.5, weight=1.0)
    head = FilledFusion(EarlyFusion(dims=DIMS, out_features=OUT, dim=8, hidden=8), fill=fill)
    tokens = example()
    for t in tokens.values():
        t.features.requires_grad_()
    fused = head(tokens)
    fused.outputs.sum().backward(retain_graph=True)
    assert all(w.grad is None for w in fill.parameters())
    before = {m: t.features.grad.clone() for m, t in tokens.items()}
    fused.penalties["reconstruction"].backward()
    assert all(w.grad.any() for w in fill.parameters())
    assert all(torch.equal(t.features.grad, before[m]) for m, t in tokens.items())
