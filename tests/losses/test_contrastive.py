import math

import pytest
import torch

from fusion.losses.contrastive import contrastive


def brute_force(views, owners, temperature):
    """By the definition, in doubles, with no trick against overflow."""
    terms = []
    for i in range(len(views)):
        weights = [
            0.0 if k == i else math.exp(float(views[i] @ views[k]) / temperature)
            for k in range(len(views))
        ]
        friends = [k for k in range(len(views)) if k != i and owners[k] == owners[i]]
        if friends:
            logs = [math.log(weights[k] / sum(weights)) for k in friends]
            terms.append(-sum(logs) / len(logs))
    return sum(terms) / len(terms)


@pytest.mark.parametrize("temperature", [0.07, 1.0])
def test_equals_the_definition_and_the_order_of_rows_never_matters(temperature):
    draw = torch.Generator().manual_seed(0)
    views = torch.nn.functional.normalize(torch.randn(9, 4, generator=draw), dim=1)
    owners = torch.tensor([3, 0, 1, 0, 1, 0, 2, 1, 3])  # 2 has one view, others two or three
    loss = contrastive(views, owners, temperature)
    # a softmax in float32, of scores up to 14
    assert loss.item() == pytest.approx(brute_force(views.double(), owners, temperature), rel=1e-5)
    turned = torch.randperm(9, generator=draw)
    torch.testing.assert_close(contrastive(views[turned], owners[turned], temperature), loss)


def test_at_chance_it_is_the_logarithm_of_how_many_others_there_are():
    views = torch.ones(8, 3) / 3**0.5
    loss = contrastive(views, torch.arange(4).repeat(2), temperature=0.07)
    assert loss.item() == pytest.approx(math.log(7), rel=1e-6)


@pytest.mark.parametrize("owners", [[], [0], [0, 1, 2]])
def test_without_a_pair_it_is_zero_with_a_gradient_of_zeros(owners):
    views = torch.ones(len(owners), 2, requires_grad=True)
    loss = contrastive(views, torch.tensor(owners, dtype=torch.long), temperature=0.1)
    loss.backward()
    assert loss.item() == 0.0
    assert not views.grad.any()


def test_far_scores_neither_overflow_nor_lose_the_gradient():
    views = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    loss = contrastive(views, torch.tensor([0, 0, 1]), temperature=1e-3)
    loss.backward()
    # its friend is 1000 further than the stranger; e^1000 is no float32
    assert loss.item() == pytest.approx(1000.0, rel=1e-6)
    assert torch.isfinite(views.grad).all()
    assert views.grad.any()


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"temperature is 0\.0, expected above 0"):
        contrastive(torch.ones(2, 2), torch.tensor([0, 0]), temperature=0.0)
