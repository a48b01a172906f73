import torch

from fusion.heads.masking import masked_softmax, shares


def test_a_masked_softmax_is_the_softmax_of_what_is_there():
    draw = torch.Generator().manual_seed(0)
    scores, mask = torch.randn(50, 6, generator=draw), torch.rand(50, 6, generator=draw) < 0.5
    weights = masked_softmax(scores, mask, dim=1)
    for row, real, given in zip(weights, mask, scores, strict=True):
        torch.testing.assert_close(row[real], given[real].softmax(dim=0))
        assert not row[~real].any()


def test_nobody_there_leaves_finite_gradients():
    scores = torch.tensor([[1e30, -1e30], [5.0, 5.0]], requires_grad=True)
    weights = masked_softmax(scores, torch.zeros(2, 2, dtype=torch.bool), dim=1)
    assert not weights.any()
    weights.sum().backward()
    assert not scores.grad.any()


def test_shares_of_nothing_are_nothing_and_their_gradient_is_finite():
    masses = [torch.zeros(2, requires_grad=True), torch.tensor([0.0, 3.0], requires_grad=True)]
    found = shares("ab", masses)
    assert found["b"].tolist() == [0.0, 1.0]
    torch.stack(list(found.values())).square().sum().backward()
    assert all(torch.isfinite(m.grad).all() for m in masses)
